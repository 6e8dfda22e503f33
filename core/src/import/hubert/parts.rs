//! Names of an encoder's parts in `transformers` and in `fairseq`.

use super::super::encoder::EncoderNames;

/// Names of tensors in the files of one of them, without the file's own prefix.
pub struct Parts {
    kind: EncoderNames,
    prefix: &'static str,
}

impl Parts {
    pub fn new(kind: EncoderNames, prefix: &'static str) -> Self {
        Self { kind, prefix }
    }

    fn named(&self, transformers: &str, fairseq: &str) -> String {
        let rest = match self.kind {
            EncoderNames::Transformers => transformers,
            EncoderNames::Fairseq => fairseq,
        };
        format!("{}{rest}", self.prefix)
    }

    /// A convolution of the feature extractor.
    pub fn conv(&self, n: usize) -> String {
        self.named(
            &format!("feature_extractor.conv_layers.{n}.conv"),
            &format!("feature_extractor.conv_layers.{n}.0"),
        )
    }

    /// The norm after the feature extractor's convolution `n`; a base model has only the
    /// first.
    pub fn conv_norm(&self, n: usize) -> String {
        self.named(
            &format!("feature_extractor.conv_layers.{n}.layer_norm"),
            &format!("feature_extractor.conv_layers.{n}.2"),
        )
    }

    /// The norm of a large model's convolution `n`, which has another name in fairseq.
    pub fn large_conv_norm(&self, n: usize) -> String {
        self.named(
            &format!("feature_extractor.conv_layers.{n}.layer_norm"),
            &format!("feature_extractor.conv_layers.{n}.2.1"),
        )
    }

    /// The norm of the features.
    pub fn feature_norm(&self) -> String {
        self.named("feature_projection.layer_norm", "layer_norm")
    }

    /// The projection of the features to the width of the layers.
    pub fn feature_projection(&self) -> String {
        self.named("feature_projection.projection", "post_extract_proj")
    }

    /// The convolution that encodes positions.
    pub fn positions(&self) -> String {
        self.named("encoder.pos_conv_embed.conv", "encoder.pos_conv.0")
    }

    /// The norm before the layers.
    pub fn first_norm(&self) -> String {
        format!("{}encoder.layer_norm", self.prefix)
    }

    /// A projection of attention: `q`, `k`, `v` or `out`.
    pub fn attention(&self, layer: usize, which: &str) -> String {
        let part = self.named_part("attention", "self_attn");
        format!("{}encoder.layers.{layer}.{part}.{which}_proj", self.prefix)
    }

    /// The norm after attention.
    pub fn attention_norm(&self, layer: usize) -> String {
        let part = self.named_part("layer_norm", "self_attn_layer_norm");
        format!("{}encoder.layers.{layer}.{part}", self.prefix)
    }

    /// The two layers of the feed-forward part.
    pub fn feed_forward(&self, layer: usize) -> [String; 2] {
        [
            ("feed_forward.intermediate_dense", "fc1"),
            ("feed_forward.output_dense", "fc2"),
        ]
        .map(|(transformers, fairseq)| {
            let part = self.named_part(transformers, fairseq);
            format!("{}encoder.layers.{layer}.{part}", self.prefix)
        })
    }

    /// The norm after the feed-forward part.
    pub fn final_norm(&self, layer: usize) -> String {
        format!("{}encoder.layers.{layer}.final_layer_norm", self.prefix)
    }

    /// The projection to the 256 values of RVC v1: inside or outside the model.
    pub fn projections(&self) -> [String; 2] {
        [format!("{}final_proj", self.prefix), "final_proj".to_string()]
    }

    fn named_part<'a>(&self, transformers: &'a str, fairseq: &'a str) -> &'a str {
        match self.kind {
            EncoderNames::Transformers => transformers,
            EncoderNames::Fairseq => fairseq,
        }
    }
}
