//! The engine's log on a command line: errors on the terminal, or all into the file that `VOXMELD_LOG` names
//! (`VOXMELD_LOG_LEVEL`: `error`, `warn`, `info`, `debug` or `trace`).

use anyhow::{Context, Result, anyhow};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Mutex;
use tracing_subscriber::filter::LevelFilter;

pub fn install() -> Result<()> {
    let level = std::env::var("VOXMELD_LOG_LEVEL").ok();
    let level = |default: LevelFilter| match &level {
        Some(level) => level
            .parse()
            .with_context(|| format!("VOXMELD_LOG_LEVEL: {level}")),
        None => Ok(default),
    };
    let lines = tracing_subscriber::fmt().with_ansi(false).with_thread_names(true);
    let installed = match std::env::var_os("VOXMELD_LOG").filter(|path| !path.is_empty()) {
        Some(path) => {
            let path = PathBuf::from(path);
            let file = File::options().create(true).append(true).open(&path);
            let file = file.with_context(|| format!("VOXMELD_LOG: {} cannot be written", path.display()))?;
            lines
                .with_max_level(level(LevelFilter::INFO)?)
                .with_writer(Mutex::new(file))
                .try_init()
        }
        None => lines
            .with_max_level(level(LevelFilter::ERROR)?)
            .without_time()
            .with_writer(std::io::stderr)
            .try_init(),
    };
    installed.map_err(|error| anyhow!("the log cannot be set up: {error}"))
}
