//! The mono signal that the voice gets from a stereo input.

use super::ramp::Ramp;

/// The part of a stereo input that is converted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InputChoice {
    /// The mean of both channels.
    Sum,
    /// The left channel.
    Left,
    /// The right channel.
    Right,
    /// Half the difference of both.
    Side,
    /// The sum; if both channels cancel each other in it (one is wired with inverted polarity), the side.
    #[default]
    Auto,
}

/// Time over which levels are compared.
const LEVEL_MS: f32 = 20.0;
/// Levels are compared above this frequency, because a constant offset on one channel is not speech.
const LOWEST_HZ: f32 = 60.0;
/// The side is chosen if it has this many times the sum's power (9 dB).
const TO_SIDE: f32 = 8.0;
/// The sum is chosen again if it has this many times the side's power (3 dB).
const TO_SUM: f32 = 2.0;
/// Time for which that must be true.
const HOLD_MS: f32 = 20.0;
/// Power below which nothing is decided (-90 dBFS).
const LEAST_POWER: f32 = 1e-9;

/// Mixes two channels to one, sample by sample, so that the result does not depend on how blocks are cut.
///
/// # Real-time
/// Yes.
pub struct InputMix {
    left: Ramp,
    right: Ramp,
    sum: Level,
    side: Level,
    choice: InputChoice,
    takes_side: bool,
    /// Number of samples for which the other signal has been better, and the number after which it is chosen.
    better: usize,
    hold: usize,
}

impl InputMix {
    /// Starts at the sum; a change takes two times `ramp_samples` (10 ms).
    pub fn new(ramp_samples: usize, rate_hz: f64) -> Self {
        let level = Level::new(rate_hz);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates; rates up to 384 kHz"
        )]
        let hold = (rate_hz as f32 * HOLD_MS / 1000.0) as usize;
        Self {
            left: Ramp::new(0.5, 2 * ramp_samples),
            right: Ramp::new(0.5, 2 * ramp_samples),
            sum: level,
            side: level,
            choice: InputChoice::Auto,
            takes_side: false,
            better: 0,
            hold,
        }
    }

    /// Starts a stream with this choice, without a fade.
    pub fn begin(&mut self, choice: InputChoice) {
        self.takes_side = false;
        self.better = 0;
        self.choice = choice;
        self.sum.reset();
        self.side.reset();
        let (left, right) = self.shares();
        self.left.snap(left);
        self.right.snap(right);
    }

    /// Fades to this choice from the next sample on.
    pub fn set(&mut self, choice: InputChoice) {
        self.choice = choice;
        self.aim();
    }

    /// The mono signal of one more sample.
    pub fn next(&mut self, left: f32, right: f32) -> f32 {
        let sum = self.sum.next(0.5 * (left + right));
        let side = self.side.next(0.5 * (left - right));
        let other = if self.takes_side {
            sum > LEAST_POWER && sum > TO_SUM * side
        } else {
            side > LEAST_POWER && side > TO_SIDE * sum
        };
        self.better = if other { self.better + 1 } else { 0 };
        if self.better > self.hold {
            self.better = 0;
            self.takes_side = !self.takes_side;
            self.aim();
        }
        left * self.left.tick() + right * self.right.tick()
    }

    fn aim(&mut self) {
        let (left, right) = self.shares();
        self.left.set(left);
        self.right.set(right);
    }

    fn shares(&self) -> (f32, f32) {
        match self.choice {
            InputChoice::Left => (1.0, 0.0),
            InputChoice::Right => (0.0, 1.0),
            InputChoice::Side => (0.5, -0.5),
            InputChoice::Auto if self.takes_side => (0.5, -0.5),
            InputChoice::Sum | InputChoice::Auto => (0.5, 0.5),
        }
    }
}

/// The power of a signal over the last [`LEVEL_MS`].
#[derive(Clone, Copy)]
struct Level {
    slow: f32,
    power: f32,
    slow_step: f32,
    power_step: f32,
}

