//! The chosen voice as part of the saved session.
//!
//! nice-plug saves parameters by itself; this is the only other field.
//! Threads: hosts save and restore from their main thread, the CLAP wrapper also while
//! the plugin is active and without activating it again. So a restore requests the voice
//! from the engine at once: this only queues work for the loader thread, and the running
//! voice is kept meanwhile.

use nice_plug::params::persist::PersistentField;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use voxmeld_core::engine::EngineHandle;
use voxmeld_core::selection::{FileRef, IndexRef, VoiceSelection};
use voxmeld_core::status::VoiceState;

/// Version of the field's format. Raise it only for a format that older builds cannot
/// read; unknown keys are ignored.
const FORMAT: u64 = 1;

/// The engine's voice selection as a persistent field.
pub struct VoiceField {
    engine: EngineHandle,
    /// True once a session, the user or the default has requested a voice.
    requested: AtomicBool,
    /// Why the last restore failed.
    problem: Mutex<Option<String>>,
}

impl VoiceField {
    /// The voice of this engine.
    #[must_use]
    pub fn new(engine: EngineHandle) -> Self {
        Self {
            engine,
            requested: AtomicBool::new(false),
            problem: Mutex::new(None),
        }
    }

    /// Loads the user's choice, also if it is unchanged, so that a repaired file can be
    /// tried again.
    pub fn choose(&self, selection: VoiceSelection) {
        self.requested.store(true, Ordering::Release);
        *self.problem.lock() = None;
        self.engine.load(selection);
    }

    /// Loads the default voice unless a session or the user has requested one.
    pub fn choose_default(&self) {
        if !self.requested.swap(true, Ordering::AcqRel) {
            self.engine.load(VoiceSelection::default());
        }
    }

    /// The selection to save: the one requested last, else the default, which will be
    /// loaded.
    #[must_use]
    pub fn selection(&self) -> VoiceSelection {
        if self.requested.load(Ordering::Acquire) {
            self.engine.selection()
        } else {
            VoiceSelection::default()
        }
    }

    /// The delay of the voice in microseconds, which a stream has to be started with.
    ///
    /// # Real-time
    /// An atomic load.
    #[must_use]
    pub fn delay_us(&self) -> u32 {
        self.engine.voice_delay_us()
    }

    /// True if no voice is running because the chosen one could not be loaded.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        matches!(self.engine.voice(), VoiceState::Failed { .. })
    }

    /// Why the saved session's voice could not be read, if so.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.problem.lock().clone()
    }

    /// Loads a session's voice. Hosts restore the same state repeatedly (undo, copied
    /// tracks, JUCE twice per load): a voice that is already loaded is not loaded again,
    /// so that the sound is not interrupted.
    fn restore(&self, selection: VoiceSelection) {
        let requested_before = self.requested.swap(true, Ordering::AcqRel);
        *self.problem.lock() = None;
        if requested_before && !self.has_failed() && same_voice(&self.engine.selection(), &selection) {
            return;
        }
        self.engine.load(selection);
    }
}

impl PersistentField<'_, Value> for VoiceField {
    fn set(&self, saved: Value) {
        match read(saved) {
            Ok(selection) => self.restore(selection),
            // The present voice is kept; without one the default is loaded.
            Err(problem) => *self.problem.lock() = Some(problem),
        }
    }

    fn map<F, R>(&self, f: F) -> R
    where
        F: Fn(&Value) -> R,
    {
        f(&write(&self.selection()))
    }
}

fn write(selection: &VoiceSelection) -> Value {
    json!({ "format": FORMAT, "selection": selection })
}

fn read(mut saved: Value) -> Result<VoiceSelection, String> {
    let format = saved.get("format").and_then(Value::as_u64);
    let selection = saved.get_mut("selection").map(Value::take).unwrap_or_default();
    serde_json::from_value(selection).map_err(|error| match format {
        Some(format) if format > FORMAT => {
            "This session's voice was saved by a newer Voxmeld and cannot be read by this one: update Voxmeld, or choose the voice again.".to_owned()
        }
        _ => format!("This session's voice cannot be read, choose it again: {error}."),
    })
}

