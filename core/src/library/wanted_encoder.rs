//! Which encoder a voice needs, in words.

/// An encoder that is neither chosen nor installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedEncoder {
    /// Values per embedding that the voice expects.
    pub dim: usize,
}

impl WantedEncoder {
    /// What it is.
    #[must_use]
    pub fn what(&self) -> String {
        match self.dim {
            256 => {
                "an encoder with 256 values per frame (HuBERT base or ContentVec, as RVC v1 uses it)".into()
            }
            768 => {
                "an encoder with 768 values per frame (HuBERT base or ContentVec, as RVC v2 uses it)".into()
            }
            dim => format!("an encoder with {dim} values per frame, the one that it was trained with"),
        }
    }

    /// Which file it is, and where people get it: what to choose.
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
