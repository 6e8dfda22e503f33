//! Models with random nodes: two renders are equal, or the status reports that the voice is not reproducible.

use anyhow::Result;
use voxmeld_core::frames::Frames;
use voxmeld_core::model::fake::{LevelEncoder, pass_through_voice};
use voxmeld_core::model::onnx::RvcSynthesizer;
use voxmeld_core::model::{NOISE_CHANNELS, SynthesisInput, Synthesizer, Voice};
use voxmeld_tests::env;
use voxmeld_tests::onnx::{DIM, RandomNodes, random_voice};
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::noise;

fn open(nodes: RandomNodes) -> Result<RvcSynthesizer> {
    env::use_data()?;
    // A file for each test, because they run at the same time.
    let thread = format!("{:?}", std::thread::current().id());
    let path = std::env::temp_dir().join(format!("voxmeld-{}-{thread}.onnx", std::process::id()));
    std::fs::write(&path, random_voice(nodes))?;
    let opened = RvcSynthesizer::open(&path);
    std::fs::remove_file(&path)?;
    Ok(opened?)
}

fn voice(nodes: RandomNodes) -> Result<Voice> {
    Ok(Voice {
        name: "random".into(),
        encoder: Box::new(LevelEncoder(DIM)),
        synthesizer: Box::new(open(nodes)?),
        ..pass_through_voice()
    })
}

/// Two renders by one engine, and whether the status reports random numbers of the model's
/// own. One engine, because ONNX Runtime restarts its random numbers with every session.
fn render_twice(nodes: RandomNodes) -> Result<(Vec<f32>, Vec<f32>, bool)> {
    let mut rig = Rig::with_voice(offline_48k(), voice(nodes)?)?;
    let first = rig.play_mono(&noise(1, 48_000), 480);
    rig.audio().reset();
    let second = rig.play_mono(&noise(1, 48_000), 480);
    Ok((first, second, rig.handle().status().draws_own_noise))
}

fn run(synthesizer: &mut RvcSynthesizer, first_frame_100hz: i64, frames: usize) -> Result<Vec<f32>> {
    let mut embeddings = Frames::new(DIM);
    embeddings.resize(frames);
    let mut noise = Frames::new(NOISE_CHANNELS);
    noise.resize(frames);
    let mut audio = Vec::new();
    synthesizer.synthesize(
        SynthesisInput {
            embeddings_100hz: &embeddings,
            f0_hz: &vec![100.0; frames],
            noise: &noise,
            skip_100hz: 0,
            ahead_100hz: 0,
            held_100hz: 0,
            speaker: 0,
            first_frame_100hz,
        },
        &mut audio,
    )?;
    Ok(audio)
}

#[test]
fn two_renders_of_a_model_with_random_nodes_are_equal() -> Result<()> {
    let (first, second, is_random) = render_twice(RandomNodes::Plain)?;
    assert!(!is_random && first.iter().any(|x| x.abs() > 0.1));
    assert_eq!(first, second);
    Ok(())
}

#[test]
fn noise_of_a_frame_is_equal_in_overlapping_windows() -> Result<()> {
    let mut synthesizer = open(RandomNodes::Plain)?;
    assert!(synthesizer.is_reproducible());
    let early = run(&mut synthesizer, 100, 40)?;
    let late = run(&mut synthesizer, 112, 50)?;
    let shared = (40 - 12) * 160;
    assert_eq!(early[12 * 160..], late[..shared]);
    assert_ne!(early[..shared], late[..shared]);
    let normal: Vec<f32> = early.iter().step_by(160).copied().collect();
    let mean = normal.iter().sum::<f32>() / 40.0;
    let spread = normal.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 39.0;
    assert!(
        (0.4..2.0).contains(&spread),
        "the variance is {spread}, expected about 1"
    );
    Ok(())
}

#[test]
fn dropout_in_training_mode_leaves_the_output_unchanged() -> Result<()> {
    let plain = run(&mut open(RandomNodes::Plain)?, 7, 30)?;
    let mut with_dropout = open(RandomNodes::WithDropout)?;
    assert!(with_dropout.is_reproducible());
    assert_eq!(run(&mut with_dropout, 7, 30)?, plain);
    Ok(())
}

#[test]
fn random_node_in_a_branch_is_reported_as_not_reproducible() -> Result<()> {
    let (first, second, is_random) = render_twice(RandomNodes::InBranch)?;
    assert!(is_random, "the status does not report it");
    assert_ne!(first, second, "the renders are equal");
    Ok(())
}
