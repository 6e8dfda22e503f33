//! A frame's length, and intervals between pitches.

/// Length of a frame.
pub const FRAME_MS: f32 = 10.0;

/// How many octaves `to` is above `from`.
#[must_use]
pub fn octaves_between(from_hz: f32, to_hz: f32) -> f32 {
    (to_hz / from_hz).log2()
}

/// A pitch in semitones as MIDI counts them: 69 = 440 Hz.
#[must_use]
pub fn note_of_hz(hz: f32) -> f32 {
    69.0 + 12.0 * octaves_between(440.0, hz)
}

/// The inverse of [`note_of_hz`].
#[must_use]
pub fn hz_of_note(note: f32) -> f32 {
    440.0 * ((note - 69.0) / 12.0).exp2()
}
