//! A frame's length, and intervals between pitches.

/// Length of a frame.
pub const FRAME_MS: f32 = 10.0;

/// How many octaves `to` is above `from`.
#[must_use]
pub fn octaves_between(from_hz: f32, to_hz: f32) -> f32 {
    (to_hz / from_hz).log2()
}
