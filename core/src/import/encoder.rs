//! Content encoders (HuBERT, ContentVec), told by the names of their tensors.

use super::names::Names;

/// Whose names the tensors have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncoderNames {
    /// `transformers`: `pytorch_model.bin`, `model.safetensors`.
    Transformers,
    /// `fairseq`: `hubert_base.pt`, `checkpoint_best_legacy_500.pt`.
    Fairseq,
}

/// What is known of an encoder without running it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderFacts {
    /// Whose names its tensors have.
    pub names: EncoderNames,
    /// Width of a layer: 768 for a base model.
    pub width: u64,
    /// Transformer layers: 12 for a base model.
    pub layers: usize,
    /// Width of the projection that RVC v1's voices want (256), if it is there.
    pub projection: Option<u64>,
}

impl EncoderFacts {
    /// The encoder whose tensors these are, if they are one's.
    #[must_use]
    pub fn of(names: &Names) -> Option<Self> {
        for prefix in ["", "hubert.", "model.", "encoder.", "w2v_encoder.w2v_model."] {
            for (kind, first, query) in [
                (
                    EncoderNames::Transformers,
                    "feature_extractor.conv_layers.0.conv.weight",
                    "attention.q_proj.weight",
                ),
                (
                    EncoderNames::Fairseq,
                    "feature_extractor.conv_layers.0.0.weight",
                    "self_attn.q_proj.weight",
                ),
            ] {
                let layer = |n: usize| names.shape(&format!("{prefix}encoder.layers.{n}.{query}"));
                if !names.has(&format!("{prefix}{first}")) || layer(0).is_none() {
                    continue;
                }
                let projection = names
                    .shape(&format!("{prefix}final_proj.weight"))
                    .or_else(|| names.shape("final_proj.weight"));
                return Some(Self {
                    names: kind,
                    width: layer(0).and_then(|shape| shape.first().copied())?,
                    layers: (0..).take_while(|&n| layer(n).is_some()).count(),
                    projection: projection.and_then(|shape| shape.first().copied()),
                });
            }
        }
        None
    }
}
