//! What is remembered: devices, parameters, voice. A file in the user's configuration folder.

use crate::device::Wanted;
use crate::session::Live;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use voxmeld_core::names::shown_path;
use voxmeld_core::selection::VoiceSelection;

/// Parameters that are never remembered: after a start nobody shall hear the dry voice by surprise.
const FORGOTTEN: [&str; 2] = ["bypass", "when_not_ready"];

/// A file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the settings {} {what}: {why}", shown_path(path))]
pub struct ConfigError {
    path: PathBuf,
    what: &'static str,
    why: String,
}

/// The file's contents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Config {
    /// `alsa` or `jack`; the first that works if `None`.
    pub backend: Option<String>,
    /// The microphone.
    pub input: Option<String>,
    /// The output.
    pub output: Option<String>,
    /// The second output.
    pub monitor: Option<String>,
    /// Rate in hertz.
    pub rate: Option<u32>,
    /// Frames of a block.
    pub buffer: Option<u32>,
    /// The voice as the plugin's sessions store it, in JSON.
    pub voice: Option<String>,
    /// Parameters that are not at their defaults, by id.
    pub parameters: BTreeMap<String, String>,
}

/// `$XDG_CONFIG_HOME/voxmeld/live.toml`, or under `~/.config`. `None` without a home.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let folder = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))?;
    Some(folder.join("voxmeld").join("live.toml"))
}

impl Config {
    /// Reads the file; the defaults if there is none.
    ///
    /// # Errors
    /// A file that cannot be read, or is no such file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let fail = |why: String| ConfigError {
            path: path.into(),
            what: "cannot be read (delete or mend the file, or name another with --config)",
            why,
        };
        match std::fs::read_to_string(path) {
            Ok(text) => toml::from_str(&text).map_err(|error| fail(error.to_string())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(fail(error.to_string())),
        }
    }

    /// Writes it, completely or not at all.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ConfigError> {
        let fail = |why: String| ConfigError {
            path: path.into(),
            what: "cannot be written",
            why,
        };
        let text = toml::to_string_pretty(self).map_err(|error| fail(error.to_string()))?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| fail(error.to_string()))?;
        }
        voxmeld_core::whole_file::write(path, text.as_bytes()).map_err(|error| fail(error.to_string()))
    }

    /// The devices.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        Wanted {
            input: self.input.clone(),
            output: self.output.clone(),
            monitor: self.monitor.clone(),
            rate_hz: self.rate,
            buffer_frames: self.buffer,
        }
    }

    /// Restores parameters and voice; what no longer exists is left out and returned as sentences.
    #[must_use]
    pub fn restore(&self, live: &Live) -> Vec<String> {
        let mut left_out = Vec::new();
        for (id, value) in &self.parameters {
            if let Err(error) = live.set(id, value) {
                left_out.push(error.to_string());
            }
        }
        if let Some(voice) = &self.voice {
            match serde_json::from_str::<VoiceSelection>(voice) {
                Ok(voice) => live.params().voice.choose(voice),
                Err(error) => left_out.push(format!("the remembered voice cannot be read: {error}")),
            }
        }
        left_out
    }

    /// Takes over what was chosen meanwhile.
    pub fn remember(&mut self, live: &Live) {
        self.parameters = live
            .params()
            .changed()
            .into_iter()
            .filter(|(id, _)| !FORGOTTEN.contains(&id.as_str()))
            .collect();
        self.voice = serde_json::to_string(&live.params().voice.selection()).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Simulated;

    fn live() -> Live {
        Live::new(Box::new(Simulated::default()), Wanted::default())
    }

    #[test]
    fn settings_are_restored_except_those_that_let_the_dry_voice_pass() {
        let path = std::env::temp_dir().join(format!("voxmeld-config-{}/live.toml", std::process::id()));
        assert_eq!(Config::read(&path).expect("none yet"), Config::default());
        let before = live();
        for (id, value) in [
            ("blend_ratio", "33.25"),
            ("hop", "40"),
            ("bypass", "on"),
            ("when_not_ready", "delayed dry"),
        ] {
            before.set(id, value).expect("fits");
        }
        before.params().voice.choose(VoiceSelection::nothing());
        let mut config = Config {
            input: Some("Mikrofon \"links\" Ω".into()),
            rate: Some(44_100),
            ..Config::default()
        };
        config.remember(&before);
        config.write(&path).expect("written");
        let read = Config::read(&path).expect("as written");
        assert_eq!(read, config);
        let after = live();
        assert_eq!(read.restore(&after), Vec::<String>::new());
        let ids: Vec<String> = after.params().changed().into_iter().map(|(id, _)| id).collect();
        assert_eq!(ids, ["blend_ratio", "hop"]);
        assert_eq!(after.params().voice.selection(), VoiceSelection::nothing());
        std::fs::remove_dir_all(path.parent().expect("a folder")).expect("removed");
    }

    #[test]
    fn a_damaged_file_is_named_and_unknown_parameters_are_left_out() {
        let path = std::env::temp_dir().join(format!("voxmeld-config-damaged-{}.toml", std::process::id()));
        std::fs::write(&path, "rate = \"fast\"").expect("written");
        let error = Config::read(&path).expect_err("damaged").to_string();
        assert!(error.contains("damaged") && error.contains("--config"), "{error}");
        std::fs::remove_file(&path).expect("removed");
        let config = Config {
            parameters: [("of_the_future".to_owned(), "1".to_owned())].into(),
            ..Config::default()
        };
        let left_out = config.restore(&live());
        assert!(
            left_out.len() == 1 && left_out[0].contains("of_the_future"),
            "{left_out:?}"
        );
    }
}
