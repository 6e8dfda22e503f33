//! Recordings, and their vectors with where they are from.

use std::path::{Path, PathBuf};

use super::embed::SpeechEmbeddings;
use super::recording::recordings_in;
use crate::frames::Frames;
use crate::names::name_of;
use crate::retrieval::{EmbeddingIndex, Sidecar, Source, Span};

/// A recording to put into the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingFile {
    /// Its name in the sidecar: the path inside the folder.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
}

impl RecordingFile {
    /// The recordings of a folder, or one recording; and sentences about what else is in the folder.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn all_in(path: &Path) -> std::io::Result<(Vec<Self>, Vec<String>)> {
        if !path.is_dir() {
            let wanted = Self {
                name: name_of(path.file_name().unwrap_or_default()),
                path: path.to_path_buf(),
            };
            return Ok((vec![wanted], Vec::new()));
        }
        let listing = recordings_in(path)?;
        let left_out = listing.left_out();
        let named = listing.recordings.into_iter().map(|file| Self {
            name: name_in(path, &file),
            path: file,
        });
        Ok((named.collect(), left_out))
    }
}

/// Path inside the folder, with `/` everywhere; see [`name_of`].
#[must_use]
pub fn name_in(folder: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(folder).unwrap_or(file);
    let parts: Vec<_> = inside.iter().map(name_of).collect();
    parts.join("/")
}

/// Vectors and where they are from.
#[derive(Clone, Debug, PartialEq)]
pub struct Material {
    /// One vector per 20 ms of speech.
    pub vectors: Frames,
    /// The recordings, in the order of their vectors.
    pub sources: Vec<Source>,
    /// Recordings that were left out, each with the reason.
    pub left_out: Vec<String>,
    /// Recordings that did not have to be encoded again.
    pub reused: usize,
    /// Median pitch of the voice in Hz, where it is known.
    pub f0_median_hz: Option<f32>,
}

impl Material {
    /// Nothing yet.
    #[must_use]
    pub fn new(dim: usize) -> Self {
        Self {
            vectors: Frames::new(dim),
            sources: Vec::new(),
            left_out: Vec::new(),
            reused: 0,
            f0_median_hz: None,
        }
    }

    /// The vectors that an index holds of the recordings whose names pass `keep`, and its vectors of unknown origin,
    /// under the name of the index file.
    #[must_use]
    pub fn of_index(index: &dyn EmbeddingIndex, file: &str, keep: impl Fn(&str) -> bool) -> Self {
        let mut material = Self::new(index.dim().max(1));
        let nothing_known = Sidecar {
            vectors: index.len(),
            ..Sidecar::default()
        };
        let sidecar = index.sidecar().unwrap_or(&nothing_known);
        material.f0_median_hz = sidecar.f0_median_hz;
        let unknown = Source::unknown(file, sidecar.rows_of_none());
        let unknown = (!unknown.spans.is_empty()).then_some(&unknown);
        for source in unknown.into_iter().chain(&sidecar.sources) {
            if !keep(&source.file) {
                continue;
            }
            if let Some(kept) = from_index(index, source) {
                material.push(&source.file, &source.sha256, kept);
                material.reused += usize::from(!source.is_unknown());
            }
        }
        material
    }

    /// Appends a recording; its spans count from 0.
    pub fn push(&mut self, file: &str, sha256: &str, mut kept: SpeechEmbeddings) {
        for span in &mut kept.spans {
            span.first_id += self.vectors.len();
        }
        kept.embeddings.rows().for_each(|row| self.vectors.push(row));
        self.sources.push(Source {
            file: file.into(),
            sha256: sha256.into(),
            spans: kept.spans,
        });
    }
}

/// The rows of a recording, if the index can return them exactly.
pub(super) fn from_index(index: &dyn EmbeddingIndex, source: &Source) -> Option<SpeechEmbeddings> {
    let mut kept = SpeechEmbeddings::new(index.dim().max(1));
    let mut vector = vec![0.0; index.dim()];
    for span in &source.spans {
        kept.spans.push(Span {
            first_id: kept.embeddings.len(),
            ..*span
        });
        for id in span.first_id..span.first_id + span.len {
            if !index.vector(i64::try_from(id).ok()?, &mut vector) {
                return None;
            }
            kept.embeddings.push(&vector);
        }
    }
    Some(kept)
}
