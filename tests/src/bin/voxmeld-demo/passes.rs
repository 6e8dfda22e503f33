//! The three passes: exact latency, the plugin live, the engine offline.

use crate::driver::{BLOCK, RATE_HZ};
use anyhow::Result;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};
use voxmeld_core::controls::Controls;
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::geometry::Hop;
use voxmeld_core::model::fake::pass_through_voice;
use voxmeld_core::rt::BlockControls;
use voxmeld_core::selection::VoiceSelection;
use voxmeld_core::status::VoiceState;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::hops::{HopLog, HopRecord};
use voxmeld_tests::host::{Automation, Host, Pace, Sizes};
use voxmeld_tests::machine::cpu_seconds;
use voxmeld_tests::rig::Rig;
use voxmeld_tests::signal::{chirp, delay_of};

/// The set-up of all passes.
fn setup(channels: usize) -> StreamSetup {
    StreamSetup {
        safety_ms: 0,
        suppress_noise: false,
        host_rate_hz: f64::from(RATE_HZ),
        max_block: BLOCK,
        channels,
        hop: Hop::default(),
        offline: true,
    }
}

/// The ratio at a position of the clip: rises to 1 in the middle, and falls back to 0.
fn ratio_at(position: usize, len: usize) -> f64 {
    let part = position as f64 / len.max(1) as f64;
    (2.0 * part).min(2.0 - 2.0 * part).clamp(0.0, 1.0)
}

/// A ratio event every 10 ms, at a sample inside a block, so that events rounded to blocks would
/// change the output.
fn ratio_steps(len: usize) -> Vec<(usize, f64)> {
    std::iter::once(0)
        .chain((160..len).step_by(BLOCK))
        .map(|position| (position, ratio_at(position, len)))
        .collect()
}

/// The latency of the engine with the pass-through voice, in samples.
pub struct ExactLatency {
    /// As reported by the engine.
    pub reported: usize,
    /// As measured with a sweep.
    pub measured: f64,
}

/// Measures the latency of the wet path: look-ahead, joins, resamplers and rings.
pub fn exact_latency() -> Result<ExactLatency> {
    let mut rig = Rig::with_voice(setup(1), pass_through_voice())?;
    let sweep = chirp(RATE_HZ, 0.5, 200.0, 6_000.0);
    let mut input = sweep.clone();
    input.resize(sweep.len() + rig.latency() + RATE_HZ as usize / 10, 0.0);
    let output = rig.play_mono(&input, BLOCK);
    Ok(ExactLatency {
        reported: rig.latency(),
        measured: delay_of(&sweep, &output),
    })
}

/// Results of the real-time pass through the plugin.
pub struct Live {
    /// Both channels, including the latency.
    pub output: Vec<Vec<f32>>,
    /// Reported latency in samples.
    pub latency: usize,
    /// Time until the plugin's voice was loaded.
    pub load_time: Duration,
    /// Wall time of the real-time pass.
    pub wall_time: Duration,
}

/// Plays the speech through the plugin in real time.
pub fn through_plugin(bundle: &Path, speech: &Sound) -> Result<Live> {
    let host = Host::load(&bundle.join("voxmeld.clap"))?;
    let mut plugin = host.instance()?;
    let rate_hz = f64::from(RATE_HZ);
    // An offline render waits for the voice, so its duration is the loading time.
    let loading = Instant::now();
    plugin.set_offline(true)?;
    plugin.activate(rate_hz, BLOCK as u32)?;
    let silence = vec![vec![0.0; RATE_HZ as usize / 4]; 2];
    plugin.play(&silence, &Sizes::all(BLOCK), &[], Pace::Free, rate_hz)?;
    let load_time = loading.elapsed();
    plugin.set_offline(false)?;
    plugin.restart()?;

    let latency = plugin.latency()?;
    let input = padded(speech, latency);
    let automation: Vec<Automation> = ratio_steps(speech.samples.len())
        .into_iter()
        .map(|(position, part)| Automation {
            position,
            name: "Blend ratio",
            part,
        })
        .collect();
    let started = Instant::now();
    let progress = Progress::start(input.len() as f64 / rate_hz);
    let output = plugin.play(
        &[input.clone(), input],
        &Sizes::all(BLOCK),
        &automation,
        Pace::RealTime,
        rate_hz,
    )?;
    progress.end();
    Ok(Live {
        output,
        latency,
        load_time,
        wall_time: started.elapsed(),
    })
}

