//! Keys and scales as parameters.

use nice_plug::prelude::*;
use voxmeld_core::controls::Scale;

/// The first note of a scale.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum KeyParam {
    #[id = "c"]
    #[name = "C"]
    C,
    #[id = "c_sharp"]
    #[name = "C#/Db"]
    CSharp,
    #[id = "d"]
    #[name = "D"]
    D,
    #[id = "d_sharp"]
    #[name = "D#/Eb"]
    DSharp,
    #[id = "e"]
    #[name = "E"]
    E,
    #[id = "f"]
    #[name = "F"]
    F,
    #[id = "f_sharp"]
    #[name = "F#/Gb"]
    FSharp,
    #[id = "g"]
    #[name = "G"]
    G,
    #[id = "g_sharp"]
    #[name = "G#/Ab"]
    GSharp,
    #[id = "a"]
    #[name = "A"]
    A,
    #[id = "a_sharp"]
    #[name = "A#/Bb"]
    ASharp,
    #[id = "b"]
    #[name = "B"]
    B,
}

/// [`Scale`] as a parameter.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ScaleParam {
    #[id = "chromatic"]
    #[name = "Chromatic"]
    Chromatic,
    #[id = "major"]
    #[name = "Major"]
    Major,
    #[id = "minor"]
    #[name = "Minor"]
    Minor,
    #[id = "harmonic_minor"]
    #[name = "Harmonic minor"]
    HarmonicMinor,
    #[id = "dorian"]
    #[name = "Dorian"]
    Dorian,
    #[id = "mixolydian"]
    #[name = "Mixolydian"]
    Mixolydian,
    #[id = "major_pentatonic"]
    #[name = "Major pentatonic"]
    MajorPentatonic,
    #[id = "minor_pentatonic"]
    #[name = "Minor pentatonic"]
    MinorPentatonic,
    #[id = "blues"]
    #[name = "Blues"]
    Blues,
}

impl From<ScaleParam> for Scale {
    fn from(scale: ScaleParam) -> Self {
        match scale {
            ScaleParam::Chromatic => Self::Chromatic,
            ScaleParam::Major => Self::Major,
            ScaleParam::Minor => Self::Minor,
            ScaleParam::HarmonicMinor => Self::HarmonicMinor,
            ScaleParam::Dorian => Self::Dorian,
            ScaleParam::Mixolydian => Self::Mixolydian,
            ScaleParam::MajorPentatonic => Self::MajorPentatonic,
            ScaleParam::MinorPentatonic => Self::MinorPentatonic,
            ScaleParam::Blues => Self::Blues,
        }
    }
}
