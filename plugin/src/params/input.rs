//! The choice of the input signal, as a parameter.

use nice_plug::prelude::*;
use voxmeld_core::controls::Gate;
use voxmeld_core::rt::InputChoice;

/// [`InputChoice`] as a parameter.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputParam {
    /// The sum, unless the channels cancel each other.
    #[id = "auto"]
    #[name = "Auto"]
    Auto,
    /// The mean of both channels.
    #[id = "sum"]
    #[name = "Sum"]
    Sum,
    /// The left channel.
    #[id = "left"]
    #[name = "Left"]
    Left,
    /// The right channel.
    #[id = "right"]
    #[name = "Right"]
    Right,
    /// Half the difference.
    #[id = "side"]
    #[name = "Side"]
    Side,
}

impl From<InputParam> for InputChoice {
    fn from(input: InputParam) -> Self {
        match input {
            InputParam::Auto => Self::Auto,
            InputParam::Sum => Self::Sum,
            InputParam::Left => Self::Left,
            InputParam::Right => Self::Right,
            InputParam::Side => Self::Side,
        }
    }
}

/// [`Gate`] as a parameter.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateParam {
    /// Nothing is gated.
    #[id = "off"]
    #[name = "Off"]
    Off,
    /// Sound near the noise floor.
    #[id = "gentle"]
    #[name = "Gentle"]
    Gentle,
    /// Also louder sound, and after a shorter time.
    #[id = "strong"]
    #[name = "Strong"]
    Strong,
}

impl From<GateParam> for Gate {
    fn from(gate: GateParam) -> Self {
        match gate {
            GateParam::Off => Self::Off,
            GateParam::Gentle => Self::Gentle,
            GateParam::Strong => Self::Strong,
        }
    }
}
