//! Settings of blending, besides the ratio. With all defaults the arithmetic is RVC's,
//! bit for bit.

/// Most targets that can be morphed between.
pub const MAX_TARGETS: usize = 8;

/// How retrieved embeddings are mixed in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BlendSettings {
    /// 0 = the ratio is unchanged; 1 = far from the target's own data the live
    /// embedding is used (see [`crate::blend::trust`]).
    pub trust: f32,
    /// Factors of the ratio by voicing, loudness and pitch.
    pub curves: Curves,
    /// Weights of the targets.
    pub morph: Morph,
    /// 0 = frames are independent; 1 = neighbours that join well with the frame before
    /// are preferred.
    pub continuity: f32,
    /// What goes to the synthesizer.
    pub listen: Listen,
    /// How neighbours are weighted.
    pub weighting: Weighting,
}

/// How a frame's neighbours are weighted by their squared distances `s`; the weights are scaled to the sum 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Weighting {
    /// The function.
    pub kind: WeightingKind,
    /// For [`WeightingKind::Softmax`]: small values choose the nearest neighbour, large ones all alike.
    pub temperature: Temperature,
}

/// Functions of a [`Weighting`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightingKind {
    /// RVC's `(1 / s)^2`, that is one over the fourth power of the distance.
    #[default]
    Rvc,
    /// `1 / s`, one over the squared distance.
    InverseSquare,
    /// `exp(-(s / nearest s) / temperature)`.
    Softmax,
    /// All alike.
    Equal,
}

/// A softmax's temperature, in squared distances of the nearest neighbour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Temperature(pub f32);

impl Default for Temperature {
    /// A neighbour twice as far away (in squared distance) counts a seventh.
    fn default() -> Self {
        Self(0.5)
    }
}

impl Temperature {
    /// Smallest and largest one.
    pub const RANGE: (f32, f32) = (0.01, 10.0);

    /// The value, within [`Self::RANGE`]; the default where it is no number.
    #[must_use]
    pub fn in_range(self) -> f32 {
        let (low, high) = Self::RANGE;
        if self.0.is_nan() {
            Self::default().0
        } else {
            self.0.clamp(low, high)
        }
    }
}

/// Factors of the ratio.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Curves {
    /// By voicing; RVC's `protect` is a case of it.
    pub voicing: VoicingCurve,
    /// By the level of the input, -60 to 0 dBFS.
    pub loudness: LevelCurve,
    /// By the pitch of the input, 50 to 800 Hz, over octaves. Unvoiced frames are
    /// unchanged.
    pub pitch: LevelCurve,
}

/// Two factors and their depth. RVC's `protect` of `p` is depth 1, unvoiced `p`,
/// voiced 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VoicingCurve {
    /// 0 = not at all.
    pub depth: f32,
    /// Factor where there is no pitch.
    pub unvoiced: f32,
    /// Factor where there is one.
    pub voiced: f32,
}

impl Default for VoicingCurve {
    fn default() -> Self {
        Self {
            depth: 0.0,
            // RVC's default.
            unvoiced: 0.33,
            voiced: 1.0,
        }
    }
}

/// Factors at the low end, the middle and the high end of a range, with straight
/// lines between them, and their depth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelCurve {
    /// 0 = not at all.
    pub depth: f32,
    /// Factors, low to high.
    pub points: [f32; 3],
}

impl Default for LevelCurve {
    fn default() -> Self {
        Self {
            depth: 0.0,
            points: [0.0, 0.5, 1.0],
        }
    }
}

/// How much of each target is retrieved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Morph {
    /// One weight per target, in the order of the voice; scaled to the sum 1.
    pub weights: [f32; MAX_TARGETS],
    /// If given (0..1 in both directions), the position on the pad determines the
    /// weights instead; the targets are placed at its corners.
    pub pad: Option<[f32; 2]>,
}

impl Default for Morph {
    /// The first target alone.
    fn default() -> Self {
        let mut weights = [0.0; MAX_TARGETS];
        weights[0] = 1.0;
        Self { weights, pad: None }
    }
}

/// What goes to the synthesizer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listen {
    /// The blend.
    #[default]
    Blend,
    /// The live embedding alone.
    Live,
    /// The retrieved one alone.
    Retrieved,
    /// Only what blending adds: `a (r - h)`.
    Difference,
}

/// Modulation of the ratio: each `value * depth` is added to it. Depths go from -1
/// (ducking) to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Drive {
    /// Level of the side chain, 0..1.
    pub side_level: f32,
    /// Its depth.
    pub side_depth: f32,
    /// MIDI's modulation wheel (CC 1), 0..1.
    pub wheel: f32,
    /// Its depth.
    pub wheel_depth: f32,
    /// Pressure on the keys (aftertouch), 0..1.
    pub pressure: f32,
    /// Its depth.
    pub pressure_depth: f32,
}

impl Drive {
    /// The modulated ratio, 0..=1. Values that are not finite are ignored.
    #[must_use]
    pub fn ratio(&self, set: f32) -> f32 {
        let part = |value: f32, depth: f32| {
            let product = value * depth;
            if product.is_finite() { product } else { 0.0 }
        };
        let moved = set
            + part(self.side_level, self.side_depth)
            + part(self.wheel, self.wheel_depth)
            + part(self.pressure, self.pressure_depth);
        if moved.is_nan() {
            0.0
        } else {
            moved.clamp(0.0, 1.0)
        }
    }
}
