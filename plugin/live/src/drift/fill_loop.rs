//! From the amount of audio under way to the speed at which it is read.

/// Time over which the measured amount is averaged: callbacks arrive with jitter.
const SMOOTHING_S: f64 = 0.5;
/// Natural frequency of the loop. A step of 100 ppm moves the amount by `1e-4 / (e * 0.2)` s, nine samples at 48 kHz.
const OMEGA_PER_S: f64 = 0.2;
/// Critically damped: the amount returns to its target without swinging.
const DAMPING: f64 = 1.0;
/// Largest change of speed: 3.5 cents. No pair of working devices needs more.
const MAX_CORRECTION: f64 = 2e-3;

/// A proportional-integral controller: in, the deviation of the amount from its target; out, the relative speed.
///
/// # Real-time
/// Arithmetic.
#[derive(Clone, Debug, Default)]
pub struct FillLoop {
    smoothed_s: f64,
    integral: f64,
}

impl FillLoop {
    /// Forgets the deviation, but keeps the drift that was learned.
    pub fn restart(&mut self) {
        self.smoothed_s = 0.0;
    }

    /// `deviation_s`: seconds of audio above the target; `elapsed_s`: time since the last call. Returns by how much
    /// faster than its nominal rate the audio has to be read (1e-4 = 100 ppm).
    pub fn next(&mut self, deviation_s: f64, elapsed_s: f64) -> f64 {
        let weight = (elapsed_s / SMOOTHING_S).clamp(0.0, 1.0);
        self.smoothed_s += weight * (deviation_s - self.smoothed_s);
        let proportional = 2.0 * DAMPING * OMEGA_PER_S * self.smoothed_s;
        let integral = self.integral + OMEGA_PER_S * OMEGA_PER_S * self.smoothed_s * elapsed_s;
        let wanted = proportional + integral;
        // The integral rests while the correction is at its limit, or it would overshoot later.
        if wanted.abs() <= MAX_CORRECTION {
            self.integral = integral;
        }
        wanted.clamp(-MAX_CORRECTION, MAX_CORRECTION)
    }

    /// The difference of the two clocks as learned so far, in parts per million.
    #[must_use]
    pub fn drift_ppm(&self) -> f64 {
        self.integral * 1e6
    }
}
