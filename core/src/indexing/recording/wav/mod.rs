//! WAV and its relatives: RIFF, RIFX, RF64, BW64 and Sony Wave64, as recorders and editors really write them.
//!
//! A reader of our own, since files of the field break the rules: sizes of zero, or larger than the file (streamed, or
//! cut off), odd chunks without padding, several data chunks. [`layout`] finds what is where; PCM is converted by
//! [`pcm`], ADPCM and MPEG go to symphonia's decoders.

mod adpcm;
mod chunks;
mod format;
mod layout;
mod pcm;
mod ranges;

use std::io::Read;

use symphonia::core::io::MediaSource;

use self::adpcm::Adpcm;
use self::format::Encoding;
use self::layout::Layout;
use self::pcm::PcmLayout;
use self::ranges::Ranges;
use super::container::Container;
use super::decoder::mix_down;
use super::error::Fault;
use super::source::SampleSource;

/// Frames that are converted at a time.
const BLOCK_FRAMES: usize = 16_384;

/// A WAV file's samples.
pub(super) struct WavSource {
    rate_hz: u32,
    channels: usize,
    codec: Codec,
    interleaved: Vec<f32>,
    bytes: Vec<u8>,
}

enum Codec {
    Pcm(PcmLayout, Ranges),
    Adpcm(Adpcm, Ranges),
    Mpeg(Box<Container>),
}

impl WavSource {
    pub(super) fn open(mut file: Box<dyn MediaSource>) -> Result<Self, Fault> {
        let Layout {
            format,
            data,
            frames,
            is_big_endian,
        } = Layout::read(&mut file)?;
        if data.iter().all(|range| range.is_empty()) {
            return Err(Fault::NotSound("it has a header but no sound".into()));
        }
        let ranges = Ranges::new(file, data);
        let codec = match format.encoding {
            Encoding::Mpeg => Codec::Mpeg(Box::new(Container::open(Box::new(ranges), Some("mp3"))?)),
            Encoding::ImaAdpcm | Encoding::MsAdpcm => Codec::Adpcm(Adpcm::new(&format, frames)?, ranges),
            _ => Codec::Pcm(PcmLayout::new(&format, is_big_endian)?, ranges),
        };
        let rate_hz = match &codec {
            Codec::Mpeg(mpeg) => mpeg.rate_hz(),
            _ => format.rate_hz,
        };
        Ok(Self {
            rate_hz,
            channels: format.channels.into(),
            codec,
            interleaved: Vec::new(),
            bytes: Vec::new(),
        })
    }
}

impl SampleSource for WavSource {
    fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    fn read(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault> {
        self.interleaved.clear();
        match &mut self.codec {
            Codec::Mpeg(mpeg) => return mpeg.read(out),
            Codec::Pcm(layout, data) => {
                let frame_bytes = layout.sample_bytes() * self.channels;
                read_up_to(data, BLOCK_FRAMES * frame_bytes, &mut self.bytes)?;
                // A last frame that was cut off is no frame.
                let whole = self.bytes.len() / frame_bytes * frame_bytes;
                layout.convert(&self.bytes[..whole], &mut self.interleaved);
                if whole == 0 {
                    return Ok(false);
                }
            }
            Codec::Adpcm(adpcm, data) => {
                read_up_to(data, adpcm.bytes_at_a_time(), &mut self.bytes)?;
                if self.bytes.is_empty() || !adpcm.decode(&self.bytes, &mut self.interleaved)? {
                    return Ok(false);
                }
            }
        }
        mix_down(&self.interleaved, self.channels, out);
        Ok(true)
    }
}

/// Fills `bytes` with so many bytes, or with what there is.
fn read_up_to(data: &mut Ranges, count: usize, bytes: &mut Vec<u8>) -> Result<(), Fault> {
    bytes.clear();
    data.by_ref().take(count as u64).read_to_end(bytes)?;
    Ok(())
}
