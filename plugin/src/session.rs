//! The version of the saved session, and what turns older sessions into today's.
//!
//! nice-plug saves `{ "version", "params": { id: value }, "fields": { key: JSON } }`, and reads
//! whatever keys it knows. What a key's value means is set by the field `format`:
//!
//! | format | since | differs |
//! | --- | --- | --- |
//! | 1 | the first sessions; they have no such field | `scenes` are two lists of 26 or 28 numbers without keys |
//! | 2 | November 2026 | every setting of a scene has its own key |
//!
//! Sessions of every format are kept in `tests/data/states` and load for ever.
//! Thread: the host's main thread.

use crate::scenes;
use nice_plug::params::persist::PersistentField;
use nice_plug::prelude::PluginState;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// The format that is written. Raise it where a saved value changes its meaning, and teach
/// [`upgrade`] the way from the one before; a new key needs no new format.
const FORMAT: u64 = 2;
/// Key of the field.
const KEY: &str = "format";

/// Turns a session of any older format into today's. What cannot be read stays as it is, and
/// is reported by its field.
pub fn upgrade(state: &mut PluginState) {
    let saved = state.fields.get(KEY);
    let format = saved.and_then(|text| text.parse().ok()).unwrap_or(1);
    if format < 2
        && let Some(scenes) = state.fields.get_mut("scenes")
        && let Some(keyed) = scenes::from_places(scenes)
    {
        *scenes = keyed;
    }
    // Also where it was missing: a session without it is not a newer one.
    state.fields.insert(KEY.to_owned(), format.to_string());
}

/// The session's format as a persistent field.
#[derive(Default)]
pub struct FormatField {
    /// The session restored last has a newer format than this build writes.
    newer: AtomicBool,
}

impl FormatField {
    /// A sentence where the session restored last was saved by a newer version.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.newer.load(Relaxed).then(|| {
            "This session was saved by a newer Voxmeld: what this one does not know is left out. Update Voxmeld before you save it again.".to_owned()
        })
    }
}

impl PersistentField<'_, u64> for FormatField {
    fn set(&self, saved: u64) {
        self.newer.store(saved > FORMAT, Relaxed);
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&u64) -> R,
    {
        f(&FORMAT)
    }
}

#[cfg(test)]
mod tests;
