//! The delay that voices add to a stream.

use super::Geometry;

/// Longest delay of a voice.
pub const MAX_VOICE_DELAY_MS: u32 = 100;

impl Geometry {
    /// Makes room for voices with a delay of up to so many microseconds: rounded up to whole chunks of the
    /// resamplers.
    #[must_use]
    pub fn with_voice_delay_us(mut self, delay_us: u32) -> Self {
        self.voice_delay_ms = self.rounded_voice_delay_ms(delay_us);
        self
    }

    /// The delay in milliseconds that a stream needs for a voice with this delay in microseconds.
    #[must_use]
    pub fn rounded_voice_delay_ms(&self, delay_us: u32) -> u32 {
        let longest = MAX_VOICE_DELAY_MS.next_multiple_of(self.resample_chunk_ms);
        let delay_ms = delay_us.div_ceil(1_000).next_multiple_of(self.resample_chunk_ms);
        delay_ms.min(longest)
    }
}
