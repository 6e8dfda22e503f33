//! Comparison with values recorded from RVC, from the shared data.
#![allow(clippy::cast_precision_loss, reason = "a few thousand samples")]

use anyhow::Result;
use ndarray::Array1;
use voxmeld_core::dsp::loudness::{match_level, rms_curve};
use voxmeld_core::dsp::sola::best_offset;
use voxmeld_core::model::onnx::coarse_pitch;
use voxmeld_tests::env;

fn golden(name: &str) -> Result<Vec<f32>> {
    let array: Array1<f32> = ndarray_npy::read_npy(env::shared(&format!("golden/realtime/{name}.npy"))?)?;
    Ok(array.to_vec())
}

fn worst_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// 10 ms at 48 kHz: RVC's `zc`.
const STEP: usize = 480;

#[test]
fn sola_offset_equals_rvcs() -> Result<()> {
    let (window, tail) = (golden("infer_wav")?, golden("sola_buffer")?);
    assert_eq!(tail.len(), 1_920);
    let window = &window[..tail.len() + STEP];
    assert_eq!(best_offset(window, &tail, STEP, 0.0), 321);
    Ok(())
}

#[test]
fn loudness_mix_equals_rvcs() -> Result<()> {
    let (input, voice, expected) = (
        golden("envelop_input_wav")?,
        golden("envelop_infer_wav")?,
        golden("envelop_infer_wav2")?,
    );
    let (mut of_input, mut of_voice) = (Vec::new(), Vec::new());
    rms_curve(&input[..voice.len()], STEP, &mut of_input);
    rms_curve(&voice, STEP, &mut of_voice);
    let mut mixed = voice.clone();
    // RVC's mix rate of 0.8 keeps four fifths of the voice's own level.
    match_level(&mut mixed, &of_input, &of_voice, 1.0 - 0.8);
    let worst = worst_difference(&mixed, &expected);
    assert!(worst < 1e-5, "differs from RVC's by up to {worst}");
    let changed = worst_difference(&voice, &expected);
    assert!(
        changed > 1e-3,
        "the recorded case changes too little ({changed}) to test anything"
    );
    Ok(())
}

#[test]
fn coarse_pitch_codes_equal_rvcs() -> Result<()> {
    let file = |name: &str| env::shared(&format!("golden/contentvec/logs_reference_pitch_{name}.npy"));
    let fine: Array1<f64> = ndarray_npy::read_npy(file("fine")?)?;
    let coarse: Array1<i32> = ndarray_npy::read_npy(file("coarse")?)?;
    assert_eq!(coarse.len(), 3_487);
    #[expect(clippy::cast_possible_truncation, reason = "a pitch of at most 1100 Hz")]
    let codes: Vec<i64> = fine.iter().map(|&f0| coarse_pitch(f0 as f32)).collect();
    let expected: Vec<i64> = coarse.iter().copied().map(i64::from).collect();
    assert_eq!(codes, expected);
    Ok(())
}
