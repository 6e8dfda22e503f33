//! The interval from the speaker's median pitch to the target's.

use super::frame::octaves_between;

/// Largest interval in semitones.
const MOST_ST: f32 = 24.0;
/// Fastest movement within a voiced stretch, per frame of 10 ms (20 semitones a second).
const STEP_ST: f32 = 0.2;

/// The automatic part of the transposition. It moves between voiced stretches, and slowly within them.
#[derive(Clone, Copy, Debug, Default)]
pub struct AutoOffset {
    semitones: f32,
}

impl AutoOffset {
    /// Semitones to add at the next frame; 0 while it is off or one of the medians is not known.
    pub fn next(
        &mut self,
        on: bool,
        speaker_hz: Option<f32>,
        target_hz: Option<f32>,
        is_voiced: bool,
    ) -> f32 {
        if !on {
            self.semitones = 0.0;
            return 0.0;
        }
        let goal = interval_st(speaker_hz, target_hz).unwrap_or(0.0);
        let step = if is_voiced { STEP_ST } else { f32::INFINITY };
        self.semitones = goal.clamp(self.semitones - step, self.semitones + step);
        self.semitones
    }
}

/// Semitones from the speaker's to the target's pitch, at most two octaves.
#[must_use]
pub fn interval_st(speaker_hz: Option<f32>, target_hz: Option<f32>) -> Option<f32> {
    let interval = 12.0 * octaves_between(speaker_hz?, target_hz?);
    interval.is_finite().then(|| interval.clamp(-MOST_ST, MOST_ST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_the_interval_between_the_medians() {
        let mut offset = AutoOffset::default();
        let mut next = |speaker, target| offset.next(true, speaker, target, false);
        assert_eq!(next(None, Some(200.0)), 0.0);
        assert_eq!(next(Some(100.0), None), 0.0);
        assert_eq!(next(Some(100.0), Some(200.0)), 12.0);
        assert!((next(Some(185.0), Some(111.0)) + 8.843).abs() < 0.001);
        assert_eq!(next(Some(60.0), Some(900.0)), 24.0);
    }

    #[test]
    fn within_a_voiced_stretch_the_offset_moves_by_a_fifth_of_a_semitone_per_frame() {
        let mut offset = AutoOffset::default();
        let mut next = |is_voiced| offset.next(true, Some(100.0), Some(200.0), is_voiced);
        assert_eq!([next(true), next(true)], [0.2, 0.4]);
        assert_eq!(next(false), 12.0);
    }

    #[test]
    fn switched_off_there_is_no_offset() {
        let mut offset = AutoOffset::default();
        offset.next(true, Some(100.0), Some(200.0), false);
        assert_eq!(offset.next(false, Some(100.0), Some(200.0), true), 0.0);
        assert_eq!(offset.next(true, Some(100.0), Some(200.0), true), 0.2);
    }
}
