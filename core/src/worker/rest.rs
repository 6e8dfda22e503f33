//! Silence runs no models.
//!
//! If the input has been exactly zero for longer than the models look back, encoder and pitch tracker would return
//! the same as for the previous hop, and the synthesizer would continue with the sound of silence. So they do not
//! run: the features of the previous hop are used again, blending still follows its controls, and the output is silence.
//! The first hop with sound continues from there: to the models, it is as if the silence had been cut out.
//!
//! What this changes: the faint noise that a voice makes from silence is left out, and with it the trace that it would
//! leave in a synthesizer's state. Encoders are exact: a stateful one rests only once its state no longer changes.
//!
//! Whether a hop rests depends on the input alone, so that a live stream equals a render.

/// What the models need for the next hop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// They must run.
    #[default]
    Awake,
    /// They ran on silence and would return the same again: for so many new frames, of so many that the encoder was
    /// given.
    Settled { new: usize, encoded: usize },
    /// They have not run since.
    Resting { new: usize, encoded: usize },
}

/// Decides for one chain which hops rest.
#[derive(Debug)]
pub(super) struct Rest {
    enabled: bool,
    phase: Phase,
    /// Silence that all models must process before they rest, in samples at 16 kHz.
    needed_16k: usize,
    /// The last output was faded out.
    faded: bool,
}

/// Shorter silence never counts: pauses between words are not affected.
const LEAST_16K: usize = 16_000;
/// After this much more silence (2 s) an encoder rests although its state still changes, by less and less.
const UNSETTLED_16K: usize = 32_000;

impl Rest {
    /// For models that together look back over `needed_16k` samples at 16 kHz.
    pub fn new(needed_16k: usize) -> Self {
        Self {
            enabled: true,
            phase: Phase::Awake,
            needed_16k: needed_16k.max(LEAST_16K),
            faded: false,
        }
    }

    /// With `false`, the models always run.
    pub fn enable(&mut self, enabled: bool) {
        self.enabled = enabled;
        self.phase = Phase::Awake;
    }

    /// The models must run on the next hop.
    pub fn wake(&mut self) {
        self.phase = Phase::Awake;
    }

    /// The next hop does not continue the one before.
    pub fn restart(&mut self) {
        self.phase = Phase::Awake;
        self.faded = false;
    }

    /// Begins a hop of `new` frames after `silent_16k` samples of silence. If it rests: the frames that the encoder was
    /// given last, whose embeddings hold again. After a hop that was left out there are more new frames than those.
    pub fn begin(&mut self, silent_16k: usize, new: usize) -> Option<usize> {
        match self.phase {
            Phase::Settled { new: before, encoded } | Phase::Resting { new: before, encoded }
                if before == new && self.is_silent(silent_16k) =>
            {
                self.phase = Phase::Resting { new, encoded };
                Some(encoded)
            }
            _ => {
                self.phase = Phase::Awake;
                None
            }
        }
    }

    /// The models have run for `new` frames, of `encoded` that the encoder was given. `settled`: they would return the
    /// same for the same input.
    pub fn ran(
        &mut self,
        silent_16k: usize,
        (new, encoded): (usize, usize),
        settled: bool,
        output: &mut [f32],
    ) {
        if self.is_silent(silent_16k) && (settled || silent_16k >= self.needed_16k + UNSETTLED_16K) {
            self.phase = Phase::Settled { new, encoded };
            fade(output, |part| 1.0 - part);
            self.faded = true;
        } else if std::mem::take(&mut self.faded) {
            // The newest sound in a hop is not in the first milliseconds of its output: the models look ahead.
            let len = output.len() / FADE_PART;
            fade(&mut output[..len], |part| part);
        }
    }

    fn is_silent(&self, silent_16k: usize) -> bool {
        self.enabled && silent_16k >= self.needed_16k
    }
}

/// The fade-in takes this part of a hop.
const FADE_PART: usize = 4;

fn fade(samples: &mut [f32], gain_at: impl Fn(f32) -> f32) {
    #[expect(clippy::cast_precision_loss, reason = "a hop of a few thousand samples")]
    let len = samples.len().max(1) as f32;
    for (n, sample) in samples.iter_mut().enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a hop of a few thousand samples")]
        let part = (n + 1) as f32 / len;
        *sample *= gain_at(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs hops of 320 samples, each after this much silence; returns which of them rested, and the outputs for ones.
    fn hops(rest: &mut Rest, silent_16k: &[usize], settled: bool) -> (Vec<bool>, Vec<[f32; 8]>) {
        silent_16k
            .iter()
            .map(|&silent| {
                let rests = rest.begin(silent, 1).is_some();
                let mut output = [if rests { 0.0 } else { 1.0 }; 8];
                if !rests {
                    rest.ran(silent, (1, 3), settled, &mut output);
                }
                (rests, output)
            })
            .unzip()
    }

    #[test]
    fn models_rest_from_the_second_silent_hop_on_and_output_fades_out_and_in() {
        let mut rest = Rest::new(16_640);
        let silent_16k = [16_000, 16_320, 16_640, 16_960, 17_280, 100, 420];
        let (rested, outputs) = hops(&mut rest, &silent_16k, true);
        assert_eq!(rested, [false, false, false, true, true, false, false]);
        assert_eq!((outputs[1], outputs[6]), ([1.0; 8], [1.0; 8]));
        assert!(outputs[2].is_sorted_by(|a, b| a > b) && outputs[2][7] == 0.0);
        assert_eq!(outputs[5], [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn an_unsettled_state_rests_after_two_seconds_more() {
        let silence: Vec<usize> = (0..600).map(|hop| 320 * hop).collect();
        let (rested, _) = hops(&mut Rest::new(320), &silence, false);
        assert_eq!(rested.iter().position(|&rests| rests), Some(151));
    }

    #[test]
    fn a_hop_after_a_restart_in_silence_is_not_faded_in() {
        let mut rest = Rest::new(0);
        hops(&mut rest, &[99_000; 3], true);
        rest.restart();
        assert_eq!(hops(&mut rest, &[0], true).1, [[1.0; 8]]);
    }

    #[test]
    fn a_hop_with_the_frames_of_one_that_was_left_out_does_not_rest() {
        let mut rest = Rest::new(0);
        assert_eq!(hops(&mut rest, &[99_000; 3], true).0, [false, true, true]);
        assert_eq!(rest.begin(99_000, 2), None);
        assert_eq!(hops(&mut rest, &[99_000; 2], true).0, [false, true]);
    }

    #[test]
    fn a_disabled_rest_never_rests() {
        let mut rest = Rest::new(0);
        rest.enable(false);
        assert_eq!(hops(&mut rest, &[99_000; 9], true).0, [false; 9]);
    }
}
