//! How far a long task is, and the request that it end.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::material::RecordingFile;
use crate::names::shown;

/// Shared between a task and whoever watches it.
#[derive(Debug)]
pub struct Progress {
    stop: AtomicBool,
    fraction_bits: AtomicU32,
    text: Mutex<String>,
    started: Instant,
    /// Part of the fraction that cost no time: recordings that were encoded before.
    skipped_bits: AtomicU32,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            stop: AtomicBool::new(false),
            fraction_bits: AtomicU32::new(0),
            text: Mutex::default(),
            started: Instant::now(),
            skipped_bits: AtomicU32::new(0),
        }
    }
}

impl Progress {
    /// Asks the task to end. What it has encoded so far is kept for the next time.
    pub fn stop(&self) {
        self.stop.store(true, Relaxed);
    }

    /// True if it shall end.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Relaxed)
    }

    /// 0..1.
    #[must_use]
    pub fn fraction(&self) -> f32 {
        f32::from_bits(self.fraction_bits.load(Relaxed))
    }

    /// Description of the current step, for the user.
    #[must_use]
    pub fn text(&self) -> String {
        self.text.lock().clone()
    }

    /// Time that is left, if it goes on like this.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let fraction = self.fraction();
        let worked = fraction - f32::from_bits(self.skipped_bits.load(Relaxed));
        let rest = self.started.elapsed().as_secs_f32() * (1.0 - fraction) / worked;
        (worked > 0.01).then(|| Duration::from_secs_f32(rest.clamp(0.0, 1e6)))
    }

    pub(super) fn set(&self, fraction: f32) {
        self.fraction_bits
            .store(fraction.clamp(0.0, 1.0).to_bits(), Relaxed);
    }

    /// Notes that a part of the fraction cost no time.
    fn skip(&self, fraction: f32) {
        let skipped = f32::from_bits(self.skipped_bits.load(Relaxed)) + fraction;
        self.skipped_bits.store(skipped.to_bits(), Relaxed);
    }

    pub(super) fn set_text(&self, text: impl Into<String>) {
        *self.text.lock() = text.into();
    }
}

/// Progress through the recordings of a folder, by their sizes.
pub(super) struct FolderProgress<'a> {
    progress: &'a Progress,
    /// Bytes before each recording, and in all.
    bytes_before: Vec<u64>,
}

impl<'a> FolderProgress<'a> {
    pub(super) fn new(files: &[RecordingFile], progress: &'a Progress) -> Self {
        let mut bytes_before = vec![0];
        let mut sum = 0;
        for file in files {
            sum += std::fs::metadata(&file.path).map_or(0, |meta| meta.len()).max(1);
            bytes_before.push(sum);
        }
        Self {
            progress,
            bytes_before,
        }
    }

    /// Begins a recording; breaks if the task shall end.
    pub(super) fn begin(&mut self, file: usize, name: &str) -> ControlFlow<()> {
        let count = self.bytes_before.len() - 1;
        self.progress
            .set_text(format!("{} of {count}: {}", file + 1, shown(name)));
        self.at(file, 0, 1)
    }

    /// Notes how much of a recording was sent to the encoders; breaks if the task shall end.
    pub(super) fn at(&mut self, file: usize, frame: usize, total: usize) -> ControlFlow<()> {
        #[expect(clippy::cast_precision_loss, reason = "for a progress bar")]
        let part = frame as f32 / total.max(1) as f32;
        self.progress
            .set(self.share(self.bytes_before[file]) + part * self.share_of(file));
        if self.progress.is_stopped() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// A recording need not be encoded.
    pub(super) fn skip(&mut self, file: usize) {
        self.progress.skip(self.share_of(file));
    }

    fn share_of(&self, file: usize) -> f32 {
        self.share(self.bytes_before[file + 1] - self.bytes_before[file])
    }

    #[expect(clippy::cast_precision_loss, reason = "for a progress bar")]
    fn share(&self, bytes: u64) -> f32 {
        let all = self.bytes_before.last().copied().unwrap_or(0).max(1);
        ENCODING_SHARE * bytes as f32 / all as f32
    }
}

/// Share of a build's progress bar for encoding; training, measuring and writing are the rest.
pub(super) const ENCODING_SHARE: f32 = 0.9;
