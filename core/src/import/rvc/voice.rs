//! An RVC voice, as described by its file.

use super::super::names::Names;
use super::super::pickle::Node;
use super::config::Config;
use super::error::VoiceFileError;
use super::shape::Shape;

/// RVC's two versions. They differ in the encoder that they need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 256 values per embedding: HuBERT's layer 9 and its projection.
    V1,
    /// 768 values per embedding: layer 12.
    V2,
}

/// A recognised RVC voice; only its sizes have been read.
#[derive(Clone, Debug)]
pub struct Voice {
    /// Version.
    pub version: Version,
    /// Rate of its audio.
    pub rate_hz: u32,
    /// True if it takes a pitch.
    pub f0: bool,
    /// All sizes.
    pub shape: Shape,
    /// Notes on its training in the file.
    pub info: Option<String>,
    /// Name of the encoder that it was trained with, if the file has it.
    pub encoder: Option<String>,
    /// Notes for the user.
    pub notes: Vec<String>,
    /// Its tensors.
    pub(super) names: Names,
}

/// Number of characters of the file's texts that are shown.
const TEXT_SHOWN: usize = 200;

impl Voice {
    /// The voice in a file, if there is one.
    ///
    /// # Errors
    /// If there is one, but it is incomplete. See [`VoiceFileError`].
    pub fn find(root: Node<'_>) -> Result<Option<Self>, VoiceFileError> {
        let inner = root.get("weight").filter(|weight| weight.is_dict());
        let names = Names::of(inner.unwrap_or(root), "weight.");
        if !names.has("enc_p.emb_phone.weight") {
            return Ok(None);
        }
        let text = |key: &str| root.get(key).and_then(Node::text).map(shown);
        if let Some(vocoder) = text("vocoder").filter(|vocoder| vocoder != "HiFi-GAN") {
            return Err(VoiceFileError::Unsupported {
                what: format!("the vocoder {vocoder}"),
            });
        }
        let config = Config::read(root, &names)?;
        let shape = Shape::read(&names, &config)?;
        let version = match shape.width {
            256 => Version::V1,
            768 => Version::V2,
            width => {
                return Err(VoiceFileError::config(format!(
                    "its embeddings have {width} values; RVC's have 256 or 768"
                )));
            }
        };
        let f0 = match root
            .get("f0")
            .and_then(|f0| f0.int().or_else(|| f0.text()?.parse().ok()))
        {
            Some(f0) => f0 != 0,
            None => names.has("enc_p.emb_pitch.weight"),
        };
        let mut notes = Vec::new();
        if let Some(stated) = text("version").filter(|stated| stated != version.name()) {
            notes.push(format!(
                "the file says that it is {stated}, but its embeddings are those of {}",
                version.name()
            ));
        }
        let upp = u32::try_from(shape.upp()).unwrap_or(0);
        if upp.saturating_mul(100) != config.rate_hz {
            notes.push(format!(
                "it makes {upp} samples per 10 ms, which does not match its rate of {} Hz",
                config.rate_hz
            ));
        }
        Ok(Some(Self {
            version,
            rate_hz: config.rate_hz,
            f0,
            info: text("info"),
            encoder: text("embedder_model"),
            shape,
            notes,
            names,
        }))
    }

    /// Names of the data types in it.
    #[must_use]
    pub fn precisions(&self) -> Vec<&'static str> {
        let mut all: Vec<&str> = self
            .names
            .iter()
            .map(|(_, tensor)| tensor.element.name())
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Version {
    /// The name that RVC uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }
}

fn shown(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(TEXT_SHOWN)
        .collect()
}
