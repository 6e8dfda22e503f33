//! From packets to samples of one channel.

use opusic_c::{Channels, Decoder as Libopus, SampleRate};
use symphonia::core::codecs::audio::well_known::{CODEC_ID_AAC, CODEC_ID_OPUS};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::packet::Packet;

use super::error::Fault;

/// Most frames in a packet: decoders allocate this much before they see one. Real ones have up to 65,535 (FLAC).
const MAX_FRAMES_PER_PACKET: u64 = 1 << 19;
/// Most channels.
const MAX_CHANNELS: usize = 32;

/// Decodes the packets of one track.
pub(super) enum Decoder {
    /// By one of symphonia's decoders.
    Symphonia {
        decoder: Box<dyn AudioDecoder>,
        /// True if the decoder itself drops what packets say is encoder delay or padding.
        trims: bool,
        interleaved: Vec<f32>,
    },
    /// By libopus.
    Opus(OpusDecoder),
}

/// What became of a packet.
pub(super) enum Decoded {
    /// Samples at this rate were appended.
    Samples { rate_hz: u32 },
    /// The packet is damaged; the following ones may be whole.
    Damaged,
}

impl Decoder {
    pub(super) fn new(params: &AudioCodecParameters) -> Result<Self, Fault> {
        if params.codec == CODEC_ID_OPUS {
            return OpusDecoder::new(params.extra_data.as_deref()).map(Self::Opus);
        }
        let frames = params.max_frames_per_packet.unwrap_or(0);
        let channels = params.channels.as_ref().map_or(0, |channels| channels.count());
        if frames > MAX_FRAMES_PER_PACKET || channels > MAX_CHANNELS {
            return Err(Fault::NotSound(format!(
                "its header gives {channels} channels in packets of {frames} samples; convert it to WAV or FLAC"
            )));
        }
        let options = AudioDecoderOptions::default();
        let decoder = symphonia::default::get_codecs().make_audio_decoder(params, &options);
        let refused = |error: Error| {
            match error {
            Error::Unsupported("aac: aac too complex") => Fault::NotSound(
                "its AAC is of a kind that is not decoded (HE-AAC, or more than two channels); convert it to WAV or FLAC".into(),
            ),
            error => Fault::NotSound(format!("its sound is not decoded here ({error}); convert it to WAV or FLAC")),
        }
        };
        Ok(Self::Symphonia {
            decoder: decoder.map_err(refused)?,
            trims: params.codec != CODEC_ID_AAC,
            interleaved: Vec::new(),
        })
    }

    /// Samples to drop at the start, where the stream itself says so.
    pub(super) fn pre_skip(&self) -> Option<u64> {
        match self {
            Self::Symphonia { .. } => None,
            Self::Opus(opus) => Some(opus.pre_skip),
        }
    }

    /// Appends the samples of a packet.
    pub(super) fn decode(&mut self, packet: &Packet, out: &mut Vec<f32>) -> Result<Decoded, Fault> {
        let before = out.len();
        let (rate_hz, trims) = match self {
            Self::Symphonia {
                decoder,
                trims,
                interleaved,
            } => {
                let buffer = match decoder.decode(packet) {
                    Ok(buffer) => buffer,
                    // Junk, as MP3 files have it at their ends.
                    Err(Error::DecodeError(_) | Error::IoError(_)) => return Ok(Decoded::Damaged),
                    Err(error) => return Err(Fault::Damaged(error.to_string())),
                };
                let (rate_hz, channels) = (buffer.spec().rate(), buffer.spec().channels().count());
                buffer.copy_to_vec_interleaved(interleaved);
                mix_down(interleaved, channels, out);
                (rate_hz, *trims)
            }
            Self::Opus(opus) => match opus.decode(&packet.data, out) {
                true => (OPUS_RATE_HZ, false),
                false => return Ok(Decoded::Damaged),
            },
        };
        if !trims {
            let count = |samples: u64| usize::try_from(samples).unwrap_or(usize::MAX);
            out.truncate(out.len().saturating_sub(count(packet.trim_end.get())).max(before));
            let start = count(packet.trim_start.get()).min(out.len() - before);
            out.drain(before..before + start);
        }
        Ok(Decoded::Samples { rate_hz })
    }
}

/// Appends the mean of each frame's channels.
pub(super) fn mix_down(interleaved: &[f32], channels: usize, out: &mut Vec<f32>) {
    if channels <= 1 {
        out.extend_from_slice(interleaved);
        return;
    }
    #[expect(clippy::cast_precision_loss, reason = "a few channels")]
    let share = 1.0 / channels as f32;
    out.extend(
        interleaved
            .chunks_exact(channels)
            .map(|frame| frame.iter().sum::<f32>() * share),
    );
}

/// Opus is always decoded at this rate.
const OPUS_RATE_HZ: u32 = 48_000;

/// Frames of the longest packet, 120 ms.
const OPUS_MAX_FRAMES: usize = 5_760;

/// libopus, with what the stream's header says.
pub(super) struct OpusDecoder {
    decoder: Libopus,
    channels: usize,
    /// Frames of encoder delay at the start.
    pre_skip: u64,
    interleaved: Vec<f32>,
}

impl OpusDecoder {
    /// `head` is the identification header (RFC 7845, section 5.1), as containers keep it.
    fn new(head: Option<&[u8]>) -> Result<Self, Fault> {
        let damaged = || Fault::Damaged("its Opus header is damaged".into());
        let head = head
            .and_then(|head| head.strip_prefix(b"OpusHead"))
            .and_then(|head| head.first_chunk::<11>())
            .ok_or_else(damaged)?;
        let &[version, channels, skip0, skip1, _, _, _, _, gain0, gain1, _family] = head;
        // MP4 keeps the same fields in big-endian order, with version 0 (its `dOps`).
        let (pre_skip, gain) = if version == 0 {
            (
                u16::from_be_bytes([skip0, skip1]),
                i16::from_be_bytes([gain0, gain1]),
            )
        } else {
            (
                u16::from_le_bytes([skip0, skip1]),
                i16::from_le_bytes([gain0, gain1]),
            )
        };
        let layout = match channels {
            1 => Channels::Mono,
            2 => Channels::Stereo,
            0 => return Err(damaged()),
            _ => {
                return Err(Fault::NotSound(
                    "Opus with more than two channels is not decoded; convert it to WAV or FLAC".into(),
                ));
            }
        };
        let failed = |error| Fault::NotSound(format!("libopus did not start: {error:?}"));
        let mut decoder = Libopus::new(layout, SampleRate::Hz48000).map_err(failed)?;
        decoder.set_gain(gain.into()).map_err(failed)?;
        Ok(Self {
            decoder,
            channels: channels.into(),
            pre_skip: pre_skip.into(),
            interleaved: vec![0.0; OPUS_MAX_FRAMES * usize::from(channels)],
        })
    }

    /// False if the packet is damaged.
    fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) -> bool {
        if packet.is_empty() {
            return false;
        }
        match self
            .decoder
            .decode_float_to_slice(packet, &mut self.interleaved, false)
        {
            Ok(frames) => {
                mix_down(&self.interleaved[..frames * self.channels], self.channels, out);
                true
            }
            Err(_) => false,
        }
    }
}
