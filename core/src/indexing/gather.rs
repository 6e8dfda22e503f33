//! Vectors of many recordings: encoded, or taken from where they are already.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::embed::{EncodeWindow, Kept, embed};
use super::finish::file_sha256;
use super::parts::Parts;
use super::progress::Progress;
use super::recording::Recording;
use crate::frames::Frames;
use crate::model::{Encoder, ModelError};
use crate::retrieval::{Comparison, EmbeddingIndex, EncoderInfo, Sidecar, Source, Span};
use crate::units::ENCODER_RATE;

/// A recording that shall be in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What the sidecar calls it: its path inside the folder.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
}

impl Wanted {
    /// The recordings of a folder, or one recording.
    ///
    /// # Errors
    /// If a folder cannot be listed.
    pub fn all_in(path: &Path) -> std::io::Result<Vec<Self>> {
        if !path.is_dir() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            return Ok(vec![Self {
                name: name.into_owned(),
                path: path.to_path_buf(),
            }]);
        }
        let files = super::recordings_in(path)?;
        let named = files.into_iter().map(|file| Self {
            name: name_in(path, &file),
            path: file,
        });
        Ok(named.collect())
    }
}

/// Path inside the folder, with `/` everywhere.
#[must_use]
pub fn name_in(folder: &Path, file: &Path) -> String {
    let inside = file.strip_prefix(folder).unwrap_or(file);
    let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
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
        }
    }

    /// What an index holds of the recordings that `keep` lets pass, by name; and its
    /// vectors of which nothing is known, under the name of its file.
    #[must_use]
    pub fn of_index(index: &dyn EmbeddingIndex, file: &str, keep: impl Fn(&str) -> bool) -> Self {
        let mut material = Self::new(index.dim().max(1));
        let nothing_known = Sidecar {
            vectors: index.len(),
            ..Sidecar::default()
        };
        let sidecar = index.sidecar().unwrap_or(&nothing_known);
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
    pub fn push(&mut self, file: &str, sha256: &str, mut kept: Kept) {
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

/// The rows of a recording, if the index gives them exactly.
fn from_index(index: &dyn EmbeddingIndex, source: &Source) -> Option<Kept> {
    let mut kept = Kept {
        embeddings: Frames::new(index.dim().max(1)),
        spans: Vec::new(),
        silent: 0,
    };
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

/// What does the work, and what spares some of it.
pub struct Gather<'a> {
    /// The encoder.
    pub encoder: &'a mut dyn Encoder,
    /// What it sees at a time.
    pub window: EncodeWindow,
    /// What is known of it.
    pub info: &'a EncoderInfo,
    /// The index that was there before, whose vectors are taken where the same
    /// encoder made them of the same recording.
    pub earlier: Option<&'a dyn EmbeddingIndex>,
    /// What a build that was stopped has left.
    pub parts: &'a Parts,
}

impl Gather<'_> {
    /// Appends the recordings to `material`. A recording that cannot be used is left
    /// out, with the reason. False if it was stopped.
    ///
    /// # Errors
    /// If the encoder fails.
    pub fn run(
        &mut self,
        files: &[Wanted],
        material: &mut Material,
        progress: &Progress,
    ) -> Result<bool, ModelError> {
        for (n, wanted) in files.iter().enumerate() {
            progress.say(format!("{} of {}: {}", n + 1, files.len(), wanted.name));
            let at = |part: f32| {
                #[expect(clippy::cast_precision_loss, reason = "a bar on a screen")]
                progress.set((n as f32 + part) / files.len() as f32);
            };
            at(0.0);
            if progress.is_stopped() {
                return Ok(false);
            }
            let sha256 = match file_sha256(&wanted.path) {
                Ok(sha256) => sha256,
                Err(error) => {
                    material.left_out.push(format!("{}: {error}", wanted.name));
                    continue;
                }
            };
            let known = self.known(&sha256);
            material.reused += usize::from(known.is_some());
            let kept = match known {
                Some(kept) => kept,
                None => match self.encode(wanted, progress, &at)? {
                    Encoded::Stopped => return Ok(false),
                    Encoded::LeftOut(why) => {
                        material.left_out.push(why);
                        continue;
                    }
                    Encoded::Kept(kept) => {
                        // A full disk costs the next run its time, not this one its result.
                        let _ = self.parts.store(&sha256, &kept);
                        kept
                    }
                },
            };
            if kept.embeddings.is_empty() {
                material
                    .left_out
                    .push(format!("{}: no speech in it", wanted.name));
            } else {
                material.push(&wanted.name, &sha256, kept);
            }
        }
        Ok(true)
    }

    fn known(&self, sha256: &str) -> Option<Kept> {
        let in_index = || {
            let index = self.earlier?;
            let sidecar = index.sidecar()?;
            // A cosine index has forgotten how long its vectors were.
            let made_by = sidecar.encoder.as_ref();
            let same = made_by.is_some_and(|made| made.is_compatible(self.info))
                && sidecar.metric != Comparison::Cosine;
            let source = sidecar.sources.iter().find(|source| source.sha256 == sha256)?;
            same.then(|| from_index(index, source)).flatten()
        };
        self.parts.load(sha256, self.encoder.dim()).or_else(in_index)
    }

    fn encode(
        &mut self,
        wanted: &Wanted,
        progress: &Progress,
        at: &impl Fn(f32),
    ) -> Result<Encoded, ModelError> {
        let recording = match Recording::read(&wanted.path) {
            Ok(recording) => recording,
            Err(error) => return Ok(Encoded::LeftOut(error.to_string())),
        };
        let Some(audio_16k) = recording.at_rate(ENCODER_RATE.0) else {
            let why = format!(
                "{}: its rate of {} Hz cannot be converted",
                wanted.name, recording.rate_hz
            );
            return Ok(Encoded::LeftOut(why));
        };
        let kept = embed(self.encoder, &audio_16k, self.window, |done, total| {
            #[expect(clippy::cast_precision_loss, reason = "a bar on a screen")]
            at(done as f32 / total.max(1) as f32);
            if progress.is_stopped() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        Ok(kept.map_or(Encoded::Stopped, Encoded::Kept))
    }
}

enum Encoded {
    Kept(Kept),
    LeftOut(String),
    Stopped,
}
