//! The programs of a release.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::paths::Paths;
use crate::{files, process};

/// Stripped files.
pub struct Binaries {
    /// The plugin, for both formats.
    pub plugin: PathBuf,
    /// The command line.
    pub cli: PathBuf,
    /// The live program.
    pub live: PathBuf,
}

const PLUGIN: &str = "libvoxmeld.so";
pub const CLI: &str = "voxmeld-cli";
pub const LIVE: &str = "voxmeld";

pub fn run(paths: &Paths, scratch: &Path, quick: bool) -> Result<Binaries> {
    let target = if quick {
        paths.target()
    } else {
        paths.target().join("dist-build")
    };
    // Separately, as `cargo xtask bundle` and `install` do: together they could switch on each other's features.
    for packages in [
        &["-p", "voxmeld", "--lib"][..],
        &["-p", "voxmeld-live", "-p", "voxmeld-cli"],
    ] {
        let mut cargo = process::cargo(paths.root());
        cargo.args(["build", "--release", "--locked"]).args(packages);
        if !quick {
            replace_paths(paths, &mut cargo, &target);
        }
        process::run(&mut cargo)?;
    }
    let stripped = |name: &str| {
        let built = target.join("release").join(name);
        if !built.is_file() {
            bail!("{} was not built", built.display());
        }
        let to = scratch.join(name);
        strip(&built, &to)?;
        Ok(to)
    };
    Ok(Binaries {
        plugin: stripped(PLUGIN)?,
        cli: stripped(CLI)?,
        live: stripped(LIVE)?,
    })
}

/// Paths of this machine are in messages of panics (Rust) and of exceptions (faiss).
fn replace_paths(paths: &Paths, cargo: &mut Command, target: &Path) {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    // Of several that match, compilers take the last.
    let mut replaced = Vec::from([
        (paths.root().to_path_buf(), "/voxmeld"),
        (target.to_path_buf(), "/build"),
    ]);
    replaced.extend(home.map(|home| (home, "/cargo")));
    let flags = |option: &str, between: &str| {
        let all = replaced
            .iter()
            .map(|(from, to)| format!("{option}{}={to}", from.display()));
        all.collect::<Vec<_>>().join(between)
    };
    let c_flags = flags("-ffile-prefix-map=", " ");
    cargo
        .env("CARGO_TARGET_DIR", target)
        // Between its parts this variable has a character that no path contains.
        .env("CARGO_ENCODED_RUSTFLAGS", flags("--remap-path-prefix=", "\x1f"))
        .env("CFLAGS", &c_flags)
        .env("CXXFLAGS", &c_flags);
}

/// Without symbols, and without the number that the linker makes of the debug information.
fn strip(built: &Path, to: &Path) -> Result<()> {
    files::remove(to)?;
    process::run_quietly(
        Command::new("objcopy")
            .args(["--strip-unneeded", "--remove-section=.note.gnu.build-id"])
            .arg("--remove-section=.comment")
            .arg(built)
            .arg(to),
    )
}
