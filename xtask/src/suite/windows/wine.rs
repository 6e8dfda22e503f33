//! A Windows to run programs in: Wine, with a folder of its own under `target/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::bundle::windows::toolchain;
use crate::paths::Paths;
use crate::setup::debian;
use crate::{files, process, ui};

const PACKAGES: [(&str, &str); 2] = [
    ("wine64", "runs the programs for Windows"),
    ("wine", "starts Wine"),
];

pub struct Wine {
    program: PathBuf,
    prefix: PathBuf,
}

impl Wine {
    pub fn ensure(paths: &Paths) -> Result<Self> {
        if process::find("wine").is_none() {
            debian::install_packages(&PACKAGES)?;
        }
        let wine = Self {
            program: process::find("wine").unwrap_or_else(|| "wine".into()),
            prefix: paths.windows_target().join("wine"),
        };
        let system = wine.prefix.join("drive_c/windows/system32");
        if !system.join("kernel32.dll").is_file() {
            ui::detail("making Wine's folders in target/windows/wine");
            files::create_dir(&wine.prefix)?;
            process::run_quietly(wine.command(Path::new("wineboot")).arg("--init"))?;
        }
        let random = system.join("bcryptprimitives.dll");
        if !random.is_file() {
            process::run_quietly(
                Command::new(toolchain::compiler("gcc"))
                    .args(["-shared", "-O2"])
                    .arg(paths.wine_sources().join("bcryptprimitives.c"))
                    .arg("-o")
                    .arg(&random)
                    .args(["-ladvapi32", "-Wl,--kill-at"]),
            )?;
        }
        Ok(wine)
    }

    /// `wine <program>`.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(&self.program);
        self.settings(&mut command).arg(program);
        command
    }

    /// Lets cargo run what it builds for Windows.
    pub fn as_runner<'a>(&self, cargo: &'a mut Command) -> &'a mut Command {
        self.settings(cargo)
            .env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", &self.program)
    }

    fn settings<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("WINEPREFIX", &self.prefix)
            .env("WINEDEBUG", "-all")
            // No .NET and no browser, which a first start would ask for.
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=")
            .env_remove("VOXMELD_DATA")
    }
}
