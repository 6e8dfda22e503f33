//! What the audio thread and the others tell each other.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};

/// Switches and counters; all atomics.
#[derive(Debug, Default)]
pub struct PassShared {
    muted: AtomicBool,
    silent: AtomicBool,
    blocks: AtomicU64,
    largest_block: AtomicU32,
    device_xruns: AtomicU64,
    input_gaps: AtomicU64,
    monitor_gaps: AtomicU64,
    input_drift_ppm: AtomicU32,
    captured_us: AtomicU32,
    clipped: AtomicU64,
    silent_input_samples: AtomicU64,
    output_delay_us: AtomicU32,
}

impl PassShared {
    /// Nothing passes from the next block on, not even what is under way.
    pub fn set_muted(&self, muted: bool) {
        self.muted.store(muted, Relaxed);
    }

    /// The switch.
    #[must_use]
    pub fn muted(&self) -> bool {
        self.muted.load(Relaxed)
    }

    /// True once the mute has faded out and the pipeline is empty.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.silent.load(Relaxed)
    }

    pub(super) fn set_silent(&self, silent: bool) {
        self.silent.store(silent, Relaxed);
    }

    /// Blocks since the start; stands still if the device does.
    #[must_use]
    pub fn blocks(&self) -> u64 {
        self.blocks.load(Relaxed)
    }

    pub(super) fn count_block(&self, frames: usize) {
        self.blocks.fetch_add(1, Relaxed);
        self.largest_block
            .fetch_max(u32::try_from(frames).unwrap_or(u32::MAX), Relaxed);
    }

    /// The largest block since the last call; the latency has to allow for it.
    #[must_use]
    pub fn take_largest_block(&self) -> usize {
        self.largest_block.swap(0, Relaxed) as usize
    }

    /// The device reported that a buffer came late.
    pub fn count_device_xrun(&self) {
        self.device_xruns.fetch_add(1, Relaxed);
    }

    /// How often.
    #[must_use]
    pub fn device_xruns(&self) -> u64 {
        self.device_xruns.load(Relaxed)
    }

    /// Gaps between the clocks of input and output, the difference of the clocks, and the time from capture to the
    /// engine.
    pub fn set_input(&self, gaps: u64, drift_ppm: f64, captured_s: f64) {
        self.input_gaps.store(gaps, Relaxed);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates; below a second"
        )]
        self.captured_us.store((captured_s * 1e6) as u32, Relaxed);
        #[expect(clippy::cast_possible_truncation, reason = "for display")]
        self.input_drift_ppm.store((drift_ppm as f32).to_bits(), Relaxed);
    }

    /// Gaps between the clocks of output and monitor.
    pub fn set_monitor(&self, gaps: u64) {
        self.monitor_gaps.store(gaps, Relaxed);
    }

    /// Gaps of input and monitor since the stream was opened.
    #[must_use]
    pub fn clock_gaps(&self) -> u64 {
        self.input_gaps.load(Relaxed) + self.monitor_gaps.load(Relaxed)
    }

    /// Microseconds from capture to the engine; 0 where both have one clock.
    #[must_use]
    pub fn captured_us(&self) -> u32 {
        self.captured_us.load(Relaxed)
    }

    /// A stream is about to be opened: what belongs to the last one is forgotten.
    pub fn begin_stream(&self) {
        self.input_gaps.store(0, Relaxed);
        self.monitor_gaps.store(0, Relaxed);
        self.captured_us.store(0, Relaxed);
        self.output_delay_us.store(0, Relaxed);
        self.largest_block.store(0, Relaxed);
        self.silent_input_samples.store(0, Relaxed);
    }

    /// By how much the input's clock is faster than the output's.
    #[must_use]
    pub fn input_drift_ppm(&self) -> f32 {
        f32::from_bits(self.input_drift_ppm.load(Relaxed))
    }

    /// Notes one block of input: samples at full scale, and how long it has been exactly silent.
    pub(super) fn note_input(&self, samples: &[f32]) {
        let clipped = samples.iter().filter(|sample| sample.abs() >= 0.999).count();
        if clipped > 0 {
            self.clipped.fetch_add(clipped as u64, Relaxed);
        }
        if samples.iter().all(|sample| *sample == 0.0) {
            self.silent_input_samples.fetch_add(samples.len() as u64, Relaxed);
        } else {
            self.silent_input_samples.store(0, Relaxed);
        }
    }

    /// Samples of input at full scale since the start.
    #[must_use]
    pub fn clipped(&self) -> u64 {
        self.clipped.load(Relaxed)
    }

    /// For how many samples the input has been exactly zero, up to now.
    #[must_use]
    pub fn silent_input_samples(&self) -> u64 {
        self.silent_input_samples.load(Relaxed)
    }

    /// The output device says when the block will be heard: microseconds after the callback.
    pub fn set_output_delay_us(&self, delay_us: u32) {
        // The first value stays: the delay of an open device is constant, and its measurement jitters.
        let _ = self
            .output_delay_us
            .compare_exchange(0, delay_us, Relaxed, Relaxed);
    }

    /// That delay, or 0 before the first block and where the device does not say.
    #[must_use]
    pub fn output_delay_us(&self) -> u32 {
        self.output_delay_us.load(Relaxed)
    }
}
