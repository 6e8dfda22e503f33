//! What is known about an index beside its vectors: `voice.index.json`.
//!
//! Written by our own builds; indices of others have none and work without.
//!
//! Thread: loader, command line; read-only on the worker.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::whole_file::WholeFile;

/// Version of the format.
const FORMAT: u32 = 1;

/// Largest sidecar taken: a thousand hours of spans.
const MAX_BYTES: u64 = 64 << 20;

/// A sidecar that was not read, or does not go with its index.
#[derive(Debug, thiserror::Error)]
pub enum SidecarError {
    /// The system would not let us read or write it.
    #[error("{} could not be read or written: {why}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// Not what we write.
    #[error("{} is damaged ({why}); delete it or build the index again", path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It describes another index.
    #[error(
        "{} describes an index of {said}, but the index holds {found}; delete it or build the index again",
        path.display()
    )]
    OtherIndex {
        /// Which file.
        path: PathBuf,
        /// What it says.
        said: String,
        /// What is there.
        found: String,
    },
}

/// How queries and vectors are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Comparison {
    /// Squared Euclidean distance.
    #[default]
    L2,
    /// Inner product (larger is nearer).
    Ip,
    /// Inner product of vectors of length 1; the index holds them so.
    Cosine,
}

/// Which encoder made the vectors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncoderInfo {
    /// Its file's name, for people.
    pub file: String,
    /// SHA-256 of its file, in hexadecimal.
    pub sha256: String,
    /// True if it was fed zero mean and unit variance.
    #[serde(default)]
    pub normalize: bool,
    /// Frames of 20 ms that it saw at a time.
    pub window_frames_50hz: usize,
}

impl EncoderInfo {
    /// True if both make the same embeddings, whatever their files are called.
    #[must_use]
    pub fn is_compatible(&self, other: &Self) -> bool {
        self.sha256.eq_ignore_ascii_case(&other.sha256)
            && (self.normalize, self.window_frames_50hz) == (other.normalize, other.window_frames_50hz)
    }
}

/// Rows of the index that follow each other in a recording, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Row (id) of its first vector.
    pub first_id: usize,
    /// Number of vectors.
    pub len: usize,
    /// Frame of the recording that the first stands for: 20 ms each, from its beginning.
    pub start_frame_50hz: u64,
}

/// A recording, and which rows are of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Its path inside the folder of recordings.
    pub file: String,
    /// SHA-256 of its file; empty for vectors of which only the index file is known that
    /// they were in ([`Self::unknown`]).
    pub sha256: String,
    /// Its rows, by id; between two spans silence was cut.
    pub spans: Vec<Span>,
}

impl Source {
    /// Vectors that came with an index which says nothing of them: neither what they
    /// are of nor whether those that follow each other do so in time.
    #[must_use]
    pub fn unknown(index_file: &str, spans: Vec<Span>) -> Self {
        Self {
            file: format!("unknown, from {index_file}"),
            sha256: String::new(),
            spans,
        }
    }

    /// True if it is what [`Self::unknown`] makes.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.sha256.is_empty()
    }
}

/// How far held-out frames of the same voice are from their nearest vector: not
/// squared, in the encoder's units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names say it: percentiles")]
pub struct DistancePercentiles {
    pub p1: f32,
    pub p5: f32,
    pub p25: f32,
    pub p50: f32,
    pub p75: f32,
    pub p95: f32,
    pub p99: f32,
}

/// One line of the recall table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecallPoint {
    /// Lists visited.
    pub n_probe: usize,
    /// Share of the true `k` nearest that were found, 0..1.
    pub recall: f32,
    /// Search time per frame where it was measured (one thread, median).
    pub us_per_frame: f32,
}

/// Recall against exact search.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RecallTable {
    /// Neighbours asked for.
    pub k: usize,
    /// Frames that were looked up.
    pub frames: usize,
    /// True if those frames were not in the index (then); else each frame's own
    /// vector was left out of the count.
    pub held_out: bool,
    /// By rising `n_probe`.
    pub points: Vec<RecallPoint>,
}

/// Centres that stand in the place of vectors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CentresInfo {
    /// How many vectors there were.
    pub of: usize,
    /// Share of a frame's true nearest vectors that is found through the centres, 0..1.
    pub recall: f32,
}

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sidecar {
    /// Version of the format.
    pub format: u32,
    /// What wrote it.
    pub made_by: String,
    /// Values per vector.
    pub dim: usize,
    /// Number of vectors.
    pub vectors: usize,
    /// faiss's factory string.
    pub factory: String,
    /// Applied to queries at run time.
    pub metric: Comparison,
    /// Seed of the k-means.
    pub seed: u32,
    /// Mean length of the vectors before they were normalised; cosine only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_length: Option<f32>,
    /// Which encoder made the vectors; `None` if they came as `.npy`.
    #[serde(default)]
    pub encoder: Option<EncoderInfo>,
    /// Where the vectors are from, in the order of their ids.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// Where the vectors are centres of many more; then no recordings are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centres: Option<CentresInfo>,
    /// Median pitch of the recordings in Hz, where it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f0_median_hz: Option<f32>,
    /// For judging whether a live frame is near enough to be trusted.
    #[serde(default)]
    pub distances: Option<DistancePercentiles>,
    /// What the lists cost.
    #[serde(default)]
    pub recall: Option<RecallTable>,
}

