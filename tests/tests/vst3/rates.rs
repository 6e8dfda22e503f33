//! The built VST3 plugin at rates whose 10 ms are not whole samples: it sounds, the reported latency is the measured one,
//! the output does not depend on block sizes, and every frame's ratio is published at the sample at which it is heard.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a second of audio"
)]

use anyhow::{Result, ensure};
use voxmeld_core::geometry::{Geometry, Hop};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::signal::energy;
use voxmeld_tests::vst3::Vst3Instance;

const STEREO: u64 = 0b11;
const MAX_BLOCK: usize = 1_024;
const RATES_HZ: [f64; 5] = [8_000.0, 11_025.0, 22_050.0, 44_055.9, 47_952.0];

/// Output of the left channel, at a mix (0 = dry).
fn render(plugin: &mut Vst3Instance, input: &[f32], block: usize, mix: f64) -> Result<Vec<f32>> {
    let mut output = Vec::with_capacity(input.len());
    for (n, block) in input.chunks(block).enumerate() {
        let mut track = vec![block.to_vec(); 2];
        let mut side = vec![vec![0.0; block.len()]; 2];
        let points = [("Dry/wet", vec![(0, mix)]), ("Blend ratio", vec![(0, 0.25)])];
        plugin.process(&mut track, &mut side, if n == 0 { &points } else { &[] })?;
        output.extend_from_slice(&track[0]);
    }
    Ok(output)
}

#[test]
fn rates_without_whole_10_ms_sound_with_the_exact_latency_in_any_blocks() -> Result<()> {
    let speech = Sound::read(&env::sample_speech()?)?.part(0.1, 1.1);
    for rate_hz in RATES_HZ {
        let input = speech.at_rate(rate_hz.round() as u32)?.samples;
        let geometry = Geometry::new(rate_hz, Hop::Ms20, MAX_BLOCK)?;
        let latency = geometry.latency_samples();
        let mut plugin = Vst3Instance::load(MAX_BLOCK, STEREO, STEREO)?;
        plugin.restart(rate_hz)?;
        ensure!(
            plugin.latency() == latency as u64,
            "{rate_hz} Hz: {}",
            plugin.latency()
        );

        let dry = render(&mut plugin, &input, 480, 0.0)?;
        ensure!(
            dry[latency..] == input[..input.len() - latency],
            "{rate_hz} Hz: dry"
        );

        plugin.restart(rate_hz)?;
        let voice = render(&mut plugin, &input, 480, 1.0)?;
        ensure!(energy(&voice) > 0.1 * energy(&input), "{rate_hz} Hz: silent");
        // Frames of 20 ms whose middles lie where the stream reads its controls.
        let middle = |n: u64| {
            let stream_sample = n * 2 * geometry.tick_host as u64 + geometry.frame_middle_host() as u64;
            geometry
                .conversion
                .map_or(stream_sample, |conversion| conversion.host_floor(stream_sample))
        };
        let published = plugin.published("Ratio applied")?;
        ensure!(published.len() > 30, "{rate_hz} Hz: {} frames", published.len());
        for (n, (at, _)) in (0..).zip(published) {
            ensure!(at == middle(n) + latency as u64, "{rate_hz} Hz, frame {n}: {at}");
        }

        for block in [1, 97, MAX_BLOCK] {
            plugin.restart(rate_hz)?;
            let other = render(&mut plugin, &input, block, 1.0)?;
            let first = voice
                .iter()
                .zip(&other)
                .position(|(a, b)| a.to_bits() != b.to_bits());
            ensure!(
                first.is_none(),
                "{rate_hz} Hz, blocks of {block}: differs from {first:?} on"
            );
        }
    }
    Ok(())
}
