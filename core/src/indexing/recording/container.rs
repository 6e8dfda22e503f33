//! Everything that symphonia opens: MP3, FLAC, Ogg, MP4, Matroska, AIFF, CAF, AAC.

use std::io::{self, ErrorKind, Seek, SeekFrom};

use symphonia::core::codecs::CodecParameters;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, FormatReader, Track, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::core::packet::Packet;
use symphonia::core::units::{TimeBase, Timestamp};

use super::decoder::{Decoded, Decoder};
use super::error::Fault;
use super::source::SampleSource;
use super::{mkv, mp4};

/// Missing stretches of a Matroska track up to this long are filled with silence (an encoder that sends nothing in
/// pauses leaves them); longer ones are taken for wrong times.
const MAX_GAP_S: u32 = 60;

/// Where the sound of a track lies within what its packets decode to.
#[derive(Clone, Copy, Debug, Default)]
struct Trim {
    /// Seconds of encoder delay, as numerator and denominator.
    delay_s: (u64, u64),
    /// Seconds that follow.
    length_s: Option<(u64, u64)>,
}

/// A track of a container, decoded packet by packet.
pub(super) struct Container {
    format: Box<dyn FormatReader>,
    track_id: u32,
    time_base: Option<TimeBase>,
    decoder: Decoder,
    rate_hz: u32,
    /// True if packets' times are followed where they leave a gap.
    fills_gaps: bool,
    /// Samples decoded so far, from the start of the sound: negative within the encoder delay.
    position: i64,
    /// Samples of encoder delay to drop still.
    delay_left: u64,
    /// Samples of sound to come, where that is known.
    length_left: Option<u64>,
    /// The first packets' samples, which were needed to know the rate.
    first: Vec<f32>,
    packets: u64,
    damaged_packets: u64,
}

impl Container {
    /// Any kind but those below.
    pub(super) fn open(file: Box<dyn MediaSource>, extension: Option<&str>) -> Result<Self, Fault> {
        Self::probe(file, extension, false, |_| None)
    }

    /// MP4, whose edit list says where the sound begins.
    pub(super) fn of_mp4(mut file: Box<dyn MediaSource>) -> Result<Self, Fault> {
        let edits = mp4::edits(&mut file)?;
        file.seek(SeekFrom::Start(0))?;
        Self::probe(file, Some("mp4"), false, |track| {
            let edit = edits.iter().find(|edit| edit.track_id == track.id)?;
            Some(Trim {
                delay_s: edit.delay_s,
                length_s: edit.length_s,
            })
        })
    }

    /// Matroska, whose track entry says how much the codec delays.
    pub(super) fn of_matroska(mut file: Box<dyn MediaSource>) -> Result<Self, Fault> {
        let delays = mkv::codec_delays(&mut file)?;
        file.seek(SeekFrom::Start(0))?;
        Self::probe(file, Some("mkv"), true, |track| {
            let delay = delays
                .iter()
                .find(|delay| delay.track_number == u64::from(track.id))?;
            Some(Trim {
                delay_s: (delay.delay_ns, 1_000_000_000),
                length_s: None,
            })
        })
    }

    fn probe(
        file: Box<dyn MediaSource>,
        extension: Option<&str>,
        fills_gaps: bool,
        trim_of: impl Fn(&Track) -> Option<Trim>,
    ) -> Result<Self, Fault> {
        let stream = MediaSourceStream::new(file, MediaSourceStreamOptions::default());
        let mut hint = Hint::new();
        if let Some(extension) = extension {
            hint.with_extension(extension);
        }
        let (options, metadata) = (FormatOptions::default(), MetadataOptions::default());
        let format = symphonia::default::get_probe()
            .probe(&hint, stream, options, metadata)
            .map_err(not_sound)?;
        let (track, decoder) = playable(&*format)?;
        let trim = trim_of(track).unwrap_or_else(|| packet_table(track));
        let mut container = Self {
            track_id: track.id,
            time_base: track.time_base,
            format,
            decoder,
            rate_hz: 0,
            fills_gaps,
            position: 0,
            delay_left: 0,
            length_left: None,
            first: Vec::new(),
            packets: 0,
            damaged_packets: 0,
        };
        container.start(trim)?;
        Ok(container)
    }

    /// Decodes until the rate is known, which containers sometimes state wrongly.
    fn start(&mut self, trim: Trim) -> Result<(), Fault> {
        let mut first = Vec::new();
        let packet = loop {
            let Some(packet) = self.next_packet()? else {
                return Err(Fault::NotSound("it holds no sound that can be decoded".into()));
            };
            self.packets += 1;
            match self.decoder.decode(&packet, &mut first)? {
                Decoded::Samples { rate_hz } => self.rate_hz = rate_hz,
                Decoded::Damaged => self.damaged_packets += 1,
            }
            if !first.is_empty() {
                break packet;
            }
        };
        let samples = |(numerator, denominator): (u64, u64)| {
            let samples = u128::from(numerator) * u128::from(self.rate_hz);
            u64::try_from((samples + u128::from(denominator) / 2) / u128::from(denominator.max(1)))
                .unwrap_or(u64::MAX)
        };
        self.delay_left = self.decoder.pre_skip().unwrap_or_else(|| samples(trim.delay_s));
        self.length_left = trim.length_s.map(samples);
        self.position = 0_i64.saturating_sub_unsigned(self.delay_left);
        let silence = self.silence_before(&packet);
        self.position = self
            .position
            .saturating_add_unsigned((silence + first.len()) as u64);
        self.cut(&mut first, 0);
        self.first = vec![0.0; silence];
        self.first.append(&mut first);
        Ok(())
    }

