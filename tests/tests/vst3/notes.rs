//! Notes, bend and pressure in the built VST3 plugin.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::{Context, Result};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::periodicity::median_pitch_hz;
use voxmeld_tests::vst3::{Note, Vst3Instance};

const STEREO: u64 = 0b11;
const MAX_BLOCK: usize = 4_096;
const RATE_HZ: usize = 48_000;
const SWITCH: &str = "Notes set the pitch";

fn play(block: usize, input: &[f32], notes: &[(usize, i16, bool)]) -> Result<(Vec<f32>, usize)> {
    let mut vst3 = Vst3Instance::load(MAX_BLOCK, STEREO, STEREO)?;
    let mut output = Vec::new();
    for start in (0..input.len()).step_by(block) {
        let end = (start + block).min(input.len());
        let due: Vec<Note> = notes
            .iter()
            .filter(|(at, ..)| (start..end).contains(at))
            .map(|&(at, key, is_struck)| Note {
                at: (at - start) as i32,
                key,
                is_struck,
            })
            .collect();
        let points = if start == 0 {
            vec![(SWITCH, vec![(0, 1.0)])]
        } else {
            vec![]
        };
        let mut track = vec![input[start..end].to_vec(); 2];
        let mut side = vec![vec![0.0; end - start]; 2];
        vst3.process_with_notes(&mut track, &mut side, &points, &due)?;
        output.extend_from_slice(&track[0]);
    }
    Ok((output, vst3.latency() as usize))
}

fn speech(seconds: f64) -> Result<Vec<f32>> {
    let sound = Sound::read(&env::sample_speech()?)?
        .part(0.1, 0.1 + seconds)
        .at_rate(48_000)?;
    Ok(sound.samples)
}

#[test]
fn a_held_note_sets_the_pitch_at_every_block_size() -> Result<()> {
    let input = speech(6.0)?;
    let notes = [(0, 57, true), (3 * RATE_HZ + 5, 62, true)];
    let (output, latency) = play(512, &input, &notes)?;
    for (from, note) in [(0, 57.0), (3, 62.0)] {
        let part = from * RATE_HZ + latency + 4_800..((from + 3) * RATE_HZ + latency).min(output.len());
        let hz = median_pitch_hz(&output[part], 48_000.0).context("hardly any of the output is voiced")?;
        let cents = 1200.0 * (hz / (440.0 * ((note - 69.0_f64) / 12.0).exp2())).log2();
        assert!(
            cents.abs() < 50.0,
            "from {from} s on: {cents} cents from note {note}"
        );
    }
    for block in [64, 4_096] {
        let (other, _) = play(block, &input, &notes)?;
        let first = output
            .iter()
            .zip(&other)
            .position(|(a, b)| a.to_bits() != b.to_bits());
        assert_eq!(first, None, "blocks of {block}: they differ from this sample on");
    }
    Ok(())
}
