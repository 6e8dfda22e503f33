//! Draws the pitch to the notes of a scale.

use super::frame::{FRAME_MS, hz_of_note, note_of_hz};
use crate::controls::Snap;

/// Another note must be nearer than the present one by this, in semitones, so that a pitch between two notes does not flutter.
const HYSTERESIS_ST: f32 = 0.2;

/// The note that the pitch is drawn to, and how far it has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct ScaleSnap {
    /// As MIDI counts them; `None` before a voiced stretch.
    note: Option<f32>,
    /// Semitones that are added at full strength.
    correction_st: f32,
}

impl ScaleSnap {
    /// The pitch of the next frame; 0 = unvoiced. At strength 0 it is unchanged.
    pub fn next(&mut self, f0_hz: f32, snap: &Snap) -> f32 {
        // Written so that a strength that is no number counts as 0.
        if !(snap.strength > 0.0 && f0_hz > 0.0) {
            *self = Self::default();
            return f0_hz;
        }
        let pitch = note_of_hz(f0_hz);
        let nearest = nearest_note(pitch, snap);
        let stays = |note: &f32| {
            nearest_note(*note, snap) == *note
                && (pitch - note).abs() < (pitch - nearest).abs() + HYSTERESIS_ST
        };
        let note = self.note.filter(stays).unwrap_or(nearest);
        self.note = Some(note);
        let part = if snap.speed_ms > 0.0 {
            1.0 - (-FRAME_MS / snap.speed_ms).exp()
        } else {
            1.0
        };
        self.correction_st += (note - pitch - self.correction_st) * part;
        hz_of_note(pitch + snap.strength.min(1.0) * self.correction_st)
    }
}

/// The scale's note that is nearest to a pitch; the lower of two.
fn nearest_note(pitch: f32, snap: &Snap) -> f32 {
    let key = f32::from(snap.key % 12);
    let octave = ((pitch - key) / 12.0).floor() * 12.0 + key;
    let notes = snap.scale.notes().iter().map(|&note| octave + f32::from(note));
    let below = octave - 12.0 + f32::from(*snap.scale.notes().last().unwrap_or(&0));
    let around = std::iter::once(below).chain(notes).chain([octave + 12.0]);
    around.fold(f32::NEG_INFINITY, |best, note| {
        if (note - pitch).abs() < (best - pitch).abs() {
            note
        } else {
            best
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls::Scale;

    fn snap(scale: Scale, key: u8) -> Snap {
        Snap {
            strength: 1.0,
            key,
            scale,
            speed_ms: 0.0,
        }
    }

    #[test]
    fn pitches_reach_the_nearest_note_of_the_scale() {
        for (scale, key, pitch, expected) in [
            (Scale::Chromatic, 0, 60.4, 60.0),
            (Scale::Chromatic, 7, 60.6, 61.0),
            (Scale::Major, 0, 61.1, 62.0),
            (Scale::Major, 0, 60.9, 60.0),
            (Scale::Major, 0, 71.6, 72.0),
            (Scale::Minor, 9, 68.4, 69.0),
            (Scale::HarmonicMinor, 9, 68.4, 68.0),
            (Scale::Dorian, 2, 70.8, 71.0),
            (Scale::Mixolydian, 0, 71.1, 72.0),
            (Scale::MajorPentatonic, 0, 65.4, 64.0),
            (Scale::MinorPentatonic, 11, 60.0, 59.0),
            (Scale::Blues, 0, 66.2, 66.0),
        ] {
            let hz = ScaleSnap::default().next(hz_of_note(pitch), &snap(scale, key));
            let note = note_of_hz(hz);
            assert!(
                (note - expected).abs() < 0.001,
                "{scale:?} on {key}: {pitch} gives {note}"
            );
        }
    }

    #[test]
    fn half_the_strength_goes_half_the_way() {
        let half = Snap {
            strength: 0.5,
            ..snap(Scale::Chromatic, 0)
        };
        let note = note_of_hz(ScaleSnap::default().next(hz_of_note(60.4), &half));
        assert!((note - 60.2).abs() < 0.001, "{note}");
    }

    #[test]
    fn a_note_is_reached_to_63_percent_within_the_time_constant() {
        let mut stage = ScaleSnap::default();
        let slow = Snap {
            speed_ms: 50.0,
            ..snap(Scale::Chromatic, 0)
        };
        let notes: Vec<f32> = (0..5)
            .map(|_| note_of_hz(stage.next(hz_of_note(60.4), &slow)))
            .collect();
        // 60.4 - 0.4 (1 - exp(-n / 5)).
        for (note, expected) in notes.iter().zip([60.3275, 60.2681, 60.2195, 60.1797, 60.1472]) {
            assert!((note - expected).abs() < 0.001, "{note}, expected {expected}");
        }
    }

    #[test]
    fn a_pitch_between_two_notes_stays_on_its_note() {
        let mut stage = ScaleSnap::default();
        let settings = snap(Scale::Chromatic, 0);
        let mut note = |pitch: f32| note_of_hz(stage.next(hz_of_note(pitch), &settings)).round();
        assert_eq!([60.4, 60.55, 60.45, 60.58].map(&mut note), [60.0; 4]);
        assert_eq!(note(60.7), 61.0);
        assert_eq!(note(60.45), 61.0, "and back only with a distance");
    }

    #[test]
    fn at_strength_0_every_pitch_is_unchanged() {
        let mut stage = ScaleSnap::default();
        for strength in [0.0, f32::NAN] {
            let off = Snap {
                strength,
                ..Snap::default()
            };
            for hz in [0.0, 51.3, 987.1, 220.0] {
                assert_eq!(stage.next(hz, &off), hz);
            }
        }
    }
}
