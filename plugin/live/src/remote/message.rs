//! What is asked and answered.

use crate::session::LiveStatus;
use serde::{Deserialize, Serialize};

/// A request, as `{"set": {"parameter": "ratio", "value": "0.7"}}` or `"status"`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Set a parameter.
    Set {
        /// Its id, or a short name.
        parameter: String,
        /// In its unit.
        value: String,
    },
    /// Choose a voice.
    Voice {
        /// Its name, or `next`.
        name: String,
    },
    /// Let nothing pass, or let it pass again.
    Mute {
        /// Which.
        switch: MuteSwitch,
    },
    /// Tell everything.
    Status,
    /// End the program.
    Quit,
}

/// What the mute does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MuteSwitch {
    /// Nothing passes.
    On,
    /// Sound passes.
    Off,
    /// The other one.
    Toggle,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// It was done; a line that says what.
    Done(String),
    /// It was refused; a sentence that says why.
    Refused(String),
    /// The status.
    Status(Box<LiveStatus>),
}
