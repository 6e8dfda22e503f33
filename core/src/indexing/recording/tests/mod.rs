//! Files of every kind that is read, and what is wrong with others.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a wrong cast in a test fails it"
)]

use std::path::{Path, PathBuf};

use super::*;

mod kinds;
mod wav_files;

/// A file of `tests/data/recordings`.
fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/data/recordings")
        .join(name)
}

fn from_bytes(bytes: &[u8], name: &str) -> Result<Recording, RecordingError> {
    SoundReader::from_bytes(bytes.to_vec(), Path::new(name)).and_then(Recording::of)
}

fn reason(bytes: &[u8], name: &str) -> String {
    from_bytes(bytes, name).expect_err("no recording").to_string()
}

#[test]
fn folders_are_listed_with_what_is_no_recording() {
    let folder = std::env::temp_dir().join(format!("voxmeld-listing-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("more")).expect("folder");
    for name in [
        "b.WAV",
        "more/a.m4a",
        "notes.txt",
        "old.wma",
        "old2.WMA",
        "._b.wav",
        "README",
    ] {
        std::fs::write(folder.join(name), "x").expect("written");
    }
    let listing = recordings_in(&folder).expect("listed");
    std::fs::remove_dir_all(&folder).expect("removed");
    assert_eq!(
        listing.recordings,
        [folder.join("b.WAV"), folder.join("more/a.m4a")]
    );
    let said = listing.left_out();
    assert_eq!(said.len(), 1);
    assert!(
        said[0].contains("5 files") && said[0].contains("2 .wma") && said[0].contains("1 hidden"),
        "{said:?}"
    );
}

#[test]
fn a_resampled_recording_keeps_its_times_and_length() {
    for (from, to) in [
        (22_050, 16_000),
        (44_056, 16_000),
        (8_000, 16_000),
        (384_000, 48_000),
        (16_000, 11_025),
    ] {
        let mut samples = vec![0.0; from as usize];
        let at = from as usize / 4;
        // A smooth bump: its peak survives any low-pass filter.
        let width = from as usize / 200;
        for n in 0..2 * width {
            let phase = std::f32::consts::PI * (n as f32 / width as f32 - 1.0);
            samples[at + n - width] = 0.5 + 0.5 * phase.cos();
        }
        let out = Recording {
            rate_hz: from,
            samples,
        }
        .at_rate(to)
        .expect("resampled");
        assert_eq!(out.len(), to as usize, "{from} to {to}");
        let peak = (0..out.len())
            .max_by(|&a, &b| out[a].total_cmp(&out[b]))
            .expect("samples");
        let wanted = at as f32 / from as f32 * to as f32;
        assert!(
            (peak as f32 - wanted).abs() <= 1.0,
            "{from} to {to}: {peak}, not {wanted}"
        );
    }
}

#[test]
fn blocks_of_any_size_are_resampled_alike() {
    let samples: Vec<f32> = (0..30_000).map(|n| (n as f32 * 0.05).sin()).collect();
    let mut whole = Vec::new();
    let mut resampler = Resampler::new(44_100, 16_000).expect("resampler");
    resampler.push(&samples, &mut whole);
    resampler.finish(&mut whole);
    let mut pieces = Vec::new();
    let mut resampler = Resampler::new(44_100, 16_000).expect("resampler");
    for piece in samples.chunks(777) {
        resampler.push(piece, &mut pieces);
    }
    resampler.finish(&mut pieces);
    assert_eq!(whole, pieces);
}
