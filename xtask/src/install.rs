//! `cargo xtask install`: installs the bundle into the plugin folders of hosts, and the programs into `~/.local/bin`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::bundle::{CLAP, DATA, VST3};
use crate::paths::Paths;
use crate::{files, process, ui};

pub fn run(paths: &Paths) -> Result<()> {
    let home = PathBuf::from(
        std::env::var_os("HOME").context("HOME is not set, so the plugin folders are not known: set it")?,
    );
    install(&paths.bundle(), &home)?;
    process::run(process::cargo(paths.root()).args([
        "build",
        "--release",
        "-p",
        "voxmeld-live",
        "-p",
        "voxmeld-cli",
    ]))?;
    install_programs(&paths.release(), &home)?;
    let bin = home.join(PROGRAMS_FOLDER);
    let searched = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&searched).any(|folder| folder == bin) {
        ui::detail(format!(
            "{} is not in PATH: log in again, or run `export PATH=\"$HOME/{PROGRAMS_FOLDER}:$PATH\"`",
            bin.display()
        ));
    }
    Ok(())
}

/// They find the data that is installed with the CLAP plugin.
const PROGRAMS: [&str; 2] = ["voxmeld", "voxmeld-cli"];
const PROGRAMS_FOLDER: &str = ".local/bin";

fn install_programs(built: &Path, home: &Path) -> Result<()> {
    for name in PROGRAMS {
        place(&built.join(name), &home.join(PROGRAMS_FOLDER), OsStr::new(name))?;
    }
    Ok(())
}

/// Copied next to the target and then moved, so that whoever looks meanwhile finds a complete file or folder.
fn place(from: &Path, folder: &Path, name: &OsStr) -> Result<()> {
    let to = folder.join(name);
    let beside = folder.join(format!(".{}.new", name.to_string_lossy()));
    files::remove(&beside)?;
    if from.is_dir() {
        files::copy_tree(from, &beside)?;
    } else {
        files::copy(from, &beside)?;
    }
    let verb = if to.exists() { "replaced" } else { "installed" };
    files::replace(&beside, &to)?;
    ui::detail(format!("{verb} {}", to.display()));
    Ok(())
}

fn install(bundle: &Path, home: &Path) -> Result<()> {
    for (folder, name) in [(".clap", CLAP), (".clap", DATA), (".vst3", VST3)] {
        let from = bundle.join(name);
        if !from.exists() {
            bail!(
                "{} does not exist: run `cargo xtask bundle` first",
                from.display()
            );
        }
        place(&from, &home.join(folder), OsStr::new(name))?;
    }
    ui::detail("rescan plugins in your host to find Voxmeld");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_second_install_replaces_all_files_of_the_first() -> Result<()> {
        let base = std::env::temp_dir().join(format!("voxmeld-install-{}", std::process::id()));
        let (bundle, home) = (base.join("bundle"), base.join("home dir"));
        let library = bundle.join(VST3).join("Contents").join("a.so");
        for (file, text) in [
            (bundle.join(CLAP), "one"),
            (bundle.join(DATA).join("x"), "d"),
            (library, "v"),
        ] {
            files::create_dir(file.parent().context("a file has a folder")?)?;
            fs::write(file, text)?;
        }
        install(&bundle, &home)?;
        fs::write(bundle.join(CLAP), "two")?;
        fs::remove_file(bundle.join(DATA).join("x"))?;
        fs::write(bundle.join(DATA).join("y"), "d")?;
        install(&bundle, &home)?;
        assert_eq!(fs::read_to_string(home.join(".clap").join(CLAP))?, "two");
        assert!(
            !home.join(".clap").join(DATA).join("x").exists(),
            "a file of the old version was left behind"
        );
        assert!(home.join(".clap").join(DATA).join("y").exists());
        assert!(
            home.join(".vst3")
                .join(VST3)
                .join("Contents")
                .join("a.so")
                .exists()
        );
        files::remove(&base)
    }
}
