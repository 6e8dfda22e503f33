//! The note that drives the pitch, sample by sample.

use super::glide::Glide;

/// Glides from note to note while one is held; the first note after a pause begins at its own pitch.
#[derive(Clone, Copy, Debug)]
pub struct NoteGlide {
    glide: Glide,
    held: bool,
}

impl Default for NoteGlide {
    fn default() -> Self {
        Self {
            glide: Glide::new(0.0),
            held: false,
        }
    }
}

impl NoteGlide {
    /// Sets the note from `position` on, in semitones as MIDI counts them; `None` = no key is held. A note after another one
    /// is reached within `samples`.
    pub fn set(&mut self, note: Option<f32>, position: u64, samples: f32) {
        match note {
            Some(note) if self.held => self.glide.set(note, position, samples),
            Some(note) => self.glide = Glide::new(note),
            None => {}
        }
        self.held = note.is_some();
    }

    /// The note at a position.
    #[must_use]
    pub fn at(&self, position: u64) -> Option<f32> {
        self.held.then(|| self.glide.at(position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_after_another_is_reached_within_the_glide_time_the_first_at_once() {
        let mut glide = NoteGlide::default();
        assert_eq!(glide.at(0), None);
        glide.set(Some(60.0), 100, 480.0);
        assert_eq!(glide.at(100), Some(60.0));
        glide.set(Some(72.0), 1_000, 480.0);
        assert_eq!(
            [1_000, 1_240, 1_480, 9_999].map(|at| glide.at(at)),
            [60.0, 66.0, 72.0, 72.0].map(Some)
        );
        glide.set(None, 10_000, 480.0);
        assert_eq!(glide.at(10_000), None);
        glide.set(Some(48.0), 11_000, 480.0);
        assert_eq!(glide.at(11_000), Some(48.0), "after a pause");
    }
}
