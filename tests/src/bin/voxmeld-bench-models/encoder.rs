//! The encoder: on a window of a second, as a stream, and as a stream in 8 bits.

use super::times::{HOPS_MS, Times, add, measure};
use anyhow::Result;
use std::collections::BTreeMap;
use voxmeld_core::frames::Frames;
use voxmeld_core::import::WeightsFile;
use voxmeld_core::import::hubert::{Build, build_as};
use voxmeld_core::model::Encoder;
use voxmeld_core::model::onnx::ContentEncoder;
use voxmeld_tests::random_models;

/// Frames of the window, and frames that the stream remembers.
const WINDOW: usize = 50;

pub fn measure_all(cases: &mut BTreeMap<String, BTreeMap<usize, Times>>) -> Result<()> {
    let weights = random_models::hubert_base();
    let path = std::env::temp_dir().join(format!("voxmeld-bench-{}.onnx", std::process::id()));
    for (what, past_frames, eight_bits) in [
        ("window of 1 s", None, false),
        ("stream", Some(WINDOW), false),
        ("stream, 8 bits", Some(WINDOW), true),
    ] {
        let build = Build {
            wanted: Some(768),
            past_frames,
            eight_bits,
        };
        let mut file = WeightsFile::from_bytes(weights.clone())?;
        std::fs::write(&path, build_as(&mut file, build)?)?;
        drop(file);
        let encoder = ContentEncoder::open(&path, Some(768), false);
        std::fs::remove_file(&path)?;
        let mut encoder = encoder?;
        let mut embeddings = Frames::new(768);
        encoder.encode(&audio(WINDOW), &mut embeddings)?;
        for hop_ms in HOPS_MS {
            let given = audio(if past_frames.is_some() {
                hop_ms / 20 + 1
            } else {
                WINDOW
            });
            let times = measure(hop_ms, || Ok(encoder.encode_streaming(&given, &mut embeddings)?))?;
            add(cases, &format!("encoder, {what}"), hop_ms, times);
            if past_frames.is_none() {
                // The same for every hop.
                for other in HOPS_MS.into_iter().filter(|&other| other != hop_ms) {
                    let load = voxmeld_tests::hops::round(times.cpu_ms / other as f64, 3);
                    add(cases, &format!("encoder, {what}"), other, Times { load, ..times });
                }
                break;
            }
        }
    }
    Ok(())
}

fn audio(frames: usize) -> Vec<f32> {
    (0..frames * 320 + 80)
        .map(|n| (n as f32 * 0.13).sin() * 0.2)
        .collect()
}
