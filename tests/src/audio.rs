//! Reading, resampling and writing of audio files.

use anyhow::{Context, Result, bail, ensure};
use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler};
use std::fs::File;
use std::path::Path;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error as DecodeError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;

/// One channel of audio.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// Samples per second.
    pub rate_hz: u32,
    /// The samples.
    pub samples: Vec<f32>,
}

impl Sound {
    /// Reads a FLAC or WAV file; several channels are averaged.
    ///
    /// # Errors
    /// If it is missing or damaged.
    pub fn read(path: &Path) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let stream = MediaSourceStream::new(Box::new(file), MediaSourceStreamOptions::default());
        let (options, metadata) = (FormatOptions::default(), MetadataOptions::default());
        let mut format = symphonia::default::get_probe()
            .probe(&Hint::new(), stream, options, metadata)
            .with_context(|| format!("{} is not an audio file", path.display()))?;
        let track = format.default_track(TrackType::Audio).context("no track")?;
        let Some(CodecParameters::Audio(parameters)) = track.codec_params.clone() else {
            bail!("no codec");
        };
        let rate_hz = parameters.sample_rate.context("no sample rate")?;
        let options = AudioDecoderOptions::default();
        let mut decoder = symphonia::default::get_codecs().make_audio_decoder(&parameters, &options)?;
        let (mut samples, mut interleaved) = (Vec::new(), Vec::<f32>::new());
        loop {
            let packet = match format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) | Err(DecodeError::IoError(_)) => break,
                Err(error) => return Err(error.into()),
            };
            let decoded = decoder.decode(&packet)?;
            let channels = decoded.spec().channels().count();
            decoded.copy_to_vec_interleaved(&mut interleaved);
            samples.extend(
                interleaved
                    .chunks_exact(channels)
                    .map(|frame| frame.iter().sum::<f32>() / channels as f32),
            );
        }
        ensure!(!samples.is_empty(), "{} contains no audio", path.display());
        Ok(Self { rate_hz, samples })
    }

    /// The same audio at another rate, without delay.
    ///
    /// # Errors
    /// If the resampler rejects the rates.
    pub fn at_rate(&self, rate_hz: u32) -> Result<Self> {
        if rate_hz == self.rate_hz {
            return Ok(self.clone());
        }
        let (from, to) = (self.rate_hz as usize, rate_hz as usize);
        let mut resampler = Fft::<f32>::new(from, to, 1024, 1, FixedSync::Both)?;
        let wanted = self.samples.len() * to / from;
        let chunk = resampler.input_frames_next();
        let delay = resampler.output_delay();
        let mut padded = self.samples.clone();
        // Enough silence at the end to get the last sample out of the filter.
        padded.resize((self.samples.len() + chunk * 4).next_multiple_of(chunk), 0.0);
        let mut samples = Vec::with_capacity(wanted + delay);
        let mut out = vec![0.0; resampler.output_frames_max()];
        for piece in padded.chunks_exact(chunk) {
            let source = SequentialSlice::new(piece, 1, chunk)?;
            let room = out.len();
            let mut target = SequentialSlice::new_mut(&mut out, 1, room)?;
            let (_, written) = resampler.process_into_buffer(&source, &mut target, None)?;
            samples.extend_from_slice(&out[..written]);
        }
        samples.drain(..delay);
        samples.truncate(wanted);
        Ok(Self { rate_hz, samples })
    }

    /// The part from `from_s` to `to_s`, in seconds.
    #[must_use]
    pub fn part(&self, from_s: f64, to_s: f64) -> Self {
        let at = |s: f64| ((s * f64::from(self.rate_hz)) as usize).min(self.samples.len());
        Self {
            rate_hz: self.rate_hz,
            samples: self.samples[at(from_s)..at(to_s)].to_vec(),
        }
    }

    /// The duration in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.rate_hz)
    }
}

/// Writes channels of equal length as 32-bit float WAV.
///
/// # Errors
/// If the file cannot be written.
pub fn write_wav(path: &Path, rate_hz: u32, channels: &[Vec<f32>]) -> Result<()> {
    let spec = hound::WavSpec {
        channels: channels.len() as u16,
        sample_rate: rate_hz,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer =
        hound::WavWriter::create(path, spec).with_context(|| format!("cannot write {}", path.display()))?;
    for n in 0..channels.first().map_or(0, Vec::len) {
        for channel in channels {
            writer.write_sample(channel[n])?;
        }
    }
    writer.finalize()?;
    Ok(())
}
