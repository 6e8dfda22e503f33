//! Describes the encoder that a voice needs, for messages.

/// An encoder that is neither chosen nor installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedEncoder {
    /// Values per embedding that the voice expects.
    pub dim: usize,
}

impl WantedEncoder {
    /// Its description.
    #[must_use]
    pub fn what(&self) -> String {
        match self.dim {
            256 => {
                "an encoder with 256 values per frame (HuBERT base or ContentVec, as RVC v1 uses it)".into()
            }
            768 => {
                "an encoder with 768 values per frame (HuBERT base or ContentVec, as RVC v2 uses it)".into()
            }
            dim => format!("the encoder with {dim} values per frame that it was trained with"),
        }
    }

    /// Which file to choose, and where to get it.
    #[must_use]
    pub fn advice(&self) -> String {
        let onnx = match self.dim {
            256 => "vec-256-layer-9.onnx",
            768 => "vec-768-layer-12.onnx",
            _ => return "that file as the encoder; the voice's author knows which one".into(),
        };
        format!(
            "hubert_base.pt as the encoder (in RVC's folder assets/hubert, and among the files that RVC downloads), checkpoint_best_legacy_500.pt (from ContentVec's authors), or {onnx} (in RVC's and MoeVS's collections)"
        )
    }
}
