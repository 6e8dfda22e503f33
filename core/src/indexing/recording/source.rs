//! What all readers of recordings have in common.

use super::error::Fault;

/// Something that yields samples of one channel.
pub(super) trait SampleSource: Send {
    /// Samples per second, the same for the whole file.
    fn rate_hz(&self) -> u32;
    /// Appends some samples to `out`; false once there are no more.
    fn read(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault>;
}
