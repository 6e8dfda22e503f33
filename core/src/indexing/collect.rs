//! Puts encoded windows together again, recording by recording, in the recordings' order.

use std::collections::BTreeMap;

use super::embed::SpeechEmbeddings;
use super::material::{Material, RecordingFile};
use super::parts::Parts;
use super::workers::Encoded;
use crate::frames::Frames;
use crate::model::ModelError;
use crate::names::shown;

/// A recording whose windows are being encoded.
#[derive(Default)]
struct Pending {
    /// Windows that were sent.
    expected: usize,
    /// Rows of each window, by its first frame.
    windows: BTreeMap<usize, Frames>,
    /// Its hash and its speech, once all windows are sent.
    sent: Option<(String, Vec<bool>)>,
}

/// What is known of a recording once nothing more comes.
enum Outcome {
    Encoded { sha256: String, kept: SpeechEmbeddings },
    LeftOut(String),
}

/// Collects what the encoders give, and appends each recording to the material when those before it are there.
pub(super) struct Collector<'a> {
    files: &'a [RecordingFile],
    parts: &'a Parts,
    material: &'a mut Material,
    pending: BTreeMap<usize, Pending>,
    finished: BTreeMap<usize, Outcome>,
    /// The recording that the material takes next.
    next: usize,
}

impl<'a> Collector<'a> {
    pub(super) fn new(files: &'a [RecordingFile], parts: &'a Parts, material: &'a mut Material) -> Self {
        Self {
            files,
            parts,
            material,
            pending: BTreeMap::new(),
            finished: BTreeMap::new(),
            next: 0,
        }
    }

    /// Values per embedding.
    pub(super) fn dim(&self) -> usize {
        self.material.vectors.dim()
    }

    /// A window of a recording will come.
    pub(super) fn expect(&mut self, file: usize) {
        self.pending.entry(file).or_default().expected += 1;
    }

    /// All windows of a recording were sent.
    pub(super) fn sent(&mut self, file: usize, sha256: String, speech: Vec<bool>) {
        self.pending.entry(file).or_default().sent = Some((sha256, speech));
        self.complete(file);
    }

    /// A recording that cannot be used; windows of it that still come are dropped.
    pub(super) fn leave_out(&mut self, file: usize, why: String) {
        self.pending.remove(&file);
        self.finished.insert(file, Outcome::LeftOut(why));
        self.append();
    }

    /// A recording that did not have to be encoded.
    pub(super) fn reuse(&mut self, file: usize, sha256: String, kept: SpeechEmbeddings) {
        self.material.reused += 1;
        self.finished.insert(file, Outcome::Encoded { sha256, kept });
        self.append();
    }

    /// A window is encoded.
    pub(super) fn take(&mut self, encoded: Encoded) -> Result<(), ModelError> {
        let Some(pending) = self.pending.get_mut(&encoded.file) else {
            return Ok(());
        };
        pending.windows.insert(encoded.frame, encoded.rows?);
        self.complete(encoded.file);
        Ok(())
    }

    /// Finishes a recording if all of it is there.
    fn complete(&mut self, file: usize) {
        let is_whole =
            |pending: &Pending| pending.sent.is_some() && pending.windows.len() == pending.expected;
        if !self.pending.get(&file).is_some_and(is_whole) {
            return;
        }
        let Some(Pending {
            windows,
            sent: Some((sha256, speech)),
            ..
        }) = self.pending.remove(&file)
        else {
            return;
        };
        let mut kept = SpeechEmbeddings::new(self.material.vectors.dim());
        let mut rows = windows.values().flat_map(Frames::rows);
        for (frame, is_speech) in speech.into_iter().enumerate() {
            if !is_speech {
                kept.silent += 1;
            } else if let Some(row) = rows.next() {
                kept.push(frame, row);
            }
        }
        // A full disk costs the next run its time, not this one its result.
        let _ = self.parts.store(&sha256, &kept);
        self.finished.insert(file, Outcome::Encoded { sha256, kept });
        self.append();
    }

    /// Appends the recordings that are next.
    fn append(&mut self) {
        while let Some(outcome) = self.finished.remove(&self.next) {
            let name = &self.files[self.next].name;
            match outcome {
                Outcome::LeftOut(why) => self.material.left_out.push(why),
                Outcome::Encoded { kept, .. } if kept.embeddings.is_empty() => {
                    self.material
                        .left_out
                        .push(format!("{}: no speech in it", shown(name)));
                }
                Outcome::Encoded { sha256, kept } => self.material.push(name, &sha256, kept),
            }
            self.next += 1;
        }
    }
}
