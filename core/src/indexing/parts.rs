//! Embeddings of single recordings, stored until the index is finished, so that an interrupted build can resume.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::embed::SpeechEmbeddings;
use crate::frames::Frames;
use crate::retrieval::{EncoderInfo, MAX_DIM, Span};
use crate::whole_file::WholeFile;

/// The folder beside an index that is being built.
pub struct Parts {
    folder: PathBuf,
    encoder: EncoderInfo,
}

/// First line of a file; the values follow, little endian.
#[derive(Serialize, Deserialize)]
struct Head {
    dim: usize,
    frames: usize,
    silent: usize,
    spans: Vec<Span>,
}

/// Longest first line taken.
const MAX_HEAD: usize = 8 << 20;

impl Parts {
    /// The parts of the index `output`, made with this encoder.
    #[must_use]
    pub fn of(output: &Path, encoder: &EncoderInfo) -> Self {
        let mut name = output.file_name().unwrap_or_default().to_owned();
        name.push(".parts");
        if name.len() > MAX_NAME_BYTES {
            let short = hex(&Sha256::digest(name.as_encoded_bytes())[..16]);
            name = format!(".voxmeld {short}.parts").into();
        }
        Self {
            folder: output.with_file_name(name),
            encoder: encoder.clone(),
        }
    }

    /// Where they are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file for a recording; its name depends on the contents of recording and encoder.
    fn path(&self, recording_sha256: &str) -> PathBuf {
        let of = format!(
            "{recording_sha256} {} {} {}",
            self.encoder.sha256, self.encoder.normalize, self.encoder.window_frames_50hz
        );
        self.folder.join(hex(&Sha256::digest(of)[..16]))
    }

    /// The stored embeddings of a recording; `None` if there are none, or the file is damaged.
    #[must_use]
    pub fn load(&self, recording_sha256: &str, dim: usize) -> Option<SpeechEmbeddings> {
        let mut bytes = Vec::new();
        File::open(self.path(recording_sha256))
            .ok()?
            .read_to_end(&mut bytes)
            .ok()?;
        let end = bytes.iter().take(MAX_HEAD).position(|&byte| byte == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
        let (values, []) = bytes[end + 1..].as_chunks::<4>() else {
            return None;
        };
        let fits = head.dim == dim
            && (1..=MAX_DIM).contains(&dim)
            && head.frames.checked_mul(dim) == Some(values.len())
            && spans_fit(&head.spans, head.frames);
        let values: Vec<f32> = values.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        (fits && values.iter().all(|value| value.is_finite())).then(|| SpeechEmbeddings {
            embeddings: Frames::from_data(dim, values),
            spans: head.spans,
            silent: head.silent,
        })
    }

    /// Stores the embeddings of a recording, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn store(&self, recording_sha256: &str, kept: &SpeechEmbeddings) -> std::io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let mut whole = WholeFile::create(&self.path(recording_sha256))?;
        let mut file = BufWriter::new(whole.file()?);
        let head = Head {
            dim: kept.embeddings.dim(),
            frames: kept.embeddings.len(),
            silent: kept.silent,
            spans: kept.spans.clone(),
        };
        serde_json::to_writer(&mut file, &head)?;
        file.write_all(b"\n")?;
        for value in kept.embeddings.data() {
            file.write_all(&value.to_le_bytes())?;
        }
        file.flush()?;
        drop(file);
        whole.commit()
    }

    /// Removes all of them, once the index is finished.
    pub fn clear(&self) {
        // If that fails, they only take disk space.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Longest file name on all common file systems.
const MAX_NAME_BYTES: usize = 255;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Spans that follow each other and cover exactly `frames` rows.
fn spans_fit(spans: &[Span], frames: usize) -> bool {
    let mut next = 0_usize;
    for span in spans {
        if span.first_id != next || span.len == 0 {
            return false;
        }
        let Some(after) = next.checked_add(span.len) else {
            return false;
        };
        next = after;
    }
    next == frames
}
