//! Measures gaps and delay in the output of one instance, on a separate thread.

use super::driver::{BLOCK, RATE_HZ};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use voxmeld_tests::signal::{correlation, envelope};

/// Longer runs of exact zeros are a gap: the engine's silence is exact zeros, and a voice never has so many.
const GAP_SAMPLES: usize = 48;
/// The delay is measured in windows of this length, in steps of 1 ms, up to 2 s. Levels are means over 10 ms, because
/// shorter ones would follow the periods of the voice.
pub const WINDOW: usize = 20 * RATE_HZ as usize;
const STEP: usize = RATE_HZ as usize / 1_000;
const LEVEL_STEPS: usize = 10;
const MAX_DELAY_STEPS: usize = 2_000;

/// Input and output of a block.
type Block = ([f32; BLOCK], [f32; BLOCK]);

/// The measurements.
#[derive(Default)]
pub struct OutputStats {
    /// Number of gaps.
    pub gaps: u64,
    /// Samples in the gaps.
    pub gap_samples: u64,
    /// Delay from input to output in each window, in ms, by correlation of levels.
    pub delays_ms: Vec<f64>,
    /// Samples that are not finite.
    pub non_finite: u64,
}

/// Sends blocks to the measuring thread.
pub struct OutputAnalysis {
    blocks: Sender<Block>,
    thread: JoinHandle<OutputStats>,
}

impl OutputAnalysis {
    /// Starts the thread.
    pub fn start(latency: usize) -> Self {
        let (blocks, receiver) = channel();
        Self {
            blocks,
            thread: std::thread::spawn(move || measure(&receiver, latency)),
        }
    }

    /// Adds a block.
    pub fn push_block(&self, input: [f32; BLOCK], output: [f32; BLOCK]) {
        let _ = self.blocks.send((input, output));
    }

    /// Ends the thread; returns the measurements of all blocks.
    pub fn finish(self) -> OutputStats {
        drop(self.blocks);
        self.thread.join().unwrap_or_default()
    }
}

fn measure(blocks: &Receiver<Block>, latency: usize) -> OutputStats {
    let mut stats = OutputStats::default();
    let (mut input, mut output) = (Vec::new(), Vec::new());
    let mut zeros = 0;
    // The output may begin with the silence of the latency, which is not a gap.
    let mut position = 0;
    for (from, to) in blocks {
        for &sample in &to {
            position += 1;
            stats.non_finite += u64::from(!sample.is_finite());
            if sample == 0.0 {
                zeros += 1;
            } else {
                if zeros > GAP_SAMPLES && position > 2 * latency {
                    stats.gaps += 1;
                    stats.gap_samples += zeros as u64;
                }
                zeros = 0;
            }
        }
        input.extend(from);
        output.extend(to);
        if output.len() >= WINDOW {
            stats.delays_ms.push(delay_ms(&input, &output));
            input.clear();
            output.clear();
        }
    }
    stats
}

/// The delay at which the levels of input and output correlate best. The levels of a converted voice differ from the
/// speaker's, so the result is off by some ms; offline renders, which are never late, show by how many. Late audio
/// would be late by whole hops.
fn delay_ms(input: &[f32], output: &[f32]) -> f64 {
    let (input, output) = (levels(input), levels(output));
    let kept = input.len() - MAX_DELAY_STEPS;
    let best = (0..MAX_DELAY_STEPS)
        .map(|delay| (correlation(&input[..kept], &output[delay..delay + kept]), delay))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or(0.0, |(_, delay)| (delay * STEP) as f64 * 1e3 / f64::from(RATE_HZ))
}

/// Mean level of 10 ms at every step.
fn levels(signal: &[f32]) -> Vec<f32> {
    let steps = envelope(signal, STEP);
    let mean = |around: &[f32]| around.iter().sum::<f32>() / LEVEL_STEPS as f32;
    steps.windows(LEVEL_STEPS).map(mean).collect()
}
