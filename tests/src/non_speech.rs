//! Synthetic sounds other than speech, at 16 kHz.

use crate::signal::noise;

const RATE_HZ: f32 = 16_000.0;

/// A formant: a filter with two poles and no zeros.
struct Resonator {
    a: [f32; 2],
    past: [f32; 2],
    gain: f32,
}

impl Resonator {
    fn new(hz: f32, width_hz: f32) -> Self {
        let radius = (-std::f32::consts::PI * width_hz / RATE_HZ).exp();
        let angle = std::f32::consts::TAU * hz / RATE_HZ;
        Self {
            a: [2.0 * radius * angle.cos(), -radius * radius],
            past: [0.0; 2],
            gain: (1.0 - radius)
                * (1.0 + radius - 2.0 * radius * (2.0 * angle).cos())
                    .max(0.01)
                    .sqrt(),
        }
    }

    fn next(&mut self, x: f32) -> f32 {
        let y = self.gain * x + self.a[0] * self.past[0] + self.a[1] * self.past[1];
        self.past = [y, self.past[0]];
        y
    }
}

/// Breathing in and out, twice in three seconds: quiet noise through wide formants.
#[must_use]
pub fn breath() -> Vec<f32> {
    let mut inhale = [Resonator::new(1_400.0, 900.0), Resonator::new(3_200.0, 1_500.0)];
    let mut exhale = [Resonator::new(700.0, 700.0), Resonator::new(1_700.0, 1_200.0)];
    noise(41, 48_000)
        .into_iter()
        .enumerate()
        .map(|(n, x)| {
            let t = (n as f32 / RATE_HZ) % 1.5;
            let envelope = |from: f32, to: f32| {
                let part = (t - from) / (to - from);
                if (0.0..1.0).contains(&part) {
                    (std::f32::consts::PI * part).sin().powi(2)
                } else {
                    0.0
                }
            };
            let a: f32 = inhale.iter_mut().map(|formant| formant.next(x)).sum();
            let b: f32 = exhale.iter_mut().map(|formant| formant.next(x)).sum();
            0.15 * (a * envelope(0.05, 0.6) + b * envelope(0.7, 1.4))
        })
        .collect()
}

/// Laughter: five bursts a second with falling pitch, and breath noise between them.
#[must_use]
pub fn laugh() -> Vec<f32> {
    let mut formants = [
        Resonator::new(850.0, 120.0),
        Resonator::new(1_350.0, 140.0),
        Resonator::new(2_700.0, 220.0),
    ];
    let mut phase = 0.0_f32;
    noise(43, 32_000)
        .into_iter()
        .enumerate()
        .map(|(n, x)| {
            let t = n as f32 / RATE_HZ;
            let burst_part = (t * 5.0).fract();
            let f0_hz = 330.0 - 70.0 * t - 60.0 * burst_part;
            phase += f0_hz / RATE_HZ;
            let pulse = if phase >= 1.0 { 8.0 } else { 0.0 };
            phase = phase.fract();
            let voiced = if burst_part < 0.55 {
                (std::f32::consts::PI * burst_part / 0.55).sin()
            } else {
                0.0
            };
            let source = voiced * pulse + 0.35 * (1.0 - voiced) * x;
            0.6 * formants
                .iter_mut()
                .map(|formant| formant.next(source))
                .sum::<f32>()
        })
        .collect()
}

/// A sine of 2 kHz.
#[must_use]
pub fn sine_2_khz() -> Vec<f32> {
    (0..32_000)
        .map(|n| 0.3 * (n as f32 * 2_000.0 * std::f32::consts::TAU / RATE_HZ).sin())
        .collect()
}