impl Sidecar {
    /// Where the sidecar of an index lies.
    #[must_use]
    pub fn path_of(index: &Path) -> PathBuf {
        let mut path = index.as_os_str().to_owned();
        path.push(".json");
        PathBuf::from(path)
    }

    /// Reads the sidecar of an index; `None` if there is none.
    ///
    /// # Errors
    /// See [`SidecarError`].
    pub fn read(index: &Path) -> Result<Option<Self>, SidecarError> {
        let path = Self::path_of(index);
        let fail = |why| SidecarError::File {
            path: path.clone(),
            why,
        };
        let broken = |why: String| SidecarError::Broken {
            path: path.clone(),
            why,
        };
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fail(error)),
        };
        let mut text = String::new();
        file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(fail)?;
        if text.len() as u64 > MAX_BYTES {
            return Err(broken("it is too large".into()));
        }
        let sidecar: Self = serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
        if sidecar.format != FORMAT {
            return Err(broken(format!("format {} is not known", sidecar.format)));
        }
        sidecar.check().map_err(|why| broken(why.to_string()))?;
        Ok(Some(sidecar))
    }

    /// Writes the sidecar of an index, whole or not at all.
    ///
    /// # Errors
    /// [`SidecarError::File`].
    pub fn write(&self, index: &Path) -> Result<(), SidecarError> {
        let path = Self::path_of(index);
        let begun = self.begin(index)?;
        begun.commit().map_err(|why| SidecarError::File { path, why })
    }

    /// Writes a file that becomes the sidecar of an index when it is committed.
    ///
    /// # Errors
    /// [`SidecarError::File`].
    pub fn begin(&self, index: &Path) -> Result<WholeFile, SidecarError> {
        let path = Self::path_of(index);
        let write = || {
            let text = serde_json::to_string_pretty(self)? + "\n";
            let mut whole = WholeFile::create(&path)?;
            whole.file()?.write_all(text.as_bytes())?;
            Ok(whole)
        };
        write().map_err(|why| SidecarError::File {
            path: path.clone(),
            why,
        })
    }

    /// One for a new index.
    #[must_use]
    pub fn new(dim: usize, vectors: usize, factory: &str, metric: Comparison, seed: u32) -> Self {
        Self {
            format: FORMAT,
            made_by: concat!("voxmeld ", env!("CARGO_PKG_VERSION")).into(),
            dim,
            vectors,
            factory: factory.into(),
            metric,
            seed,
            ..Self::default()
        }
    }

    /// Recording (its number in `sources`) and frame (20 ms each, from the
    /// recording's beginning) of a vector; `None` if it is not known.
    #[must_use]
    pub fn locate(&self, id: i64) -> Option<(usize, u64)> {
        let id = usize::try_from(id).ok()?;
        let after = |source: &Source| source.spans.first().is_some_and(|span| span.first_id <= id);
        let source = self.sources.partition_point(after).checked_sub(1)?;
        let spans = &self.sources[source].spans;
        let span = spans[spans.partition_point(|span| span.first_id <= id).checked_sub(1)?];
        let offset = id - span.first_id;
        (offset < span.len).then(|| (source, span.start_frame_50hz + offset as u64))
    }

    /// Rows (ids) that are of none of the recordings.
    #[must_use]
    pub fn rows_of_none(&self) -> Vec<Span> {
        let known = self.sources.iter().flat_map(|source| &source.spans);
        let mut rows = Vec::new();
        let mut next = 0;
        let end = Span {
            first_id: self.vectors,
            ..Span::default()
        };
        for span in known.chain([&end]) {
            if span.first_id > next {
                rows.push(Span {
                    first_id: next,
                    len: span.first_id - next,
                    start_frame_50hz: next as u64,
                });
            }
            next = span.first_id + span.len;
        }
        rows
    }

    /// Numbers that code may rely on without asking again.
    fn check(&self) -> Result<(), &'static str> {
        let mut next = 0;
        for source in &self.sources {
            if source.spans.is_empty() {
                return Err("a recording without vectors");
            }
            for span in &source.spans {
                if span.first_id < next || span.len == 0 {
                    return Err("its spans");
                }
                next = span
                    .first_id
                    .checked_add(span.len)
                    .filter(|_| span.start_frame_50hz.checked_add(span.len as u64).is_some())
                    .ok_or("its spans")?;
            }
        }
        if next > self.vectors {
            return Err("more vectors in its recordings than in the index");
        }
        if self.metric == Comparison::Cosine
            && !self
                .mean_length
                .is_some_and(|length| length.is_finite() && length > 0.0)
        {
            return Err("no mean length, which a cosine index needs");
        }
        Ok(())
    }
}
