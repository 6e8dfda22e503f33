//! The built CLAP plugin while the host changes rates, jumps with the transport, or uses the main thread; and the
//! host's floating-point mode.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::Result;
use std::time::{Duration, Instant};
use voxmeld_core::geometry::{Geometry, Hop};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::host::{Host, Instance, Pace, Sizes};
use voxmeld_tests::signal::{energy, noise};

const BLOCK: u32 = 480;

fn play(instance: &mut Instance, input: &[Vec<f32>], rate_hz: f64) -> Result<Vec<Vec<f32>>> {
    instance.play(input, &Sizes::all(BLOCK as usize), &[], Pace::Free, rate_hz)
}

fn speech(rate_hz: f64, seconds: f64) -> Result<Vec<Vec<f32>>> {
    let samples = Sound::read(&env::sample_speech()?)?
        .part(0.0, seconds)
        .at_rate(rate_hz as u32)?
        .samples;
    Ok(vec![samples.clone(), samples])
}

/// After activation at another rate the reported latency is that of `geometry` and the measured one, the host is
/// notified of a change, and the voice sounds at once.
#[test]
fn rate_change_reports_the_measured_latency() -> Result<()> {
    let host = Host::load_bundle()?;
    let mut instance = host.instance()?;
    instance.set_offline(true)?;
    let mut before = None;
    for rate_hz in [
        48_000.0, 44_100.0, 96_000.0, 88_200.0, 192_000.0, 8_000.0, 11_025.0, 22_050.0, 44_055.9, 47_952.0,
        384_000.0, 48_000.0,
    ] {
        let changes = instance.latency_changes();
        instance.set("Dry/wet", 0.0)?;
        instance.activate(rate_hz, BLOCK)?;
        let latency = instance.latency()?;
        let expected = Geometry::new(rate_hz, Hop::Ms20, BLOCK as usize)?.latency_samples();
        assert_eq!(latency, expected, "{rate_hz} Hz");
        assert!(
            before == Some(latency) || instance.latency_changes() > changes,
            "{rate_hz} Hz: the host was not notified"
        );
        before = Some(latency);
        let input = vec![noise(1, 2 * latency + 1_000), noise(2, 2 * latency + 1_000)];
        let output = play(&mut instance, &input, rate_hz)?;
        let len = output[0].len() - latency;
        assert_eq!(output[0][latency..], input[0][..len], "{rate_hz} Hz");
        instance.set("Dry/wet", 1.0)?;
        let output = play(&mut instance, &speech(rate_hz, 1.0)?, rate_hz)?;
        assert!(energy(&output[0]) > 1.0, "{rate_hz} Hz: the voice is silent");
    }
    Ok(())
}

#[test]
fn thirty_activations_give_equal_output() -> Result<()> {
    let host = Host::load_bundle()?;
    let mut instance = host.instance()?;
    instance.set_offline(true)?;
    let input = speech(48_000.0, 1.0)?;
    instance.activate(48_000.0, BLOCK)?;
    let first = play(&mut instance, &input, 48_000.0)?;
    for round in 0..30 {
        instance.deactivate();
        let rate_hz = if round % 3 == 2 { 48_000.0 } else { 96_000.0 };
        instance.activate(rate_hz, BLOCK)?;
    }
    assert!(
        play(&mut instance, &input, 48_000.0)? == first,
        "the output has changed"
    );
    Ok(())
}

