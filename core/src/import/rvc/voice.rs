//! An RVC voice, as its file describes it.

use super::super::names::Names;
use super::super::pickle::Node;
use super::config::Config;
use super::error::VoiceFileError;
use super::shape::Shape;

/// RVC's two generations. They differ in the encoder that they want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 256 values per embedding: HuBERT's layer 9 and its projection.
    V1,
    /// 768 values per embedding: layer 12.
    V2,
}

/// An RVC voice that was recognised; nothing of it was read but sizes.
#[derive(Clone, Debug)]
pub struct Voice {
    /// Generation.
    pub version: Version,
    /// Rate of its audio.
    pub rate_hz: u32,
    /// True if it takes a pitch.
    pub f0: bool,
    /// All sizes.
    pub shape: Shape,
    /// What the file says of its training.
    pub info: Option<String>,
    /// Name of the encoder that it was trained with, where the file tells.
    pub encoder: Option<String>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// Its tensors.
    pub(super) names: Names,
}

/// Characters of a text in a file that are shown.
const TEXT_SHOWN: usize = 200;

impl Voice {
    /// The voice in a file, if there is one.
    ///
    /// # Errors
    /// If there is one, but not a whole one. See [`VoiceFileError`].
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
                    "its embeddings have {width} values; RVC has 256 and 768"
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
        if let Some(told) = text("version").filter(|told| told != version.name()) {
            notes.push(format!(
                "the file calls itself {told}, but its embeddings are those of {}",
                version.name()
            ));
        }
        let upp = u32::try_from(shape.upp()).unwrap_or(0);
        if upp.saturating_mul(100) != config.rate_hz {
            notes.push(format!(
                "it makes {upp} samples per 10 ms, which is not its rate of {} Hz",
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

    /// Types of the numbers in it, in words.
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
    /// As RVC writes it.
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
