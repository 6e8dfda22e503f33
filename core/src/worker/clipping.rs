//! Detects clipped input: many samples of 10 ms are at its peak.

/// Input with peaks below this never counts as clipped.
const LEAST_PEAK: f32 = 0.25;
/// Samples above this share of the peak count as at the peak.
const AT_PEAK: f32 = 0.9995;
/// Share of samples at the peak up to which the amount is 0 (a sine has 2 %).
const CLEAN: f32 = 0.03;
/// Share of samples at the peak from which the amount is 1.
const CLIPPED: f32 = 0.08;
/// Share of the last amount that remains after 10 ms.
const DECAY: f32 = 0.9;

/// How far the input is clipped, 0 to 1.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clipping {
    before: f32,
    now: f32,
}

impl Clipping {
    /// Measures one hop of input in pieces of 10 ms.
    pub fn accept(&mut self, samples_host: &[f32], tick_host: usize) {
        self.before = self.now;
        for tick in samples_host.chunks(tick_host.max(1)) {
            let peak = tick.iter().fold(0.0_f32, |peak, x| peak.max(x.abs()));
            let decayed = if self.now < 0.01 { 0.0 } else { self.now * DECAY };
            self.now = decayed.max(amount(tick, peak));
        }
    }

    /// The amount at the beginning and at the end of the newest hop.
    #[must_use]
    pub fn amounts(&self) -> (f32, f32) {
        (self.before, self.now)
    }
}

fn amount(tick: &[f32], peak: f32) -> f32 {
    if peak < LEAST_PEAK {
        return 0.0;
    }
    let at_peak = tick.iter().filter(|x| x.abs() >= AT_PEAK * peak).count();
    #[expect(clippy::cast_precision_loss, reason = "a few thousand samples")]
    let part = at_peak as f32 / tick.len() as f32;
    ((part - CLEAN) / (CLIPPED - CLEAN)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clipped_tones_are_noticed_and_whole_ones_are_not() {
        let tone = |n: usize| (n as f32 * 0.03).sin();
        for (gain, limit, expected) in [(0.9, 1.0, 0.0), (4.0, 1.0, 1.0), (2.0, 0.5, 1.0), (4.0, 0.2, 0.0)] {
            let signal: Vec<f32> = (0..960).map(|n| (gain * tone(n)).clamp(-limit, limit)).collect();
            let mut clipping = Clipping::default();
            clipping.accept(&signal, 480);
            assert_eq!(clipping.amounts(), (0.0, expected), "{gain}, {limit}");
        }
    }
}