impl Level {
    fn new(rate_hz: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "rates up to 384 kHz")]
        let rate_hz = rate_hz as f32;
        Self {
            slow: 0.0,
            power: 0.0,
            slow_step: 1.0 - (-std::f32::consts::TAU * LOWEST_HZ / rate_hz).exp(),
            power_step: 1.0 - (-1000.0 / (LEVEL_MS * rate_hz)).exp(),
        }
    }

    fn reset(&mut self) {
        self.slow = 0.0;
        self.power = 0.0;
    }

    fn next(&mut self, sample: f32) -> f32 {
        self.slow += (sample - self.slow) * self.slow_step;
        let fast = sample - self.slow;
        self.power += (fast * fast - self.power) * self.power_step;
        self.power
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: usize = 48_000;

    /// Syllables: a tone of 220 Hz under an envelope of 4 Hz.
    fn speech(n: usize) -> f32 {
        let t = n as f32 / RATE as f32;
        let envelope = 0.5 - 0.5 * (std::f32::consts::TAU * 4.0 * t).cos();
        0.3 * envelope * (std::f32::consts::TAU * 220.0 * t).sin()
    }

    fn mix() -> InputMix {
        let mut mix = InputMix::new(RATE / 100, RATE as f64);
        mix.begin(InputChoice::Auto);
        mix
    }

    fn decibels(signal: &[f32]) -> f32 {
        10.0 * (signal.iter().map(|x| x * x).sum::<f32>() / signal.len() as f32).log10()
    }

    /// Right = left times `right_of(n)`.
    fn play(mix: &mut InputMix, len: usize, right_of: impl Fn(usize) -> f32) -> Vec<f32> {
        (0..len)
            .map(|n| mix.next(speech(n), speech(n) * right_of(n)))
            .collect()
    }

    #[test]
    fn swapped_wire_is_as_loud_as_equal_channels_after_100_ms() {
        let equal = play(&mut mix(), 2 * RATE, |_| 1.0);
        let swapped = play(&mut mix(), 2 * RATE, |_| -1.0);
        // The wire is swapped for half a second in the middle.
        let changing = play(&mut mix(), 2 * RATE, |n| {
            if (RATE / 2..RATE).contains(&n) { -1.0 } else { 1.0 }
        });
        for (what, signal, from) in [
            ("from the start", &swapped, RATE / 10),
            ("after the swap", &changing, RATE * 6 / 10),
            ("after it was swapped back", &changing, RATE * 11 / 10),
        ] {
            let part = from..from + RATE * 4 / 10;
            let difference = decibels(&signal[part.clone()]) - decibels(&equal[part]);
            assert!(difference.abs() < 3.0, "{what}: {difference} dB");
        }
        let worst = |signal: &[f32]| {
            signal
                .windows(2)
                .map(|pair| (pair[1] - pair[0]).abs())
                .fold(0.0, f32::max)
        };
        assert!(
            worst(&changing[1..]) < 1.5 * worst(&equal),
            "{}",
            worst(&changing)
        );
    }

    #[test]
    fn usual_stereo_is_the_mean_bit_for_bit() {
        // One channel, both, louder on one side, and different noise on each.
        for (left, right, spread) in [
            (1.0, 0.0, 0.0),
            (1.0, 1.0, 0.0),
            (1.0, 0.2, 0.0),
            (1.0, 1.0, 0.2),
            (0.0, 0.0, 0.5),
        ] {
            let mut mix = mix();
            let mut random = 1_u64;
            let mut noise = || {
                random = crate::dsp::noise::mix(random);
                (random >> 40) as f32 / (1_u64 << 24) as f32 - 0.5
            };
            for n in 0..RATE {
                let a = left * speech(n) + spread * noise();
                let b = right * speech(n) + spread * noise();
                assert_eq!(mix.next(a, b).to_bits(), (0.5 * (a + b)).to_bits(), "{n}");
            }
        }
    }

    #[test]
    fn every_choice_is_reached_within_20_ms() {
        for (choice, expected) in [
            (InputChoice::Left, 0.5),
            (InputChoice::Right, 0.25),
            (InputChoice::Side, 0.125),
            (InputChoice::Sum, 0.375),
            (InputChoice::Auto, 0.375),
        ] {
            let mut mix = mix();
            mix.set(choice);
            let last = (0..=960).map(|_| mix.next(0.5, 0.25)).last();
            assert_eq!(last, Some(expected), "{choice:?}");
        }
    }
}