/// The transport jumps, loops and stops while the input continues: so does the output. (Hosts that want an
/// interruption call `reset`.)
#[test]
fn transport_jumps_give_equal_output() -> Result<()> {
    let host = Host::load_bundle()?;
    let input = speech(48_000.0, 2.0)?;
    let render = |jumps: bool| -> Result<Vec<f32>> {
        let mut instance = host.instance()?;
        instance.set_offline(true)?;
        instance.activate(48_000.0, BLOCK)?;
        let mut output = Vec::new();
        for (n, start) in (0..input[0].len() - 960).step_by(960).enumerate() {
            if jumps {
                let seconds = match n % 7 {
                    // The start of a loop, far ahead, before the start of the song.
                    0 => 1.0,
                    3 => 3_600.0,
                    5 => -2.0,
                    _ => n as f64 * 0.02,
                };
                instance.set_transport(seconds, n % 5 != 4, n % 2 == 0);
            }
            let piece: Vec<Vec<f32>> = input
                .iter()
                .map(|channel| channel[start..start + 960].to_vec())
                .collect();
            output.extend(play(&mut instance, &piece, 48_000.0)?.swap_remove(0));
        }
        Ok(output)
    };
    let (without_jumps, with_jumps) = (render(false)?, render(true)?);
    assert!(energy(&without_jumps) > 1.0);
    assert!(without_jumps == with_jumps, "jumps change the output");
    Ok(())
}

/// The calls that hosts make on the main thread while the audio thread plays.
#[test]
fn main_thread_calls_while_playing_leave_the_voice_intact() -> Result<()> {
    let host = Host::load_bundle()?;
    let mut instance = host.instance()?;
    instance.activate(48_000.0, BLOCK)?;
    let state = instance.save()?;
    let names: Vec<String> = instance.params().iter().map(|param| param.name.clone()).collect();
    let mut round = 0;
    let start = Instant::now();
    let blocks = instance.while_playing(|instance| {
        round += 1;
        instance.restore(&state)?;
        // A truncated state: rejected, or restored in part.
        let _ = instance.restore(&state[..state.len() * (round % 10) / 10]);
        for name in &names {
            instance.value(name)?;
        }
        instance.latency()?;
        instance.save()?;
        // Also a minimum time, because a fast machine would otherwise play too few blocks.
        Ok(round >= 300 && start.elapsed() > Duration::from_secs(2))
    })?;
    assert!(blocks > 10, "only {blocks} blocks were played");
    instance.restore(&state)?;
    instance.set_offline(true)?;
    instance.activate(48_000.0, BLOCK)?;
    let output = play(&mut instance, &speech(48_000.0, 1.5)?, 48_000.0)?;
    assert!(energy(&output[0]) > 1.0, "the voice is silent");
    Ok(())
}

/// The plugin flushes subnormal numbers, and restores the host's setting.
#[test]
#[cfg(target_arch = "x86_64")]
fn subnormal_input_gives_zero_and_host_flush_mode_is_kept() -> Result<()> {
    /// Rounding, exception masks, both flush bits; not the sticky flags.
    const SETTINGS: u32 = 0xFFC0;
    const FLUSH: u32 = 1 << 15 | 1 << 6;
    fn control() -> u32 {
        let mut control = 0_u32;
        // SAFETY: stores this thread's SSE control register to a live local.
        unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut control, options(nostack)) };
        control
    }
    fn set_control(control: u32) {
        // SAFETY: loads the value that was read, with documented bits changed.
        unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const control, options(nostack)) };
    }
    let host = Host::load_bundle()?;
    let mut instance = host.instance()?;
    instance.set_offline(true)?;
    instance.activate(48_000.0, BLOCK)?;
    instance.set("Dry/wet", 0.0)?;
    let before = control();
    let tail: Vec<f32> = (0..9_600).map(|n| 1e-39 * (1.0 - n as f32 / 9_600.0)).collect();
    assert!(
        tail[0] > 0.0 && !tail[0].is_normal(),
        "the input is not subnormal"
    );
    for flush in [0, 1 << 15, 1 << 6, FLUSH] {
        let host_setting = (before & !FLUSH) | flush;
        set_control(host_setting);
        let output = play(&mut instance, &[tail.clone(), tail.clone()], 48_000.0);
        let found = control();
        set_control(before);
        assert_eq!(found & SETTINGS, host_setting & SETTINGS, "the host's setting");
        // By their bits, because a comparison with zero may flush, too.
        let subnormal = output?[0]
            .iter()
            .filter(|x| x.to_bits() << 1 != 0 && !x.is_normal())
            .count();
        assert_eq!(subnormal, 0, "the output has subnormal samples");
    }
    Ok(())
}
