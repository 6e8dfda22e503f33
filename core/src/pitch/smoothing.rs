//! Smoothing of the pitch track.

use super::frame::FRAME_MS;

/// A first-order low-pass over the logarithm of the pitch. It looks back only, so it adds no latency; each voiced stretch
/// begins at its own pitch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Smoothing {
    /// Base-2 logarithm of the pitch that was put out last; `None` after an unvoiced frame.
    last: Option<f32>,
}

impl Smoothing {
    /// The pitch of the next frame; 0 = unvoiced. `time_ms` is the time constant; 0 = unchanged.
    pub fn next(&mut self, f0_hz: f32, time_ms: f32) -> f32 {
        if f0_hz <= 0.0 {
            self.last = None;
            return f0_hz;
        }
        let new = f0_hz.log2();
        match self.last.filter(|_| time_ms > 0.0) {
            Some(last) => {
                let smooth = last + (new - last) * (1.0 - (-FRAME_MS / time_ms).exp());
                self.last = Some(smooth);
                smooth.exp2()
            }
            None => {
                self.last = Some(new);
                f0_hz
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_followed_to_63_percent_of_its_octaves_within_the_time_constant() {
        let mut smoothing = Smoothing::default();
        assert_eq!(smoothing.next(100.0, 50.0), 100.0);
        let steps: Vec<f32> = (0..5).map(|_| smoothing.next(200.0, 50.0)).collect();
        // 100 * 2^(1 - exp(-n / 5)) Hz.
        for (got, wanted) in steps.iter().zip([113.388, 125.673, 136.717, 146.477, 154.984]) {
            assert!((got - wanted).abs() < 0.01, "{got}, expected {wanted}");
        }
    }

    #[test]
    fn a_voiced_stretch_begins_at_its_own_pitch() {
        let mut smoothing = Smoothing::default();
        smoothing.next(100.0, 50.0);
        assert_eq!(smoothing.next(0.0, 50.0), 0.0);
        assert_eq!(smoothing.next(300.0, 50.0), 300.0);
    }

    #[test]
    fn at_0_ms_every_pitch_is_unchanged() {
        let mut smoothing = Smoothing::default();
        for hz in [100.0, 733.3, 0.0, 51.7, 99.9] {
            assert_eq!(smoothing.next(hz, 0.0), hz);
        }
    }
}
