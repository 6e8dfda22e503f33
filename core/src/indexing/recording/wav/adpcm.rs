//! ADPCM blocks, decoded by symphonia's decoders.

use symphonia::core::audio::{Channels, layouts};
use symphonia::core::codecs::audio::well_known::{CODEC_ID_ADPCM_IMA_WAV, CODEC_ID_ADPCM_MS};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::packet::Packet;
use symphonia::core::units::{Duration, Timestamp};

use super::format::{Encoding, Format};
use crate::indexing::recording::error::Fault;

/// Frames of the largest block that is taken.
const MAX_BLOCK_FRAMES: u64 = 65_536;

/// Decodes blocks of one size.
pub(super) struct Adpcm {
    decoder: Box<dyn AudioDecoder>,
    channels: usize,
    block_bytes: usize,
    block_frames: u64,
    /// Frames to come, where the file states how many it has.
    frames_left: Option<u64>,
}

impl Adpcm {
    pub(super) fn new(format: &Format, frames: Option<u64>) -> Result<Self, Fault> {
        let layout: Channels = match format.channels {
            1 => layouts::CHANNEL_LAYOUT_MONO,
            2 => layouts::CHANNEL_LAYOUT_STEREO,
            count => {
                return Err(Fault::NotSound(format!(
                    "ADPCM with {count} channels is not decoded; convert it to WAV or FLAC"
                )));
            }
        };
        let (channels, block_bytes) = (u64::from(format.channels), u64::from(format.block_bytes));
        // What a block holds follows from its size; the frames that the format states must fit in.
        let (codec, header_bytes, header_frames) = match format.encoding {
            Encoding::ImaAdpcm => (CODEC_ID_ADPCM_IMA_WAV, 4, 1),
            _ => (CODEC_ID_ADPCM_MS, 7, 2),
        };
        let block_frames = block_bytes
            .checked_sub(header_bytes * channels)
            .map(|codes| codes * 2 / channels + header_frames)
            .filter(|&frames| frames <= MAX_BLOCK_FRAMES)
            .ok_or_else(|| Fault::Damaged(format!("its ADPCM blocks have {block_bytes} bytes")))?;
        let mut params = AudioCodecParameters::new();
        params
            .for_codec(codec)
            .with_sample_rate(format.rate_hz)
            .with_channels(layout)
            .with_max_frames_per_packet(block_frames)
            .with_frames_per_block(block_frames);
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(&params, &AudioDecoderOptions::default())
            .map_err(|error| Fault::NotSound(error.to_string()))?;
        Ok(Self {
            decoder,
            channels: format.channels.into(),
            block_bytes: format.block_bytes.into(),
            block_frames,
            frames_left: frames,
        })
    }

    /// Bytes that [`Self::decode`] takes, or fewer at the end.
    pub(super) fn bytes_at_a_time(&self) -> usize {
        self.block_bytes
    }

    /// Decodes one block; the last one of a file may be cut off. False after the last frame.
    pub(super) fn decode(&mut self, block: &[u8], interleaved: &mut Vec<f32>) -> Result<bool, Fault> {
        if self.frames_left == Some(0) {
            return Ok(false);
        }
        let mut whole = block.to_vec();
        whole.resize(self.block_bytes, 0);
        let packet = Packet::new(0, Timestamp::new(0), Duration::from(self.block_frames), whole);
        let buffer = self
            .decoder
            .decode(&packet)
            .map_err(|error| Fault::Damaged(error.to_string()))?;
        buffer.copy_to_vec_interleaved(interleaved);
        let missing_codes = (self.block_bytes - block.len()) * 2 / self.channels;
        let frames = (interleaved.len() / self.channels).saturating_sub(missing_codes);
        let most = self
            .frames_left
            .map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
        interleaved.truncate(frames.min(most) * self.channels);
        if let Some(left) = &mut self.frames_left {
            *left -= frames.min(most) as u64;
        }
        Ok(true)
    }
}
