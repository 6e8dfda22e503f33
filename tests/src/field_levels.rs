//! Typical inputs: noise, hum, key clicks, a constant, quiet and clipped speech, at defined levels.

use crate::audio::Sound;
use crate::env;
use crate::signal::{noise, rms, tone};
use anyhow::Result;

/// The rate of all of them.
pub const RATE_HZ: u32 = 48_000;
/// Their length in samples.
pub const LEN: usize = 8 * RATE_HZ as usize;
/// First measured sample; by then noise floors are known.
pub const MEASURED_FROM: usize = 3 * RATE_HZ as usize;

/// One input.
pub struct FieldCase {
    /// For tables.
    pub name: &'static str,
    /// One channel of it.
    pub samples: Vec<f32>,
}

/// RMS in dBFS (0 = a square wave of full scale); -200 for silence.
#[must_use]
pub fn dbfs(signal: &[f32]) -> f64 {
    20.0 * rms(signal).max(1e-10).log10()
}

/// A signal at an RMS level.
fn at_level(signal: Vec<f32>, db: f64) -> Vec<f32> {
    let gain = 10.0_f64.powf((db - dbfs(&signal)) / 20.0) as f32;
    signal.into_iter().map(|x| x * gain).collect()
}

/// The sample clip, repeated to 8 s.
///
/// # Errors
/// If the clip is missing.
pub fn speech() -> Result<Vec<f32>> {
    let clip = Sound::read(&env::sample_speech()?)?.at_rate(RATE_HZ)?.samples;
    Ok(clip.iter().copied().cycle().take(LEN).collect())
}

/// Bursts of noise of 8 ms, five a second, that fall by 60 dB.
fn key_clicks() -> Vec<f32> {
    let period = RATE_HZ as usize / 5;
    let len = RATE_HZ as f32 * 0.008;
    let noise = noise(9, LEN);
    let shape = |n: usize| {
        let at = (n % period) as f32 / len;
        if at < 1.0 { 10.0_f32.powf(-3.0 * at) } else { 0.0 }
    };
    noise.iter().enumerate().map(|(n, x)| x * shape(n)).collect()
}

/// All of them.
///
/// # Errors
/// If the sample clip is missing.
pub fn cases() -> Result<Vec<FieldCase>> {
    let speech = speech()?;
    let clipped = speech.iter().map(|x| (4.0 * x).clamp(-1.0, 1.0)).collect();
    let biased = speech.iter().map(|x| x + 0.3).collect();
    let cases = [
        ("white noise at -50", at_level(noise(7, LEN), -50.0)),
        ("white noise at -35", at_level(noise(7, LEN), -35.0)),
        ("50 Hz hum at -40", at_level(tone(RATE_HZ, 50.0, 1.0, LEN), -40.0)),
        ("key clicks", key_clicks()),
        ("a constant 0.3", vec![0.3; LEN]),
        ("speech", speech.clone()),
        ("speech with a constant 0.3", biased),
        ("speech at -68", at_level(speech, -68.0)),
        ("speech, four times too loud and clipped", clipped),
    ];
    Ok(cases
        .into_iter()
        .map(|(name, samples)| FieldCase { name, samples })
        .collect())
}