/// True if both select the same files. The engine fills in sizes and hashes after reading
/// them, so they may be missing on one side.
fn same_voice(a: &VoiceSelection, b: &VoiceSelection) -> bool {
    let same_index = |a: &IndexRef, b: &IndexRef| match (a, b) {
        (IndexRef::File(a), IndexRef::File(b)) => same_file(a, b),
        (a, b) => a == b,
    };
    let same_first = match (&a.index, &b.index) {
        (Some(a), Some(b)) => same_index(a, b),
        (a, b) => a == b,
    };
    let same_others = match (&a.others, &b.others) {
        (Some(a), Some(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_index(a, b)),
        (a, b) => a == b,
    };
    a.pack == b.pack
        && same_part(a.encoder.as_ref(), b.encoder.as_ref())
        && same_part(a.synthesizer.as_ref(), b.synthesizer.as_ref())
        && same_first
        && same_others
        && a.takes == b.takes
}

fn same_part(a: Option<&FileRef>, b: Option<&FileRef>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => same_file(a, b),
        (None, None) => true,
        _ => false,
    }
}

fn same_file(a: &FileRef, b: &FileRef) -> bool {
    let differ = |a: &Option<String>, b: &Option<String>| matches!((a, b), (Some(a), Some(b)) if a != b);
    a.path == b.path && !differ(&a.sha256, &b.sha256)
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxmeld_core::engine::Engine;
    use voxmeld_core::selection::PackRef;

    fn field() -> VoiceField {
        VoiceField::new(Engine::new().handle())
    }

    fn file(path: &str) -> FileRef {
        FileRef {
            path: path.into(),
            sha256: Some("ab".repeat(32)),
            len_bytes: Some(7),
        }
    }

    fn other_voice() -> VoiceSelection {
        VoiceSelection {
            pack: PackRef::None,
            encoder: Some(file("/Stimmen/Gehör.onnx")),
            synthesizer: Some(file("/Stimmen/mit Leerzeichen/声.onnx")),
            index: Some(IndexRef::File(file("/Stimmen/added.index"))),
            others: Some(vec![IndexRef::File(file("/Stimmen/andere.index"))]),
            pitch: Some(FileRef::at("/models/rmvpe.onnx")),
            takes: [("added".to_owned(), [("a b.wav".to_owned(), 30)].into())].into(),
        }
    }

    #[test]
    fn a_saved_voice_is_restored_unchanged() {
        let saved = field();
        saved.choose(other_voice());
        let text = PersistentField::map(&saved, Value::to_string);
        let restored = field();
        PersistentField::set(
            &restored,
            serde_json::from_str(&text).expect("what was written is JSON"),
        );
        assert_eq!(restored.engine.selection(), other_voice());
        assert_eq!(restored.problem(), None);
    }

    #[test]
    fn a_restored_voice_is_not_replaced_by_the_default() {
        let field = field();
        PersistentField::set(&field, write(&other_voice()));
        field.choose_default();
        assert_eq!(field.engine.selection(), other_voice());
    }

    #[test]
    fn invalid_state_keeps_the_voice_and_reports_a_problem() {
        let saved = field();
        saved.choose(other_voice());
        for garbage in [
            "null",
            "7",
            "\"x\"",
            "[]",
            "{}",
            r#"{"format":1}"#,
            r#"{"format":1,"selection":{"pack":3}}"#,
            r#"{"format":1e300,"selection":[[]]}"#,
        ] {
            PersistentField::set(&saved, serde_json::from_str(garbage).expect("test data is JSON"));
            assert_eq!(saved.engine.selection(), other_voice(), "{garbage}");
            assert!(
                saved
                    .problem()
                    .is_some_and(|problem| problem.contains("cannot be read")),
                "{garbage}"
            );
        }
    }

    #[test]
    fn a_newer_format_is_reported_as_newer() {
        let field = field();
        PersistentField::set(&field, json!({ "format": FORMAT + 1, "selection": "by name" }));
        assert!(
            field
                .problem()
                .is_some_and(|problem| problem.contains("newer Voxmeld"))
        );
    }

    #[test]
    fn same_voice_ignores_missing_hashes_but_not_different_ones() {
        let mut requested = other_voice();
        requested.encoder = Some(FileRef {
            sha256: None,
            len_bytes: None,
            ..file("/Stimmen/Gehör.onnx")
        });
        assert!(same_voice(&requested, &other_voice()));
        requested.encoder = Some(FileRef {
            sha256: Some("cd".repeat(32)),
            ..file("/Stimmen/Gehör.onnx")
        });
        assert!(!same_voice(&requested, &other_voice()));
    }
}