    /// The next packet of the track; `None` at the end, or where a file was cut off.
    fn next_packet(&mut self) -> Result<Option<Packet>, Fault> {
        loop {
            match self.format.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track_id => return Ok(Some(packet)),
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                Err(Error::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
                Err(Error::IoError(error)) if error.raw_os_error().is_some() => return Err(error.into()),
                // Another stream follows in the same file, as in joined Ogg files.
                Err(Error::ResetRequired) => {
                    let (track, decoder) = playable(&*self.format)?;
                    (self.track_id, self.time_base) = (track.id, track.time_base);
                    self.decoder = decoder;
                    self.delay_left = self.decoder.pre_skip().unwrap_or(0);
                }
                Err(error) => return Err(Fault::Damaged(error.to_string())),
            }
        }
    }

    /// Drops encoder delay and what lies beyond the end from the samples that begin at `from`.
    fn cut(&mut self, samples: &mut Vec<f32>, from: usize) {
        let delay = self.delay_left.min((samples.len() - from) as u64);
        self.delay_left -= delay;
        samples.drain(from..from + usize::try_from(delay).unwrap_or(0));
        if let Some(left) = &mut self.length_left {
            let taken = (*left).min((samples.len() - from) as u64);
            *left -= taken;
            samples.truncate(from + usize::try_from(taken).unwrap_or(0));
        }
    }

    /// Samples between the start of the sound and a packet's time.
    fn samples_until(&self, pts: Timestamp) -> Option<i64> {
        let seconds = self.time_base?.calc_time(pts)?.as_secs_f64() * f64::from(self.rate_hz);
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        Some(seconds.round() as i64)
    }

    /// Silence where nothing was recorded: of a damaged packet, or before a packet that comes later than it should.
    fn silence_before(&self, packet: &Packet) -> usize {
        let gap = match self.samples_until(packet.pts) {
            Some(due) if self.fills_gaps => due.saturating_sub(self.position),
            _ => 0,
        };
        // Times are rounded to milliseconds.
        let (least, most) = (
            i64::from(self.rate_hz / 25),
            i64::from(self.rate_hz) * i64::from(MAX_GAP_S),
        );
        if (least..=most).contains(&gap) {
            usize::try_from(gap).unwrap_or(0)
        } else {
            0
        }
    }

    fn length_of(&self, packet: &Packet) -> usize {
        let seconds = self
            .time_base
            .and_then(|base| base.calc_duration(packet.dur))
            .map_or(0.0, |time| time.as_secs_f64().clamp(0.0, 1.0));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most one second"
        )]
        let samples = (seconds * f64::from(self.rate_hz)).round() as usize;
        samples
    }
}

impl SampleSource for Container {
    fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    fn read(&mut self, out: &mut Vec<f32>) -> Result<bool, Fault> {
        if !self.first.is_empty() {
            out.append(&mut self.first);
            return Ok(true);
        }
        if self.length_left == Some(0) {
            return Ok(false);
        }
        let Some(packet) = self.next_packet()? else {
            if self.damaged_packets * 2 > self.packets {
                return Err(Fault::Damaged("most of its packets cannot be decoded".into()));
            }
            return Ok(false);
        };
        let from = out.len();
        out.resize(from + self.silence_before(&packet), 0.0);
        self.packets += 1;
        match self.decoder.decode(&packet, out)? {
            Decoded::Samples { rate_hz } if rate_hz != self.rate_hz => {
                let why = format!("its sample rate changes from {} to {rate_hz} Hz", self.rate_hz);
                return Err(Fault::Damaged(why));
            }
            Decoded::Samples { .. } => {}
            Decoded::Damaged => {
                self.damaged_packets += 1;
                // What follows stays at its time.
                out.resize(out.len() + self.length_of(&packet), 0.0);
            }
        }
        self.position = self.position.saturating_add_unsigned((out.len() - from) as u64);
        self.cut(out, from);
        Ok(true)
    }
}

/// The first sound track for which there is a decoder.
fn playable(format: &dyn FormatReader) -> Result<(&Track, Decoder), Fault> {
    let default = format.default_track(TrackType::Audio);
    let audio = format
        .tracks()
        .iter()
        .filter(|track| track.track_type() == Some(TrackType::Audio));
    let mut refused = None;
    for track in default.into_iter().chain(audio) {
        let Some(CodecParameters::Audio(params)) = &track.codec_params else {
            continue;
        };
        match Decoder::new(params) {
            Ok(decoder) => return Ok((track, decoder)),
            Err(fault) => refused = refused.or(Some(fault)),
        }
    }
    Err(refused.unwrap_or_else(|| Fault::NotSound("it has no sound track".into())))
}

/// What CAF's packet table says of delay and length. Other containers say it with each packet.
fn packet_table(track: &Track) -> Trim {
    let is_aac = matches!(&track.codec_params, Some(CodecParameters::Audio(params))
        if params.codec == symphonia::core::codecs::audio::well_known::CODEC_ID_AAC);
    let rate = track
        .time_base
        .map(|base| u64::from(base.denom.get()) / u64::from(base.numer.get()).max(1));
    match (track.delay, rate) {
        (Some(delay), Some(rate)) if is_aac && rate > 0 => Trim {
            delay_s: (delay.into(), rate),
            length_s: track.num_frames.map(|frames| (frames, rate)),
        },
        _ => Trim {
            delay_s: (0, 1),
            length_s: None,
        },
    }
}

fn not_sound(error: Error) -> Fault {
    match error {
        Error::IoError(error) if error.raw_os_error().is_some() => Fault::Unreadable(error),
        Error::IoError(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Fault::NotSound("it ends before any sound, or is of an unknown kind".into())
        }
        error => Fault::NotSound(error.to_string()),
    }
}
