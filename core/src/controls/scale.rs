//! Scales that a pitch can be drawn to.

/// How a pitch is drawn to the notes of a scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snap {
    /// 0 = the pitch is unchanged, 1 = it reaches the note.
    pub strength: f32,
    /// The scale's first note, in semitones above C (0 to 11).
    pub key: u8,
    /// Its notes.
    pub scale: Scale,
    /// Time constant with which the pitch reaches the note; 0 = at once.
    pub speed_ms: f32,
}

impl Default for Snap {
    fn default() -> Self {
        Self {
            strength: 0.0,
            key: 0,
            scale: Scale::Chromatic,
            speed_ms: 50.0,
        }
    }
}

/// The notes of an octave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// All twelve.
    #[default]
    Chromatic,
    /// Major.
    Major,
    /// Natural minor.
    Minor,
    /// Minor with a raised seventh.
    HarmonicMinor,
    /// Minor with a raised sixth.
    Dorian,
    /// Major with a lowered seventh.
    Mixolydian,
    /// Five notes of major.
    MajorPentatonic,
    /// Five notes of minor.
    MinorPentatonic,
    /// The minor pentatonic scale with a raised fourth.
    Blues,
}

impl Scale {
    /// Semitones of its notes above the first one, ascending.
    #[must_use]
    pub fn notes(self) -> &'static [u8] {
        match self {
            Self::Chromatic => &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
            Self::Major => &[0, 2, 4, 5, 7, 9, 11],
            Self::Minor => &[0, 2, 3, 5, 7, 8, 10],
            Self::HarmonicMinor => &[0, 2, 3, 5, 7, 8, 11],
            Self::Dorian => &[0, 2, 3, 5, 7, 9, 10],
            Self::Mixolydian => &[0, 2, 4, 5, 7, 9, 10],
            Self::MajorPentatonic => &[0, 2, 4, 7, 9],
            Self::MinorPentatonic => &[0, 3, 5, 7, 10],
            Self::Blues => &[0, 3, 5, 6, 7, 10],
        }
    }
}
