//! What people choose: voice, parameters, mute.

use super::live::Live;
use super::voices::{NamedVoice, all_voices};
use voxmeld::params::SetError;

/// A voice that was asked for by name.
#[derive(Debug, thiserror::Error)]
#[error("there is no voice \"{name}\"; there are: {there}")]
pub struct NoSuchVoice {
    name: String,
    there: String,
}

impl Live {
    /// Which of `voices` is chosen.
    pub(super) fn chosen(&self, voices: &[NamedVoice]) -> Option<(usize, NamedVoice)> {
        let chosen = self.params.voice.selection();
        let exact = voices.iter().position(|voice| voice.is_chosen(&chosen));
        let first = || {
            voices
                .iter()
                .position(|voice| chosen.index.is_none() && voice.selection.same_models(&chosen))
        };
        let at = exact.or_else(first)?;
        Some((at, voices[at].clone()))
    }

    /// Chooses a voice by name, or the `next` one; returns what is shown.
    ///
    /// # Errors
    /// No such voice.
    pub fn choose_voice(&mut self, name: &str) -> Result<String, NoSuchVoice> {
        let voices = all_voices();
        let by_name = voices.iter().find(|voice| voice.is_called(name));
        let next = || {
            let at = self.chosen(&voices).map_or(0, |(at, _)| at + 1);
            voices.get(at % voices.len().max(1))
        };
        let found = by_name.or_else(|| if name == "next" { next() } else { None });
        let Some(voice) = found else {
            let names: Vec<&str> = voices.iter().map(|voice| voice.name.as_str()).collect();
            return Err(NoSuchVoice {
                name: name.into(),
                there: names.join(", "),
            });
        };
        // A voice without speakers ignores the number.
        let _ = self.params.set_by_text("speaker", &voice.speaker.to_string());
        self.params.voice.choose(voice.selection.clone());
        self.voice_label = Some(voice.label.clone());
        Ok(format!("{} ({})", voice.label, voice.name))
    }

    /// Sets a parameter by its id or a short name; returns its value as it is shown.
    ///
    /// # Errors
    /// See [`SetError`].
    pub fn set(&self, id: &str, value: &str) -> Result<String, SetError> {
        self.params.set_by_text(id, value)
    }

    /// Nothing passes, not even what is under way.
    pub fn set_muted(&self, muted: bool) {
        self.shared.set_muted(muted);
    }

    /// The switch.
    #[must_use]
    pub fn muted(&self) -> bool {
        self.shared.muted()
    }
}
