//! One recording through the engine.

use super::super::bar::Bar;
use super::curve::Curve;
use super::options::Settings;
use anyhow::{Result, bail};
use voxmeld_core::engine::{Engine, StreamSetup};
use voxmeld_core::indexing::Recording;
use voxmeld_core::rt::{AudioSide, ControlGrid};
use voxmeld_core::status::VoiceState;

/// Samples handed to the engine at a time.
pub const BLOCK: usize = 1024;

/// Converts in place; the result is in time with the input.
pub fn render(
    engine: &mut Engine,
    settings: &Settings,
    curve: Option<&Curve>,
    audio: &mut Recording,
    quiet: bool,
) -> Result<()> {
    let setup = StreamSetup {
        safety_ms: settings.safety_ms,
        suppress_noise: settings.suppress_noise,
        host_rate_hz: f64::from(audio.rate_hz),
        max_block: BLOCK,
        channels: 1,
        hop: settings.hop,
        offline: true,
    };
    let mut side = engine.activate(setup)?;
    let latency = side.latency_samples() as usize;
    if latency == 0 {
        bail!("{}", engine.handle().status().message.unwrap_or_default());
    }
    audio.samples.resize(audio.samples.len() + latency, 0.0);
    let blocks = audio.samples.len().div_ceil(BLOCK);
    let bar = if quiet { None } else { Some(Bar::new()?) };
    for (n, block) in audio.samples.chunks_mut(BLOCK).enumerate() {
        match curve {
            Some(curve) => follow(&mut side, curve, f64::from(audio.rate_hz), settings, block),
            None => side.process(&mut [block], &settings.controls(None)),
        }
        if let Some(bar) = bar.as_ref().filter(|_| n % 50 == 0) {
            #[expect(clippy::cast_precision_loss, reason = "for a progress bar")]
            bar.show(n as f32 / blocks as f32, "converting");
        }
    }
    drop(bar);
    let status = engine.handle().status();
    if let VoiceState::Failed { why } = status.voice {
        bail!("{why}");
    }
    if let Some(message) = status.message {
        bail!("{message}");
    }
    for note in &status.notes {
        eprintln!("note: {note}");
    }
    audio.samples.drain(..latency);
    Ok(())
}

/// Processes a block in pieces with one reading of the controls each, so that every frame gets the ratio of its own
/// time.
fn follow(side: &mut AudioSide, curve: &Curve, rate_hz: f64, settings: &Settings, block: &mut [f32]) {
    let mut start = 0;
    while start < block.len() {
        let position = side.position();
        let (reading, next) = side.control_grid().map_or((position, u64::MAX), |grid| {
            let n = readings_before(grid, position);
            (sample_of(grid, n), sample_of(grid, n + 1))
        });
        let len = usize::try_from(next.saturating_sub(position)).unwrap_or(usize::MAX);
        let end = start.saturating_add(len.max(1)).min(block.len());
        #[expect(clippy::cast_precision_loss, reason = "samples of a recording")]
        let ratio = curve.at(reading as f64 / rate_hz);
        side.process(&mut [&mut block[start..end]], &settings.controls(Some(ratio)));
        start = end;
    }
}

/// The sample of the `n`th reading.
fn sample_of(grid: ControlGrid, n: u64) -> u64 {
    (n * u64::from(grid.step) + u64::from(grid.offset)) * grid.numerator / grid.denominator
}

/// The first reading at or after `position`.
fn readings_before(grid: ControlGrid, position: u64) -> u64 {
    let stream = (position * grid.denominator).div_ceil(grid.numerator);
    let mut n = stream.saturating_sub(u64::from(grid.offset)) / u64::from(grid.step).max(1);
    while sample_of(grid, n) < position {
        n += 1;
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_at_the_reading_after_the_next_one_at_any_rate() {
        for (numerator, denominator) in [(1, 1), (22_050, 22_400)] {
            let grid = ControlGrid {
                step: 480,
                offset: 200,
                numerator,
                denominator,
            };
            for position in 0..3_000 {
                let n = readings_before(grid, position);
                assert!(sample_of(grid, n) >= position);
                assert!(n == 0 || sample_of(grid, n - 1) < position, "{position}");
            }
        }
    }
}
