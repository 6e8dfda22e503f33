//! Recognises what a file of weights contains, and what to do with it.

use super::container::WeightsFile;
use super::encoder::{EncoderFacts, EncoderTensors};
use super::error::ReadError;
use super::names::Names;
use super::pickle::Node;
use super::rvc::{Voice, VoiceFileError};

/// The content of a file.
#[derive(Debug)]
pub enum ModelKind {
    /// An RVC voice, which can be built.
    Voice(Box<Voice>),
    /// A content encoder's weights.
    Encoder(EncoderFacts),
    /// RVC's training state: a voice's weights without their configuration.
    TrainingCheckpoint {
        /// Number of training steps, if the file has it.
        iteration: Option<i64>,
        /// True for the discriminator, which only training needs.
        discriminator: bool,
    },
    /// Something else.
    Other {
        /// What it is.
        what: String,
        /// What to do instead.
        advice: &'static str,
    },
}

/// Errors of recognising a file.
#[derive(Debug, thiserror::Error)]
pub enum RecognizeError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is a voice, but incomplete or of an unknown kind.
    #[error(transparent)]
    Voice(#[from] VoiceFileError),
}

impl ModelKind {
    /// Recognises `file` by its keys and the names and shapes of its
    /// tensors; no values are read.
    ///
    /// # Errors
    /// See [`RecognizeError`].
    pub fn of(file: &WeightsFile) -> Result<Self, RecognizeError> {
        let root = file.tree().root();
        if let Some(voice) = Voice::find(root)? {
            return Ok(Self::Voice(Box::new(voice)));
        }
        if let Some(encoder) = EncoderTensors::find(root) {
            return Ok(Self::Encoder(encoder.facts));
        }
        if let Some(kind) = training(root) {
            return Ok(kind);
        }
        let (what, advice) = other(root);
        Ok(Self::Other { what, advice })
    }
}

impl ModelKind {
    /// What it is: "an RVC voice", "a content encoder's weights".
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Voice(_) => "an RVC voice",
            Self::Encoder(_) => "a content encoder's weights",
            Self::TrainingCheckpoint {
                discriminator: false, ..
            } => "a training checkpoint of an RVC voice",
            Self::TrainingCheckpoint { .. } => {
                "the discriminator of an RVC training checkpoint, which only training needs"
            }
            Self::Other { what, .. } => what,
        }
    }

    /// What to do with it, as the end of a sentence.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Voice(_) => "choose it as the voice",
            Self::Encoder(_) => "choose it as the encoder, not as the voice",
            Self::TrainingCheckpoint {
                discriminator: false, ..
            } => {
                "extract the small model from it (in RVC: ckpt processing, model extraction), or choose the .pth of about 55 MB in RVC's folder assets/weights"
            }
            Self::TrainingCheckpoint { .. } => {
                "choose the .pth of about 55 MB in RVC's folder assets/weights"
            }
            Self::Other { advice, .. } => advice,
        }
    }
}

fn training(root: Node<'_>) -> Option<ModelKind> {
    let model = root.get("model")?;
    let names = Names::of(model, "module.");
    let generator = names.any("enc_p.") && names.any("dec.") && names.any("flow.");
    let discriminator = names.any("discriminators.");
    let trained = root.get("optimizer").is_some() || root.get("iteration").is_some();
    (trained && (generator || discriminator)).then(|| ModelKind::TrainingCheckpoint {
        iteration: root.get("iteration").and_then(Node::int),
        discriminator,
    })
}

/// Files of other programs with the same extensions, recognised by tensors that only they have.
fn other(root: Node<'_>) -> (String, &'static str) {
    const OTHER_VOICE: &str = "choose a voice that was trained with RVC (its small .pth of about 55 MB)";
    const NO_VOICE: &str = "choose the voice's own .pth";
    let weight = root.get("weight").or_else(|| root.get("model")).unwrap_or(root);
    let names = Names::of(weight, "");
    let known: &[(&str, &str, &str)] = &[
        ("ar_text_embedding.", "a GPT-SoVITS model", OTHER_VOICE),
        ("model.ar_text_embedding.", "a GPT-SoVITS model", OTHER_VOICE),
        ("ref_enc.", "a GPT-SoVITS model", OTHER_VOICE),
        ("f0_decoder.", "a so-vits-svc model", OTHER_VOICE),
        ("unet.encoder.", "the pitch tracker RMVPE", NO_VOICE),
        ("input_stack.", "the pitch tracker FCPE", NO_VOICE),
        (
            "discriminators.",
            "a discriminator, which only training needs",
            NO_VOICE,
        ),
        ("enc_q.", "weights of a VITS model", OTHER_VOICE),
        ("dec.", "weights of a VITS model", OTHER_VOICE),
    ];
    for (beginning, what, advice) in known {
        if names.any(beginning) {
            return ((*what).to_string(), advice);
        }
    }
    if root.get("generator").is_some() {
        return ("a HiFi-GAN vocoder's checkpoint".into(), NO_VOICE);
    }
    let keys: Vec<String> = root
        .entries()
        .take(5)
        .map(|(key, _)| format!("`{}`", key.chars().take(40).collect::<String>()))
        .collect();
    if keys.is_empty() {
        return ("a file without named weights".into(), NO_VOICE);
    }
    (
        format!("a file of another program (it holds {}, …)", keys.join(", ")),
        "choose an RVC voice's own .pth, which holds `weight` and `config`",
    )
}
