//! Listens to one instance, on a thread of its own: gaps and age.

use super::driver::{BLOCK, RATE_HZ};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use voxmeld_tests::signal::{correlation, envelope};

/// Exact zeros for longer than this are a gap: a voice that sounds never has
/// them, and the engine's silence is nothing else.
const GAP_SAMPLES: usize = 48;
/// Age is measured over so much sound, in steps of 1 ms, up to 2 s; levels are
/// taken over 10 ms, or they would follow the periods of the voice.
pub const WINDOW: usize = 20 * RATE_HZ as usize;
const STEP: usize = RATE_HZ as usize / 1_000;
const LEVEL_STEPS: usize = 10;
const MOST_STEPS: usize = 2_000;

type Piece = ([f32; BLOCK], [f32; BLOCK]);

/// What was heard.
#[derive(Default)]
pub struct Heard {
    /// Gaps: interruptions that a listener would hear.
    pub gaps: u64,
    /// Samples in them.
    pub gap_samples: u64,
    /// Age of the sound in each window, in ms, by the likeness of levels.
    pub ages_ms: Vec<f64>,
    /// Values that were no numbers.
    pub not_numbers: u64,
}

/// The way to the listening thread.
pub struct Listener {
    pieces: Sender<Piece>,
    thread: JoinHandle<Heard>,
}

impl Listener {
    /// Starts the thread.
    pub fn start(latency: usize) -> Self {
        let (pieces, receiver) = channel();
        Self {
            pieces,
            thread: std::thread::spawn(move || listen(&receiver, latency)),
        }
    }

    /// Hands a block over.
    pub fn hear(&self, input: [f32; BLOCK], output: [f32; BLOCK]) {
        let _ = self.pieces.send((input, output));
    }

    /// All that was heard.
    pub fn finish(self) -> Heard {
        drop(self.pieces);
        self.thread.join().unwrap_or_default()
    }
}

fn listen(pieces: &Receiver<Piece>, latency: usize) -> Heard {
    let mut heard = Heard::default();
    let (mut input, mut output) = (Vec::new(), Vec::new());
    let mut zeros = 0;
    // The first seconds may hold the end of a silence from before.
    let mut seen = 0;
    for (from, to) in pieces {
        for &sample in &to {
            seen += 1;
            heard.not_numbers += u64::from(!sample.is_finite());
            if sample == 0.0 {
                zeros += 1;
            } else {
                if zeros > GAP_SAMPLES && seen > 2 * latency {
                    heard.gaps += 1;
                    heard.gap_samples += zeros as u64;
                }
                zeros = 0;
            }
        }
        input.extend(from);
        output.extend(to);
        if output.len() >= WINDOW {
            heard.ages_ms.push(age_ms(&input, &output));
            input.clear();
            output.clear();
        }
    }
    heard
}

/// The delay at which the levels of both are most alike. Another voice does not
/// rise and fall exactly as the speaker does, so this is off by some ms to either
/// side; by how many, a render tells, in which nothing can be late. What is ever
/// late is so by whole hops.
fn age_ms(input: &[f32], output: &[f32]) -> f64 {
    let (input, output) = (levels(input), levels(output));
    let kept = input.len() - MOST_STEPS;
    let best = (0..MOST_STEPS)
        .map(|delay| (correlation(&input[..kept], &output[delay..delay + kept]), delay))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or(0.0, |(_, delay)| (delay * STEP) as f64 * 1e3 / f64::from(RATE_HZ))
}

/// Level around every step.
fn levels(signal: &[f32]) -> Vec<f32> {
    let steps = envelope(signal, STEP);
    let mean = |around: &[f32]| around.iter().sum::<f32>() / LEVEL_STEPS as f32;
    steps.windows(LEVEL_STEPS).map(mean).collect()
}
