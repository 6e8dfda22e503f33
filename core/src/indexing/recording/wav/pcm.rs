//! PCM of any width to `f32`.

use super::format::{Encoding, Format};
use crate::indexing::recording::error::Fault;

/// How one sample is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PcmLayout {
    encoding: Encoding,
    sample_bytes: usize,
    is_big_endian: bool,
}

impl PcmLayout {
    pub(super) fn new(format: &Format, is_big_endian: bool) -> Result<Self, Fault> {
        let channels = usize::from(format.channels);
        let (block, by_bits) = (
            usize::from(format.block_bytes),
            usize::from(format.bits).div_ceil(8),
        );
        // The stored width follows from the block size; where that is impossible, from the bits per sample.
        let by_block = (block % channels == 0)
            .then_some(block / channels)
            .filter(|&bytes| bytes >= by_bits);
        let sample_bytes = by_block.filter(|&bytes| bytes > 0).unwrap_or(by_bits);
        let supported = match format.encoding {
            Encoding::Float => matches!(sample_bytes, 2 | 4 | 8),
            Encoding::ALaw | Encoding::MuLaw => sample_bytes == 1,
            _ => (1..=4).contains(&sample_bytes),
        };
        if !supported {
            return Err(Fault::NotSound(format!(
                "its samples of {} bits in {sample_bytes} bytes are not decoded; convert it to 16-bit WAV or FLAC",
                format.bits
            )));
        }
        Ok(Self {
            encoding: format.encoding,
            sample_bytes,
            is_big_endian,
        })
    }

    pub(super) fn sample_bytes(self) -> usize {
        self.sample_bytes
    }

    /// Appends the samples in `bytes`; full scale is 1.
    pub(super) fn convert(self, bytes: &[u8], out: &mut Vec<f32>) {
        let samples = bytes.chunks_exact(self.sample_bytes);
        match (self.encoding, self.sample_bytes) {
            (Encoding::ALaw, _) => out.extend(bytes.iter().map(|&code| from_16(a_law(code)))),
            (Encoding::MuLaw, _) => out.extend(bytes.iter().map(|&code| from_16(mu_law(code)))),
            (Encoding::Float, 2) => {
                out.extend(samples.map(|sample| {
                    half::f16::from_bits(u16::from_le_bytes(self.little_endian(sample))).to_f32()
                }))
            }
            (Encoding::Float, 4) => {
                out.extend(samples.map(|sample| f32::from_le_bytes(self.little_endian(sample))))
            }
            (Encoding::Float, _) => out.extend(samples.map(|sample| {
                #[expect(clippy::cast_possible_truncation, reason = "24 bits of precision are plenty")]
                let sample = f64::from_le_bytes(self.little_endian(sample)) as f32;
                sample
            })),
            // 8 bits have no sign.
            (_, 1) => out.extend(bytes.iter().map(|&sample| (f32::from(sample) - 128.0) / 128.0)),
            // Fewer bits than the bytes have are in the upper ones.
            (_, width) => out.extend(samples.map(|sample| {
                let bits = u32::from_le_bytes(self.little_endian(sample)) << (32 - 8 * width);
                #[expect(clippy::cast_precision_loss, reason = "24 bits of precision are plenty")]
                let sample = bits.cast_signed() as f32 / 2_147_483_648.0;
                sample
            })),
        }
    }

    /// A sample's bytes, the lowest first, filled up with zeros.
    fn little_endian<const N: usize>(self, sample: &[u8]) -> [u8; N] {
        let mut bytes = [0; N];
        for (to, from) in bytes.iter_mut().zip(sample) {
            *to = *from;
        }
        if self.is_big_endian {
            bytes[..sample.len().min(N)].reverse();
        }
        bytes
    }
}

fn from_16(sample: i16) -> f32 {
    f32::from(sample) / 32_768.0
}

/// ITU-T G.711, A-law.
fn a_law(code: u8) -> i16 {
    let code = code ^ 0x55;
    let (exponent, mantissa) = (code >> 4 & 7, i16::from(code & 15));
    let magnitude = match exponent {
        0 => mantissa << 4 | 8,
        exponent => (mantissa << 4 | 0x108) << (exponent - 1),
    };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

/// ITU-T G.711, µ-law.
fn mu_law(code: u8) -> i16 {
    let code = !code;
    let magnitude = ((i16::from(code & 15) << 3 | 0x84) << (code >> 4 & 7)) - 0x84;
    if code & 0x80 == 0 { magnitude } else { -magnitude }
}
