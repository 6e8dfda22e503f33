//! Log output: the newest lines are kept in memory, for the editor to copy, and all lines are appended to the file
//! named by `VOXMELD_LOG`.
//!
//! | variable | meaning |
//! | --- | --- |
//! | `VOXMELD_LOG` | path of a file; lines are appended |
//! | `VOXMELD_LOG_LEVEL` | `error`, `warn`, `info` (default), `debug` or `trace`, for file and memory |
//!
//! Errors also go to the standard error output.
//!
//! Threads: any except the audio thread, because formatting allocates and writing locks. The audio thread only counts
//! (`voxmeld_core::status`); other threads log the counts.
//!
//! nice-plug calls this once, when a host loads the library. Every plugin library has its own `tracing`, so other
//! plugins' logs are not affected. A subscriber that was set before (by a Rust program with Voxmeld linked in) is
//! kept.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use tracing::Level;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Lines that are kept in memory.
const KEPT_LINES: usize = 200;
/// Longer lines (a panic with its backtrace) are truncated in memory.
const MAX_LINE_BYTES: usize = 4_096;

static RECENT: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// Installs this subscriber; false if there already is one.
pub fn install() -> bool {
    let file = std::env::var_os("VOXMELD_LOG").filter(|path| !path.is_empty());
    let level = std::env::var("VOXMELD_LOG_LEVEL").ok();
    install_with(file.as_deref().map(Path::new), level.as_deref())
}

fn install_with(path: Option<&Path>, level: Option<&str>) -> bool {
    let chosen = level.map(|level| level.parse().ok());
    let opened = path.map(|path| File::options().create(true).append(true).open(path));
    let (file, open_error) = match opened {
        Some(Ok(file)) => (Some(file), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(chosen.flatten().unwrap_or(LevelFilter::INFO))
        .with_ansi(false)
        .with_thread_names(true)
        .with_writer(Sink { file })
        .finish();
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        return false;
    }
    tracing::info!(
        "Voxmeld {} on {} {}, process {}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        std::process::id()
    );
    if let (Some(path), Some(error)) = (path, open_error) {
        tracing::error!("VOXMELD_LOG: {} cannot be written: {error}", path.display());
    }
    if let (Some(level), Some(None)) = (level, chosen) {
        tracing::error!("VOXMELD_LOG_LEVEL: \"{level}\" is not error, warn, info, debug or trace");
    }
    true
}

/// The newest lines in order of time. GUI thread.
#[must_use]
pub fn recent() -> String {
    RECENT.lock().iter().map(String::as_str).collect()
}

fn keep(line: &str) {
    let mut line = line.to_owned();
    if line.len() > MAX_LINE_BYTES {
        let end = (0..=MAX_LINE_BYTES).rev().find(|&at| line.is_char_boundary(at));
        line.truncate(end.unwrap_or(0));
        line.push('\n');
    }
    let mut recent = RECENT.lock();
    if recent.len() == KEPT_LINES {
        recent.pop_front();
    }
    recent.push_back(line);
}

/// Where formatted events go.
struct Sink {
    file: Option<File>,
}

/// Writer of one event.
struct Line<'a> {
    file: Option<&'a File>,
    is_error: bool,
}

impl<'a> MakeWriter<'a> for Sink {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            file: self.file.as_ref(),
            is_error: false,
        }
    }

    fn make_writer_for(&'a self, meta: &tracing::Metadata<'_>) -> Line<'a> {
        Line {
            file: self.file.as_ref(),
            is_error: *meta.level() == Level::ERROR,
        }
    }
}

impl Write for Line<'_> {
    /// Called once per event, with the whole line.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        keep(&String::from_utf8_lossy(bytes));
        if self.is_error {
            let _ = io::stderr().write_all(bytes);
        }
        // The file is opened for appending, so lines of several processes do not mix.
        self.file.map_or(Ok(()), |mut file| file.write_all(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};
    use voxmeld_core::engine::{Engine, StreamSetup};
    use voxmeld_core::geometry::Hop;
    use voxmeld_core::selection::{FileRef, VoiceSelection};
    use voxmeld_core::status::VoiceState;

    /// The lines in memory belong to the whole process, so these tests run one at a time.
    static ALONE: Mutex<()> = Mutex::new(());

    /// The only test that installs, because a process has one subscriber. Lines of other tests may be in between.
    #[test]
    fn a_failed_load_writes_a_line_to_the_file_and_to_memory() {
        let _alone = ALONE.lock();
        let path = std::env::temp_dir().join(format!("voxmeld-log-{}.txt", std::process::id()));
        assert!(install_with(Some(&path), Some("debug")), "the first subscriber");
        assert!(!install_with(None, None), "a second one is rejected");

        let mut engine = Engine::new();
        engine.handle().load(VoiceSelection {
            encoder: Some(FileRef::at("/nowhere/encoder.onnx")),
            synthesizer: Some(FileRef::at("/nowhere/voice.onnx")),
            ..VoiceSelection::nothing()
        });
        let setup = StreamSetup {
            safety_ms: 0,
            suppress_noise: false,
            host_rate_hz: 48_000.0,
            max_block: 480,
            channels: 2,
            hop: Hop::default(),
            offline: false,
        };
        let audio = engine.activate(setup).expect("threads start");
        let began = Instant::now();
        while !matches!(engine.handle().status().voice, VoiceState::Failed { .. }) {
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "the load does not fail"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
        drop(audio);
        drop(engine);

        let written = std::fs::read_to_string(&path).expect("the file is there");
        std::fs::remove_file(&path).expect("removed");
        for (place, lines) in [("file", written), ("memory", recent())] {
            let line = |words: &[&str]| {
                lines
                    .lines()
                    .any(|line| words.iter().all(|word| line.contains(word)))
            };
            assert!(
                line(&["WARN", "the voice was not loaded", "voice.onnx"]),
                "{place}: {lines}"
            );
            assert!(line(&["INFO", "activated: 48000 Hz"]), "{place}: {lines}");
            assert!(line(&["INFO", "deactivated: 0 xruns"]), "{place}: {lines}");
        }
    }

    #[test]
    fn memory_keeps_the_newest_200_lines_and_truncates_long_ones() {
        let _alone = ALONE.lock();
        for n in 0..300 {
            keep(&format!("line {n}\n"));
        }
        keep(&"ü".repeat(MAX_LINE_BYTES));
        let recent = RECENT.lock();
        assert!(recent.len() <= KEPT_LINES);
        assert!(recent.iter().all(|line| line.len() <= MAX_LINE_BYTES + 1));
    }
}
