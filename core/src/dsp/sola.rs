//! Synchronised overlap-add: joins each hop to the one before where the two
//! waveforms fit best (as in RVC's real-time loop; the fades are sin²/cos²).

use crate::units::SampleRate;

/// Length of the crossfade.
pub const FADE_MS: u32 = 10;
/// Range in which the best join is searched, half of it on either side.
pub const SEARCH_MS: u32 = 10;

/// Offset in `0..=search` at which `window` correlates best with `tail`
/// (normalised by the energy under it, RVC's `1e-8` included).
///
/// `distance_penalty` is subtracted from the score in proportion to the distance from
/// `search / 2`; 0 is RVC's rule, where the first maximum wins. A small penalty keeps
/// joins that are equally good (a steady tone) from drifting.
///
/// # Panics
/// If `window` is shorter than `tail.len() + search`.
#[must_use]
pub fn best_offset(window: &[f32], tail: &[f32], search: usize, distance_penalty: f32) -> usize {
    assert!(
        window.len() >= tail.len() + search,
        "window holds tail and search"
    );
    let middle = as_f64(search) / 2.0;
    let mut best = (f64::NEG_INFINITY, 0);
    let mut energy: f64 = window[..tail.len()]
        .iter()
        .map(|&x| f64::from(x) * f64::from(x))
        .sum();
    let tail_energy: f64 = tail.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    for offset in 0..=search {
        if offset > 0 {
            let leaving = f64::from(window[offset - 1]);
            let entering = f64::from(window[offset + tail.len() - 1]);
            energy += entering * entering - leaving * leaving;
        }
        let dot: f32 = window[offset..offset + tail.len()]
            .iter()
            .zip(tail)
            .map(|(a, b)| a * b)
            .sum();
        let mut score = f64::from(dot) / (energy.max(0.0) + 1e-8).sqrt();
        if distance_penalty > 0.0 {
            let distance = (as_f64(offset) - middle).abs() / middle.max(1.0);
            score -= f64::from(distance_penalty) * distance * tail_energy.sqrt();
        }
        if score > best.0 {
            best = (score, offset);
        }
    }
    // Silence fits everywhere, and below -80 dBFS RVC's 1e-8 dominates the score: use
    // the nominal offset.
    if distance_penalty > 0.0 && tail_energy < 1e-8 * as_f64(tail.len()) {
        search / 2
    } else {
        best.1
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of a few thousand samples")]
fn as_f64(n: usize) -> f64 {
    n as f64
}

/// Turns overlapping synthesis windows into a gapless stream at the model's rate.
pub struct Sola {
    tail: Vec<f32>,
    fade_in: Vec<f32>,
    search: usize,
    hop: usize,
    primed: bool,
}

impl Sola {
    /// For windows of [`Self::window_len`] samples at `rate`; `None` where the
    /// lengths are not whole numbers of samples.
    #[must_use]
    pub fn new(rate: SampleRate, hop_ms: u32) -> Option<Self> {
        let fade = rate.samples_in_ms(FADE_MS)?;
        let search = rate.samples_in_ms(SEARCH_MS)?;
        let fade_in = (0..fade)
            .map(|n| {
                let phase = (as_f64(n) + 0.5) / as_f64(fade) * std::f64::consts::FRAC_PI_2;
                #[expect(clippy::cast_possible_truncation, reason = "a gain between 0 and 1")]
                let gain = phase.sin().powi(2) as f32;
                gain
            })
            .collect();
        Some(Self {
            tail: vec![0.0; fade],
            fade_in,
            search,
            hop: rate.samples_in_ms(hop_ms)?,
            primed: false,
        })
    }

    /// Samples per window: half the search range, the hop, the fade and the other half of
    /// the search range.
    #[must_use]
    pub fn window_len(&self) -> usize {
        self.hop + self.tail.len() + self.search
    }

    /// Samples of a window after its hop, if the hop begins at the nominal offset.
    #[must_use]
    pub fn held_len(&self) -> usize {
        self.tail.len() + self.search - self.search / 2
    }

    /// Drops the last window; the next one is not joined to it.
    pub fn reset(&mut self) {
        self.tail.fill(0.0);
        self.primed = false;
    }

    /// Joins `window` to the previous one and appends exactly one hop.
    ///
    /// # Panics
    /// If the window's length is not [`Self::window_len`].
    pub fn join(&mut self, window: &[f32], output: &mut Vec<f32>) {
        assert_eq!(window.len(), self.window_len(), "window length");
        let fade = self.tail.len();
        let offset = if self.primed {
            best_offset(window, &self.tail, self.search, 0.02)
        } else {
            self.search / 2
        };
        let start = output.len();
        output.extend_from_slice(&window[offset..offset + self.hop]);
        if self.primed {
            for ((sample, &old), &gain) in output[start..start + fade]
                .iter_mut()
                .zip(&self.tail)
                .zip(&self.fade_in)
            {
                // Written as a difference, so that equal signals pass bit-exactly.
                *sample = old + (*sample - old) * gain;
            }
        }
        self.tail
            .copy_from_slice(&window[offset + self.hop..offset + self.hop + fade]);
        self.primed = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate() -> SampleRate {
        SampleRate(24_000)
    }

    #[test]
    fn windows_of_one_signal_are_joined_without_change() {
        let mut sola = Sola::new(rate(), 20).expect("whole samples");
        let signal: Vec<f32> = (0..24_000_i16)
            .map(|n| (f32::from(n) * 0.05).sin() * 0.3)
            .collect();
        let mut output = Vec::new();
        let len = sola.window_len();
        for hop in 0..40 {
            sola.join(&signal[hop * 480..hop * 480 + len], &mut output);
        }
        assert_eq!(
            output,
            signal[120..120 + output.len()],
            "offset is the nominal half search range"
        );
    }

    #[test]
    fn phase_shifted_windows_are_joined_in_phase() {
        let period = 100.0_f32;
        let tone = |n: usize, shift: f32| ((n as f32 + shift) / period * std::f32::consts::TAU).sin();
        let mut sola = Sola::new(rate(), 20).expect("whole samples");
        let len = sola.window_len();
        let mut output = Vec::new();
        let mut shift = 0.0;
        for hop in 0..20 {
            let window: Vec<f32> = (0..len).map(|n| tone(hop * 480 + n, shift)).collect();
            sola.join(&window, &mut output);
            shift += 17.0;
        }
        let worst_step = output.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(
            worst_step < 1.1 * std::f32::consts::TAU / period,
            "no click: {worst_step}"
        );
        let energy: f32 = output.iter().map(|x| x * x).sum::<f32>() / output.len() as f32;
        assert!((energy - 0.5).abs() < 0.05, "no cancellation: {energy}");
    }
}
