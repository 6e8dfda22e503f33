//! The input gate: sound near the noise floor becomes exact silence before the encoder.
//!
//! It works on the 16 kHz input in steps of 5 ms and adds no latency: a step is available as a whole, so the gate opens during
//! the step whose level opens it. The noise floor is the lowest level (RMS over 20 ms) of the last 2.5 to 3 seconds,
//! because even fast speech pauses that often. In the first second of a stream the floor is unknown, and the gate stays open.

use crate::controls::Gate;

/// Samples at 16 kHz in a step.
const STEP_16K: usize = 80;
/// Number of steps over which a level is measured (20 ms: one period of mains hum).
const LEVEL_STEPS: usize = 4;
const STEP_SHARE: f32 = 0.25;
/// The floor is measured over several parts: number of steps per part (0.5 s), and number of parts.
const PART_STEPS: usize = 100;
const PARTS: usize = 5;
/// Number of parts after which the floor is known.
const KNOWN_PARTS: usize = 2;
/// Steps at the beginning of a stream that are not used for the floor: resamplers and noise suppression fill (40 ms).
const STARTING_STEPS: usize = 8;
/// Decrease of the gain per step while the gate closes (50 ms in total).
const CLOSING: f32 = 0.1;

/// Limits, as powers.
struct Limits {
    /// The gate opens at this many times the floor, or at this level.
    open: (f32, f32),
    /// The gate closes below these.
    close: (f32, f32),
    /// Number of steps below them before it closes.
    hold_steps: usize,
}

/// +8 dB, -35 dBFS; +5 dB, -38 dBFS; 300 ms.
const GENTLE: Limits = Limits {
    open: (6.3, 3.2e-4),
    close: (3.2, 1.6e-4),
    hold_steps: 60,
};
/// +14 dB, -26 dBFS; +9 dB, -30 dBFS; 150 ms.
const STRONG: Limits = Limits {
    open: (25.0, 2.5e-3),
    close: (8.0, 1e-3),
    hold_steps: 30,
};

/// The gate's state.
pub struct NoiseGate {
    /// Powers of the last steps, and the index of the next one.
    powers: [f32; LEVEL_STEPS],
    next: usize,
    /// The lowest powers of the last parts, newest first, and of the current one.
    lowest: [f32; PARTS],
    lowest_now: f32,
    steps: usize,
    parts: usize,
    is_open: bool,
    held_steps: usize,
    gain: f32,
}

impl Default for NoiseGate {
    fn default() -> Self {
        Self {
            powers: [0.0; LEVEL_STEPS],
            next: 0,
            lowest: [f32::MAX; PARTS],
            lowest_now: f32::MAX,
            steps: 0,
            parts: 0,
            is_open: true,
            held_steps: 0,
            gain: 1.0,
        }
    }
}

impl NoiseGate {
    /// Gates whole steps of 5 ms in place. `setting_at` returns the setting of a 10 ms piece.
    pub fn process(&mut self, samples_16k: &mut [f32], setting_at: impl Fn(usize) -> Gate) {
        for (n, step) in samples_16k.chunks_mut(STEP_16K).enumerate() {
            let level = self.measure(step);
            let limits = match setting_at(n / 2) {
                Gate::Off => None,
                Gate::Gentle => Some(&GENTLE),
                Gate::Strong => Some(&STRONG),
            };
            self.decide(level, limits);
            self.fade(step);
        }
    }

