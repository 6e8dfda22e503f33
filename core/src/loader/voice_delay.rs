//! The delay of a voice before it is loaded.

use crate::model::onnx::synthesizer_delay_us;
use crate::selection::VoiceSelection;

/// The delay in microseconds that the voice of a selection will add to a stream: 0 without one, and for files that
/// cannot be read. Reads the head of a file of weights; nothing of any other file.
#[must_use]
pub fn expected_delay_us(selection: &VoiceSelection) -> u32 {
    let synthesizer = selection.synthesizer.as_ref();
    synthesizer.map_or(0, |file| synthesizer_delay_us(&file.path))
}
