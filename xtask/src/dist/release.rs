//! Version and time of a release.

use std::process::Command;

use anyhow::{Context, Result};

use crate::paths::Paths;
use crate::process;

/// What the packages are called and when they claim to be made.
pub struct Release {
    pub version: String,
    /// Seconds since 1970.
    pub time: u64,
}

impl Release {
    pub fn of(paths: &Paths) -> Result<Self> {
        let time = match std::env::var("SOURCE_DATE_EPOCH") {
            Ok(set) => set,
            Err(_) => process::capture(Command::new("git").current_dir(paths.root()).args([
                "log",
                "-1",
                "--format=%ct",
            ]))
            .context("set SOURCE_DATE_EPOCH where there is no git")?,
        };
        Ok(Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            time: time
                .trim()
                .parse()
                .context("SOURCE_DATE_EPOCH is not a number of seconds")?,
        })
    }
}
