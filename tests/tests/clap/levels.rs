//! Levels of inputs from the field through the built plugin; exact latency of the noise suppression in both formats.
#![allow(clippy::cast_precision_loss, reason = "a few seconds of audio")]

use anyhow::{Context, Result};
use voxmeld_core::geometry::{Geometry, Hop};
use voxmeld_tests::field_levels::{MEASURED_FROM, RATE_HZ, cases, dbfs, speech};
use voxmeld_tests::host::{Host, Instance, Pace, Sizes};
use voxmeld_tests::signal::noise;
use voxmeld_tests::vst3::Vst3Instance;

fn instance(host: &Host) -> Result<Instance> {
    let mut instance = host.instance()?;
    instance.set_offline(true)?;
    Ok(instance)
}

fn play(instance: &mut Instance, input: &[f32]) -> Result<Vec<f32>> {
    let channels = vec![input.to_vec(); 2];
    let sizes = Sizes::all(480);
    let mut output = instance.play(&channels, &sizes, &[], Pace::Free, f64::from(RATE_HZ))?;
    Ok(output.swap_remove(0))
}

/// (in, out) in dBFS at the default settings.
fn levels(host: &Host, name: &str) -> Result<(f64, f64)> {
    let case = cases()?.into_iter().find(|case| case.name == name);
    let input = case.with_context(|| format!("no case {name}"))?.samples;
    let mut instance = instance(host)?;
    instance.activate(f64::from(RATE_HZ), 480)?;
    let latency = instance.latency()?;
    let output = play(&mut instance, &input)?;
    Ok((
        dbfs(&input[MEASURED_FROM..]),
        dbfs(&output[MEASURED_FROM + latency..]),
    ))
}

#[test]
fn noise_at_minus_50_hum_at_minus_40_and_a_constant_are_silent() -> Result<()> {
    let host = Host::load_bundle()?;
    for name in ["white noise at -50", "50 Hz hum at -40", "a constant 0.3"] {
        let (_, out) = levels(&host, name)?;
        assert!(out < -90.0, "{name}: {out}");
    }
    Ok(())
}

#[test]
fn quiet_speech_is_heard_and_not_louder_than_it_went_in() -> Result<()> {
    let (input, output) = levels(&Host::load_bundle()?, "speech at -68")?;
    assert!(
        (input - 10.0..=input).contains(&output),
        "{input} in, {output} out"
    );
    Ok(())
}

#[test]
fn clipped_speech_keeps_its_level_within_3_db() -> Result<()> {
    let (input, output) = levels(&Host::load_bundle()?, "speech, four times too loud and clipped")?;
    assert!((output - input).abs() < 3.0, "{input} in, {output} out");
    Ok(())
}

#[test]
fn a_constant_under_speech_changes_the_level_by_less_than_1_db() -> Result<()> {
    let host = Host::load_bundle()?;
    let (_, plain) = levels(&host, "speech")?;
    let (_, biased) = levels(&host, "speech with a constant 0.3")?;
    assert!((plain - biased).abs() < 1.0, "{plain} without, {biased} with");
    Ok(())
}

#[test]
fn noise_suppression_adds_20_ms_of_exact_latency_and_speech_stays() -> Result<()> {
    let host = Host::load_bundle()?;
    for rate_hz in [48_000.0, 44_100.0, 22_050.0] {
        let plain = Geometry::new(rate_hz, Hop::Ms20, 480)?;
        let expected = plain.with_noise_suppression(true).latency_samples();
        let mut instance = instance(&host)?;
        instance.set("Noise suppression", 1.0)?;
        instance.set("Dry/wet", 0.0)?;
        instance.activate(rate_hz, 480)?;
        let latency = instance.latency()?;
        assert_eq!(latency, expected, "{rate_hz} Hz");
        let input = noise(1, 20_000);
        let channels = vec![input.clone(); 2];
        let output = instance.play(&channels, &Sizes::all(480), &[], Pace::Free, rate_hz)?;
        assert_eq!(output[0][latency..], input[..20_000 - latency], "{rate_hz} Hz");
    }
    let speech = speech()?;
    let mut outputs = Vec::new();
    for suppression in [0.0, 1.0] {
        let mut instance = instance(&host)?;
        instance.set("Noise suppression", suppression)?;
        instance.activate(48_000.0, 480)?;
        outputs.push(dbfs(&play(&mut instance, &speech)?));
    }
    assert!((outputs[0] - outputs[1]).abs() < 3.0, "{outputs:?}");
    Ok(())
}

#[test]
fn noise_suppression_is_reported_in_vst3_after_the_restart_that_it_asks_for() -> Result<()> {
    let mut plugin = Vst3Instance::load(480, 0b11, 0b11)?;
    let before = plugin.latency();
    let mut track = vec![vec![0.0; 480]; 2];
    let mut side = vec![vec![0.0; 480]; 2];
    plugin.process(&mut track, &mut side, &[("Noise suppression", vec![(0, 1.0)])])?;
    plugin.restart(48_000.0)?;
    assert_eq!(plugin.latency(), before + 960);
    Ok(())
}
