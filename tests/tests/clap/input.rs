//! Speech with one wire swapped (left = -right) through the built plugin, in both formats.

use anyhow::Result;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::host::{Host, Pace, Sizes};
use voxmeld_tests::signal::rms;
use voxmeld_tests::vst3::Vst3Instance;

const STEREO: u64 = 0b11;

fn speech() -> Result<Vec<f32>> {
    Ok(Sound::read(&env::sample_speech()?)?
        .part(0.1, 3.1)
        .at_rate(48_000)?
        .samples)
}

fn through_clap(host: &Host, left: &[f32], right: f32) -> Result<Vec<f32>> {
    let mut instance = host.instance()?;
    instance.set_offline(true)?;
    instance.activate(48_000.0, 480)?;
    let channels = vec![left.to_vec(), left.iter().map(|x| x * right).collect()];
    let mut output = instance.play(&channels, &Sizes::all(480), &[], Pace::Free, 48_000.0)?;
    Ok(output.swap_remove(0))
}

fn through_vst3(left: &[f32], right: f32) -> Result<Vec<f32>> {
    let mut plugin = Vst3Instance::load(480, STEREO, STEREO)?;
    let mut output = Vec::new();
    for block in left.chunks(480) {
        let mut track = vec![block.to_vec(), block.iter().map(|x| x * right).collect()];
        let mut side = vec![vec![0.0; block.len()]; 2];
        plugin.process(&mut track, &mut side, &[])?;
        output.extend_from_slice(&track[0]);
    }
    Ok(output)
}

#[test]
fn speech_with_a_swapped_wire_is_within_3_db_of_speech_on_equal_channels() -> Result<()> {
    let speech = speech()?;
    let host = Host::load_bundle()?;
    let renders = [
        (
            "CLAP",
            through_clap(&host, &speech, 1.0)?,
            through_clap(&host, &speech, -1.0)?,
        ),
        ("VST3", through_vst3(&speech, 1.0)?, through_vst3(&speech, -1.0)?),
    ];
    for (format, equal, swapped) in renders {
        let difference = 20.0 * (rms(&swapped[9_600..]) / rms(&equal[9_600..])).log10();
        assert!(difference.abs() < 3.0, "{format}: {difference} dB");
    }
    Ok(())
}