/// The speech, and silence as long as the latency.
fn padded(speech: &Sound, latency: usize) -> Vec<f32> {
    let mut input = speech.samples.clone();
    input.resize((input.len() + latency + BLOCK).next_multiple_of(BLOCK), 0.0);
    input
}

/// Results of the offline pass through the engine.
pub struct Offline {
    /// The output, including the latency.
    pub output: Vec<f32>,
    /// The records of all hops.
    pub records: Vec<HopRecord>,
    /// Name of the voice.
    pub voice: String,
    /// The engine's hop.
    pub hop_ms: u32,
    /// Processor time of the pass over audio time.
    pub cpu_rtf: f64,
}

/// Plays the same audio through the engine in this program, and records its hops.
pub fn through_engine(speech: &Sound) -> Result<Offline> {
    let log = HopLog::default();
    let mut rig = Rig::with_selection(setup(1), VoiceSelection::default(), Some(log.observer()))?;
    let status = rig.handle().status();
    let voice = match status.voice {
        VoiceState::Ready { name } => name,
        _ => String::new(),
    };
    let input = padded(speech, rig.latency());
    let automation: Vec<(usize, BlockControls)> = ratio_steps(speech.samples.len())
        .into_iter()
        .map(|(position, part)| {
            // Converted to percent and back, as by the plugin's parameter, so that the
            // rounding is equal and the samples can be.
            let blend_ratio = (part as f32 * 100.0) / 100.0;
            let voice = Controls {
                blend_ratio,
                ..Controls::default()
            };
            let controls = BlockControls {
                voice,
                ..BlockControls::default()
            };
            (position, controls)
        })
        .collect();
    let audio_s = input.len() as f64 / f64::from(RATE_HZ);
    let before = cpu_seconds();
    let mut output = rig.play(&[input], &Sizes::all(BLOCK), &automation, Pace::Free);
    Ok(Offline {
        cpu_rtf: (cpu_seconds() - before) / audio_s,
        output: output.swap_remove(0),
        records: log.records(),
        voice,
        hop_ms: status.hop_ms,
    })
}

/// Comparison of the real-time pass with the offline pass.
pub struct Comparison {
    /// Gaps in the output.
    pub xruns: usize,
    /// Samples in the gaps.
    pub missing_samples: usize,
    /// True if all samples are equal bit for bit.
    pub identical: bool,
}

/// Where the worker is late the plugin outputs exact zeros, which a voice does not. The offline pass
/// shows where the voice should sound.
pub fn compare(live: &[f32], offline: &[f32]) -> Comparison {
    /// Fewer zeros in a row may be part of the voice.
    const MIN_GAP: usize = 16;
    let (mut xruns, mut missing_samples, mut run) = (0, 0, 0);
    for (&output, &expected) in live.iter().zip(offline) {
        if output == 0.0 && expected != 0.0 {
            run += 1;
            if run == MIN_GAP {
                xruns += 1;
                missing_samples += MIN_GAP;
            } else if run > MIN_GAP {
                missing_samples += 1;
            }
        } else if output != 0.0 {
            run = 0;
        }
    }
    let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits();
    Comparison {
        xruns,
        missing_samples,
        identical: live.len() == offline.len() && live.iter().zip(offline).all(same),
    }
}

/// Prints a dot every second while a real-time pass plays.
struct Progress {
    end: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Progress {
    fn start(seconds: f64) -> Self {
        let (end, ended) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut out = std::io::stdout();
            let _ = write!(out, "  {seconds:.0} s ");
            let _ = out.flush();
            while ended.recv_timeout(Duration::from_secs(1)).is_err() {
                let _ = write!(out, ".");
                let _ = out.flush();
            }
            let _ = writeln!(out);
        });
        Self { end, thread }
    }

    fn end(self) {
        let _ = self.end.send(());
        let _ = self.thread.join();
    }
}
