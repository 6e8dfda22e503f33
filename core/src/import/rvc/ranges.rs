//! The ranges of a voice's layers, for 8 bits.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Least ratio of signal to rounding noise of a layer's input and output.
const LEAST_SNR_DB: f32 = 30.0;

/// What is to be done with the convolutions of the residual blocks.
#[derive(Clone, Copy, Debug)]
pub enum Precision<'a> {
    /// 32 bits.
    Float,
    /// 32 bits; the graph also returns the [`Span`] of each layer's input and output, in outputs `watch.…`.
    Watched,
    /// 8 bits, with these ranges.
    EightBits(&'a Ranges),
}

/// Ranges by the names of layers.
pub type Ranges = BTreeMap<String, LayerRange>;

/// What a layer was seen to get and to return.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerRange {
    /// Its input.
    pub input: Span,
    /// Its output.
    pub output: Span,
}

/// Extremes and power of a signal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Smallest value.
    pub low: f32,
    /// Largest value.
    pub high: f32,
    /// Mean square, the largest of any call.
    pub power: f32,
}

impl Span {
    /// Also covers what was seen of it in another call: `[low, high, power]`.
    pub fn extend(&mut self, [low, high, power]: [f32; 3]) {
        self.low = self.low.min(low);
        self.high = self.high.max(high);
        self.power = self.power.max(power);
    }

    /// One step, and the step that means 0.
    pub(super) fn scale(self) -> (f32, u8) {
        let scale = ((self.high.max(0.0) - self.low.min(0.0)) / 255.0).max(f32::MIN_POSITIVE);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates to the 8 bits that are wanted"
        )]
        let zero = (-self.low.min(0.0) / scale).round() as u8;
        (scale, zero)
    }

    /// Signal to rounding noise in dB.
    fn snr_db(self) -> f32 {
        let (scale, _) = self.scale();
        10.0 * (12.0 * self.power / (scale * scale)).log10()
    }
}

impl LayerRange {
    /// True if 8 bits are enough for the layer.
    #[must_use]
    pub fn bears_8_bits(self) -> bool {
        self.input.snr_db().min(self.output.snr_db()) >= LEAST_SNR_DB
    }
}

/// The names of the outputs that tell of a layer's input and output.
#[must_use]
pub fn watched(name: &str) -> [String; 2] {
    ["input", "output"].map(|end| format!("watch.{end}.{name}"))
}
