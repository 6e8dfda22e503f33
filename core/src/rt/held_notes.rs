//! The notes that are held on a keyboard, of which one sounds.

/// Notes that are remembered at a time; of more, the oldest are forgotten.
const MOST: usize = 32;

/// A held note.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Held {
    channel: u8,
    key: u8,
    /// Semitones by which the note alone is tuned (per-note expression).
    tuning_st: f32,
}

/// Held notes in the order in which they were struck. The last one sounds; when it is released, the one before it.
///
/// # Real-time
/// Nothing allocates.
#[derive(Clone, Debug, Default)]
pub struct HeldNotes {
    notes: [Held; MOST],
    count: usize,
}

impl HeldNotes {
    /// A key is struck. Numbers are those of MIDI: channels 0 to 15, keys 0 to 127, 60 = middle C.
    pub fn strike(&mut self, channel: u8, key: u8) {
        self.release(Some(channel), Some(key));
        if self.count == MOST {
            self.remove(0);
        }
        self.notes[self.count] = Held {
            channel,
            key,
            tuning_st: 0.0,
        };
        self.count += 1;
    }

    /// Keys are released: `None` means every channel or key.
    pub fn release(&mut self, channel: Option<u8>, key: Option<u8>) {
        for n in (0..self.count).rev() {
            if self.notes[n].is(channel, key) {
                self.remove(n);
            }
        }
    }

    /// Tunes held notes by semitones; ignored where that is no number.
    pub fn tune(&mut self, channel: Option<u8>, key: Option<u8>, semitones: f32) {
        for note in &mut self.notes[..self.count] {
            if note.is(channel, key) && semitones.is_finite() {
                note.tuning_st = semitones;
            }
        }
    }

    /// True if it is the note that sounds.
    #[must_use]
    pub fn sounds(&self, channel: Option<u8>, key: Option<u8>) -> bool {
        self.newest().is_some_and(|note| note.is(channel, key))
    }

    /// The note that sounds, with its own tuning; `None` without a held key.
    #[must_use]
    pub fn note(&self) -> Option<f32> {
        self.newest().map(|note| f32::from(note.key) + note.tuning_st)
    }

    fn newest(&self) -> Option<&Held> {
        self.notes[..self.count].last()
    }

    fn remove(&mut self, n: usize) {
        self.notes.copy_within(n + 1..self.count, n);
        self.count -= 1;
    }
}

impl Held {
    fn is(&self, channel: Option<u8>, key: Option<u8>) -> bool {
        channel.is_none_or(|channel| channel == self.channel) && key.is_none_or(|key| key == self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_struck_note_sounds_and_after_it_the_one_before() {
        let mut notes = HeldNotes::default();
        assert_eq!(notes.note(), None);
        notes.strike(0, 60);
        notes.strike(0, 64);
        notes.strike(0, 67);
        assert_eq!(notes.note(), Some(67.0));
        notes.release(Some(0), Some(64));
        assert_eq!(notes.note(), Some(67.0));
        notes.release(Some(0), Some(67));
        assert_eq!(notes.note(), Some(60.0));
        notes.release(None, Some(60));
        assert_eq!(notes.note(), None);
    }

    #[test]
    fn a_note_struck_twice_is_held_once_and_channels_are_told_apart() {
        let mut notes = HeldNotes::default();
        notes.strike(1, 60);
        notes.strike(2, 62);
        notes.strike(1, 60);
        assert!(notes.sounds(Some(1), Some(60)) && notes.sounds(Some(1), None));
        notes.release(Some(2), Some(60));
        assert_eq!(notes.note(), Some(60.0));
        notes.release(Some(1), Some(60));
        assert_eq!(notes.note(), Some(62.0));
        notes.release(None, None);
        assert_eq!(notes.note(), None);
    }

    #[test]
    fn of_more_notes_than_can_be_remembered_the_oldest_are_forgotten() {
        let mut notes = HeldNotes::default();
        (0..100).for_each(|key| notes.strike(0, key));
        assert_eq!(notes.note(), Some(99.0));
        (69..100).for_each(|key| notes.release(Some(0), Some(key)));
        assert_eq!(notes.note(), Some(68.0));
        notes.release(Some(0), Some(68));
        assert_eq!(notes.note(), None);
    }

    #[test]
    fn a_note_is_tuned_alone_and_only_by_numbers() {
        let mut notes = HeldNotes::default();
        notes.strike(0, 60);
        notes.strike(0, 64);
        notes.tune(Some(0), Some(64), 0.5);
        notes.tune(Some(0), Some(60), f32::NAN);
        assert_eq!(notes.note(), Some(64.5));
        notes.release(None, Some(64));
        assert_eq!(notes.note(), Some(60.0));
    }
}
