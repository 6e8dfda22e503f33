//! The `fmt ` chunk.

use crate::indexing::recording::error::Fault;

/// How samples are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Integers.
    Integer,
    /// IEEE floating point.
    Float,
    /// G.711 A-law.
    ALaw,
    /// G.711 µ-law.
    MuLaw,
    /// Microsoft's ADPCM.
    MsAdpcm,
    /// IMA's ADPCM, as in WAV files.
    ImaAdpcm,
    /// MPEG layers 1 to 3.
    Mpeg,
}

/// What the `fmt ` chunk says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Format {
    pub encoding: Encoding,
    /// 1 to [`MAX_CHANNELS`].
    pub channels: u16,
    pub rate_hz: u32,
    /// Bytes of a frame of PCM, or of a block of ADPCM.
    pub block_bytes: u16,
    /// Bits of a sample.
    pub bits: u16,
    /// What follows the common fields; of ADPCM the frames in a block.
    pub extra: Vec<u8>,
}

/// More than the largest recorders have.
const MAX_CHANNELS: u16 = 256;

impl Format {
    pub(super) fn parse(body: &[u8], is_big_endian: bool) -> Result<Self, Fault> {
        let number = |at: usize| {
            let bytes = *body.get(at..)?.first_chunk::<2>()?;
            Some(if is_big_endian {
                u16::from_be_bytes(bytes)
            } else {
                u16::from_le_bytes(bytes)
            })
        };
        let wide = |at: usize| {
            let bytes = *body.get(at..)?.first_chunk::<4>()?;
            Some(if is_big_endian {
                u32::from_be_bytes(bytes)
            } else {
                u32::from_le_bytes(bytes)
            })
        };
        let fields = (number(0), number(2), wide(4), number(12));
        let (Some(mut tag), Some(channels), Some(rate_hz), Some(block_bytes)) = fields else {
            return Err(Fault::Damaged("its format chunk is too short".into()));
        };
        if tag == 0xfffe {
            // Extensible: the real tag begins the sub-format.
            tag = number(24).unwrap_or(tag);
        }
        let encoding = match tag {
            1 => Encoding::Integer,
            3 => Encoding::Float,
            6 => Encoding::ALaw,
            7 => Encoding::MuLaw,
            2 => Encoding::MsAdpcm,
            0x11 => Encoding::ImaAdpcm,
            0x50 | 0x55 => Encoding::Mpeg,
            tag => {
                return Err(Fault::NotSound(format!(
                    "its sound is encoded as {} (WAV format {tag:#06x}), which is not decoded; convert it to 16-bit WAV or FLAC",
                    name_of(tag)
                )));
            }
        };
        if !(1..=MAX_CHANNELS).contains(&channels) {
            return Err(Fault::Damaged(format!("it claims to have {channels} channels")));
        }
        if rate_hz == 0 && encoding != Encoding::Mpeg {
            return Err(Fault::Damaged("it claims a sample rate of 0 Hz".into()));
        }
        Ok(Self {
            encoding,
            channels,
            rate_hz,
            block_bytes,
            bits: number(14).unwrap_or(0),
            extra: body.get(18..).unwrap_or_default().to_vec(),
        })
    }
}

/// Encodings that are met in the field and not decoded.
fn name_of(tag: u16) -> &'static str {
    match tag {
        0x31 => "GSM",
        0x14 | 0x40 | 0x45 | 0x64 | 0x65 => "G.72x",
        0x22 => "TrueSpeech",
        0xff | 0x1600 | 0x1601 | 0x1610 | 0xa106 => "AAC",
        0x160..=0x163 => "WMA",
        0x2000 => "AC-3",
        0x2001 => "DTS",
        0x566f | 0x674f..=0x6771 => "Vorbis",
        _ => "something unknown",
    }
}
