#!/bin/sh
# Installs Voxmeld for this user: ./install.sh [FOLDER]   (default: ~/.local)
# Removes it again:               ./install.sh --remove [FOLDER]
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
remove=
if [ "${1:-}" = --remove ]; then
    remove=1
    shift
fi
prefix=${1:-"$HOME/.local"}
mkdir -p "$prefix"
prefix=$(CDPATH='' cd -- "$prefix" && pwd)

# A host may have the old files open: they are removed and never overwritten.
rm -rf "$prefix/lib/voxmeld" "$prefix/lib/vst3/voxmeld.vst3" "$prefix/share/doc/voxmeld"
rm -f "$prefix/lib/clap/voxmeld.clap" "$prefix/lib/clap/voxmeld.data" "$prefix/bin/voxmeld-cli" \
    "$prefix/bin/voxmeld" "$prefix/share/man/man1/voxmeld-cli.1" "$prefix/share/man/man1/voxmeld.1" \
    "$prefix/share/applications/voxmeld.desktop" "$prefix/share/icons/hicolor/scalable/apps/voxmeld.svg" \
    "$prefix/share/metainfo/voxmeld.metainfo.xml"
# `cargo xtask install` puts folders there.
rm -rf "$HOME/.clap/voxmeld.clap" "$HOME/.clap/voxmeld.data" "$HOME/.vst3/voxmeld.vst3"
if [ -n "$remove" ]; then
    echo "Voxmeld was removed from $prefix, ~/.clap and ~/.vst3. Your own voices were kept."
    exit
fi

cp -R -P "$here/lib" "$here/bin" "$here/share" "$prefix/"
# Where hosts look.
mkdir -p "$HOME/.clap" "$HOME/.vst3"
ln -s "$prefix/lib/clap/voxmeld.clap" "$HOME/.clap/voxmeld.clap"
ln -s "$prefix/lib/vst3/voxmeld.vst3" "$HOME/.vst3/voxmeld.vst3"
echo "Voxmeld is in $prefix. Rescan plugins in your host. Programs are in $prefix/bin: voxmeld, voxmeld-cli."