    /// The power of the last 20 ms; updates the floor.
    fn measure(&mut self, step: &[f32]) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "a few dozen samples")]
        let len = step.len().max(1) as f32;
        self.powers[self.next] = step.iter().map(|x| x * x).sum::<f32>() / len;
        self.next = (self.next + 1) % LEVEL_STEPS;
        let level = self.powers.iter().sum::<f32>() * STEP_SHARE;
        self.steps += 1;
        if self.parts > 0 || self.steps > STARTING_STEPS {
            self.lowest_now = self.lowest_now.min(level);
        }
        if self.steps == PART_STEPS {
            self.steps = 0;
            self.parts += 1;
            self.lowest.rotate_right(1);
            self.lowest[0] = std::mem::replace(&mut self.lowest_now, f32::MAX);
        }
        level
    }

    fn floor(&self) -> f32 {
        if self.parts < KNOWN_PARTS {
            return 0.0;
        }
        self.lowest.iter().copied().fold(self.lowest_now, f32::min)
    }

    fn decide(&mut self, level: f32, limits: Option<&Limits>) {
        let Some(limits) = limits else {
            self.is_open = true;
            return;
        };
        let floor = self.floor();
        let at = |(times, most): (f32, f32)| (times * floor).min(most);
        if level > at(limits.open) {
            self.is_open = true;
            self.held_steps = limits.hold_steps;
        } else if level > at(limits.close) {
            if self.is_open {
                self.held_steps = limits.hold_steps;
            }
        } else if self.held_steps > 0 {
            self.held_steps -= 1;
        } else {
            self.is_open = false;
        }
    }

    fn fade(&mut self, step: &mut [f32]) {
        let from = self.gain;
        self.gain = if self.is_open {
            1.0
        } else {
            (from - CLOSING).max(0.0)
        };
        if from >= 1.0 && self.is_open {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "a few dozen samples")]
        let len = step.len().max(1) as f32;
        for (n, sample) in step.iter_mut().enumerate() {
            #[expect(clippy::cast_precision_loss, reason = "a few dozen samples")]
            let part = (n + 1) as f32 / len;
            *sample *= from + (self.gain - from) * part;
        }
        if from <= 0.0 && !self.is_open {
            // Written explicitly, so that zeros have no sign.
            step.fill(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: usize = 16_000;

    fn noise(db: f32, len: usize) -> Vec<f32> {
        let mut random = 1_u64;
        let amplitude = 10.0_f32.powf(db / 20.0) * 3.0_f32.sqrt();
        let mut next = || {
            random = crate::dsp::noise::mix(random);
            (random >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
        };
        (0..len).map(|_| amplitude * next()).collect()
    }

    /// Adds words of 300 ms with 200 ms between them, from `from` on.
    fn add_words(signal: &mut [f32], db: f32, from: usize) {
        let amplitude = 10.0_f32.powf(db / 20.0) * 2.0_f32.sqrt();
        for (n, sample) in signal.iter_mut().enumerate().skip(from) {
            if (n - from) % 8_000 < 4_800 {
                *sample += amplitude * (n as f32 * 0.12).sin();
            }
        }
    }

    fn gated(signal: &[f32], setting: Gate) -> Vec<f32> {
        let mut gate = NoiseGate::default();
        let mut output = signal.to_vec();
        for hop in output.chunks_mut(320) {
            gate.process(hop, |_| setting);
        }
        output
    }

    #[test]
    fn steady_noise_becomes_exact_silence_after_2_seconds_up_to_the_settings_level() {
        for (db, setting, silent) in [
            (-50.0, Gate::Gentle, true),
            (-35.0, Gate::Gentle, false),
            (-35.0, Gate::Strong, true),
            (-20.0, Gate::Strong, false),
            (-50.0, Gate::Off, false),
        ] {
            let signal = noise(db, 6 * SECOND);
            let output = gated(&signal, setting);
            let rest = &output[2 * SECOND..];
            assert_eq!(rest.iter().all(|&x| x == 0.0), silent, "{db} dBFS, {setting:?}");
            if !silent {
                assert_eq!(rest, &signal[2 * SECOND..], "{db} dBFS, {setting:?}: bit for bit");
            }
        }
    }

    #[test]
    fn words_15_db_above_the_noise_are_whole_and_the_noise_between_sentences_is_not_heard() {
        let mut signal = noise(-55.0, 10 * SECOND);
        let words = 4 * SECOND;
        add_words(&mut signal[..7 * SECOND], -40.0, words);
        let output = gated(&signal, Gate::Gentle);
        assert!(output[3 * SECOND..words].iter().all(|&x| x == 0.0));
        // Open after the 5 ms of the step in which the first word begins.
        assert_eq!(output[words + 80..7 * SECOND], signal[words + 80..7 * SECOND]);
        assert!(output[8 * SECOND..].iter().all(|&x| x == 0.0));
    }

    #[test]
    fn speech_of_minus_68_dbfs_without_noise_passes_bit_for_bit() {
        let mut signal = vec![0.0; 8 * SECOND];
        add_words(&mut signal, -68.0, SECOND);
        let output = gated(&signal, Gate::Gentle);
        let words = 2 * SECOND..8 * SECOND;
        assert_eq!(output[words.clone()], signal[words]);
    }

    #[test]
    fn a_level_between_the_two_limits_neither_opens_nor_closes_the_gate() {
        // 6.3 dB above the floor: above the closing limit, below the opening limit.
        let mut signal = noise(-60.0, 8 * SECOND);
        let (between, loud) = (noise(-53.7, 8 * SECOND), noise(-40.0, 8 * SECOND));
        let (before, opening) = (3 * SECOND..4 * SECOND, 4 * SECOND..4 * SECOND + 1_600);
        let after = opening.end..5 * SECOND;
        for (part, from) in [
            (before.clone(), &between),
            (opening, &loud),
            (after.clone(), &between),
        ] {
            signal[part.clone()].copy_from_slice(&from[part]);
        }
        let output = gated(&signal, Gate::Gentle);
        assert!(output[before].iter().all(|&x| x == 0.0), "it opened");
        assert_eq!(output[after.clone()], signal[after], "it closed");
    }
}
