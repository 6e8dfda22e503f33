//! Content encoders (HuBERT, ContentVec), recognised by the names of their tensors.

use super::names::Names;
use super::pickle::Node;

/// The library whose naming the tensors follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncoderNames {
    /// `transformers`: `pytorch_model.bin`, `model.safetensors`.
    Transformers,
    /// `fairseq`: `hubert_base.pt`, `checkpoint_best_legacy_500.pt`.
    Fairseq,
}

/// Properties of an encoder that can be read without running it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderFacts {
    /// The naming of its tensors.
    pub names: EncoderNames,
    /// Width of a layer: 768 for a base model.
    pub width: u64,
    /// Transformer layers: 12 for a base model.
    pub layers: usize,
    /// Width of the projection that RVC v1 voices need (256), if there is one.
    pub projection: Option<u64>,
}

/// An encoder's tensors, and the prefix of their names.
#[derive(Clone, Debug)]
pub(super) struct EncoderTensors {
    pub facts: EncoderFacts,
    pub names: Names,
    pub prefix: &'static str,
}

impl EncoderTensors {
    /// The encoder in a file, if there is one.
    pub fn find(root: Node<'_>) -> Option<Self> {
        let model = root.get("model").or_else(|| root.get("state_dict"));
        let candidates = [Some(root), model, root.get("weight")];
        candidates
            .into_iter()
            .flatten()
            .find_map(|node| Self::of(Names::of(node, "")))
    }

    fn of(names: Names) -> Option<Self> {
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
                let facts = EncoderFacts {
                    names: kind,
                    width: layer(0).and_then(|shape| shape.first().copied())?,
                    layers: (0..).take_while(|&n| layer(n).is_some()).count(),
                    projection: projection.and_then(|shape| shape.first().copied()),
                };
                return Some(Self { facts, names, prefix });
            }
        }
        None
    }
}
