//! SHA-256 of offline renders of the sample clip through the built plugin: shows whether a change of the code leaves the
//! output equal bit for bit on one machine.
//!
//!     cargo run --release -p voxmeld-tests --example render_hash
//!
//! One line per format (CLAP, VST3) and blend ratio (0, 0.5, 1): default pack, 48 kHz, blocks of 480 samples.
//! `VOXMELD_BUNDLE` names another bundle.

use anyhow::Result;
use sha2::{Digest, Sha256};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::host::{Automation, Host, Pace, Sizes};
use voxmeld_tests::vst3::Vst3Instance;
use voxmeld_tests::{env, say};

const RATE_HZ: u32 = 48_000;
const BLOCK_SAMPLES: usize = 480;
const STEREO: u64 = 0b11;

fn main() -> Result<()> {
    let input = Sound::read(&env::sample_speech()?)?.at_rate(RATE_HZ)?.samples;
    let host = Host::load_bundle()?;
    for ratio in [0.0, 0.5, 1.0] {
        let clap = render_clap(&host, &input, ratio)?;
        say(format!("CLAP ratio {ratio}: {}", hash(&clap)));
        let vst3 = render_vst3(&input, ratio)?;
        say(format!("VST3 ratio {ratio}: {}", hash(&vst3)));
    }
    Ok(())
}

fn render_clap(host: &Host, input: &[f32], ratio: f64) -> Result<Vec<f32>> {
    let mut instance = host.instance()?;
    instance.set_offline(true)?;
    instance.activate(f64::from(RATE_HZ), 480)?;
    let automation = [Automation {
        position: 0,
        name: "Blend ratio",
        part: ratio,
    }];
    let channels = vec![input.to_vec(); 2];
    let sizes = Sizes::all(BLOCK_SAMPLES);
    let mut output = instance.play(&channels, &sizes, &automation, Pace::Free, f64::from(RATE_HZ))?;
    Ok(output.swap_remove(0))
}

fn render_vst3(input: &[f32], ratio: f64) -> Result<Vec<f32>> {
    let mut plugin = Vst3Instance::load(BLOCK_SAMPLES, STEREO, STEREO)?;
    let mut output = Vec::with_capacity(input.len());
    for (n, block) in input.chunks(BLOCK_SAMPLES).enumerate() {
        let mut track = vec![block.to_vec(); 2];
        let mut side = vec![vec![0.0; block.len()]; 2];
        let points = [("Blend ratio", vec![(0, ratio)])];
        let points = if n == 0 { &points[..] } else { &[] };
        plugin.process(&mut track, &mut side, points)?;
        output.extend_from_slice(&track[0]);
    }
    Ok(output)
}

fn hash(samples: &[f32]) -> String {
    let mut hasher = Sha256::new();
    for sample in samples {
        hasher.update(sample.to_le_bytes());
    }
    hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
