//! Everything between the host's buffer and the stream.

use super::block_controls::{BlockControls, WhenNotReady};
use super::delay::Delay;
use super::glide::Glide;
use super::host_stream::{ControlGrid, HostStream};
use super::input_mix::InputMix;
use super::meters::Meters;
use super::note_glide::NoteGlide;
use super::output_stage::OutputStage;
use super::pace::Pace;
use super::ramp::Ramp;
use super::side_chain::Envelope;
use crate::denormals::DenormalsFlushed;
use crate::geometry::Geometry;
use crate::stream::{SegmentKind, StreamClient};
use std::ops::Range;
use std::sync::Arc;

/// The blend of a frame that has been played, see [`AudioSide::next_applied_frame`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AppliedFrame {
    /// Output sample, counted since the reset, at which the frame's middle is played.
    pub position: u64,
    /// The ratio that was applied to it, 0..=1.
    pub ratio: f32,
    /// Confidence in its neighbours, 0..=1.
    pub confidence: f32,
}

/// Samples handled at a time; bounds the scratch buffers.
const RUN: usize = Delay::SLACK;

/// The audio thread's part of the engine.
///
/// # Real-time
/// [`Self::process`] and [`Self::reset`]; [`Self::new`] allocates.
pub struct AudioSide {
    /// `None` at an unsupported rate: then all output counts as not ready.
    stream: Option<HostStream>,
    latency_samples: usize,
    rate_hz: f64,
    input_gain: Ramp,
    input_mix: InputMix,
    ratio: Glide,
    note: NoteGlide,
    side: Envelope,
    output: OutputStage,
    /// Scratch buffers of a run: the side chain's level, the input, the voice.
    side_level: [f32; RUN],
    mono: [f32; RUN],
    voice: [f32; RUN],
    /// The host announced an offline render.
    offline: bool,
    /// The stream outruns the clock.
    renders: bool,
    pace: Pace,
    position: u64,
    /// True until the first block after a reset.
    first_block: bool,
    meters: Arc<Meters>,
}

impl AudioSide {
    /// Silent. Without a stream all output counts as not ready.
    #[must_use]
    pub fn new(
        stream: Option<(StreamClient, &Geometry)>,
        rate_hz: f64,
        channels: usize,
        meters: Arc<Meters>,
    ) -> Self {
        let latency_samples = stream
            .as_ref()
            .map_or(0, |(_, geometry)| geometry.latency_samples());
        let ramp = stream
            .as_ref()
            .map_or(480, |(_, geometry)| geometry.ramp_samples());
        Self {
            stream: stream.map(|(client, geometry)| HostStream::new(client, geometry, RUN)),
            latency_samples,
            rate_hz,
            input_gain: Ramp::new(1.0, ramp),
            input_mix: InputMix::new(ramp, rate_hz),
            ratio: Glide::new(0.0),
            note: NoteGlide::default(),
            side: Envelope::default(),
            output: OutputStage::new(latency_samples, channels, ramp),
            side_level: [0.0; RUN],
            mono: [0.0; RUN],
            voice: [0.0; RUN],
            offline: false,
            renders: false,
            pace: Pace::default(),
            position: 0,
            first_block: true,
            meters,
        }
    }

    /// The latency to report; constant.
    #[must_use]
    pub fn latency_samples(&self) -> u32 {
        u32::try_from(self.latency_samples).unwrap_or(u32::MAX)
    }

    /// Samples since the reset.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Samples at which controls are read. `None` without a stream.
    #[must_use]
    pub fn control_grid(&self) -> Option<ControlGrid> {
        self.stream.as_ref().map(HostStream::control_grid)
    }

    /// The next frame whose middle has been played; each is returned once, in order of
    /// time.
    ///
    /// # Real-time
    /// Yes.
    pub fn next_applied_frame(&mut self) -> Option<AppliedFrame> {
        let latency = self.latency_samples as u64;
        let played = self.position.checked_sub(latency)?;
        let (middle, frame) = self.stream.as_mut()?.next_applied_frame(played)?;
        Some(AppliedFrame {
            position: middle + latency,
            ratio: frame.ratio,
            confidence: frame.confidence,
        })
    }

    /// Sets whether the host renders offline: then the audio thread waits for the worker
    /// instead of playing a gap. May change from block to block.
    pub fn set_offline(&mut self, offline: bool) {
        self.offline = offline;
    }

    /// False in an offline render, announced by the host or recognised from the clock.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !self.offline && !self.renders
    }

    /// Restarts at position 0, silent.
    pub fn reset(&mut self) {
        if let Some(stream) = &mut self.stream {
            stream.reset();
        }
        self.output.reset();
        self.side.reset();
        self.note = NoteGlide::default();
        self.pace.reset();
        self.position = 0;
        self.first_block = true;
    }

    /// Takes the place of `before`, which has the same latency, rate and channels: its dry path, gains and fades continue
    /// without a step, and its voice fades out.
    ///
    /// # Real-time
    /// Yes.
    pub fn continue_from(&mut self, before: &mut Self) {
        std::mem::swap(&mut self.output, &mut before.output);
        std::mem::swap(&mut self.input_gain, &mut before.input_gain);
        std::mem::swap(&mut self.input_mix, &mut before.input_mix);
        std::mem::swap(&mut self.side, &mut before.side);
        self.ratio = Glide::new(before.ratio.at(before.position));
        self.offline = before.offline;
        self.first_block = before.first_block;
    }

    /// Processes a (sub-)block with constant controls in place. All channels
    /// have the same length; the voice goes to each of them.
    ///
    /// # How a block is cut
    /// - The caller cuts where a setting changes, since [`BlockControls`] apply to a whole
    ///   call: the plugin does so at events of the modulation wheel.
    /// - This function cuts runs of at most 256 samples, the size of the scratch buffers.
    ///   For each run
    ///   - the input is gathered into the 10 ms pieces of the ring
    ///     ([`StreamClient::push_with`]),
    ///   - then the output is mixed in pieces of one kind each ([`StreamClient::pull`]).
    ///
    /// The output does not depend on any of these cuts.
    ///
    /// # Real-time
    /// Yes. It waits for the worker only while the result is not being played yet: in an offline render, and
    /// in the later blocks of a burst, until they are due (see [`super::pace`]).
    pub fn process(&mut self, channels: &mut [&mut [f32]], controls: &BlockControls) {
        self.process_with_side(channels, &[], controls);
    }

    /// [`Self::process`] with a side chain: no channels, or channels of the same length.
    pub fn process_with_side(
        &mut self,
        channels: &mut [&mut [f32]],
        side: &[&[f32]],
        controls: &BlockControls,
    ) {
        let len = channels.iter().map(|channel| channel.len()).min().unwrap_or(0);
        if len == 0 {
            return;
        }
        let _flushed = DenormalsFlushed::here();
        self.set_targets(controls);
        self.side
            .set_times(controls.side_attack_ms, controls.side_release_ms, self.rate_hz);
        let lead = self.pace.lead(self.position, len, self.rate_hz);
        self.renders = lead.is_render;
        let live = self.is_live();
        if let Some(stream) = &mut self.stream {
            stream.set_waits(!live);
            stream.begin_block(len, lead.spare_s, self.rate_hz);
        }
        let mut peaks = (0.0_f32, 0.0_f32);
        for start in (0..len).step_by(RUN) {
            let run = start..(start + RUN).min(len);
            self.measure_side_chain(side, run.clone());
            peaks.0 = peaks.0.max(self.gather(channels, run.clone(), controls));
            peaks.1 = peaks.1.max(self.play(channels, run, controls.when_not_ready));
        }
        self.position += len as u64;
        self.meters.record(peaks.0, peaks.1);
    }

    fn set_targets(&mut self, controls: &BlockControls) {
        let ratio = controls.voice.blend_ratio;
        #[expect(clippy::cast_possible_truncation, reason = "rates up to 384 kHz")]
        let per_ms = self.rate_hz as f32 / 1000.0;
        self.note.set(
            controls.voice.pitch.note,
            self.position,
            controls.note_glide_ms * per_ms,
        );
        if std::mem::take(&mut self.first_block) {
            // A stream starts at its settings without a glide.
            self.input_gain.snap(controls.input_gain);
            self.input_mix.begin(controls.input);
            self.output.begin(controls);
            self.ratio = Glide::new(ratio);
        } else {
            self.input_gain.set(controls.input_gain);
            self.input_mix.set(controls.input);
            self.output.set(controls);
            self.ratio
                .set(ratio, self.position, controls.ratio_glide_ms * per_ms);
        }
    }

    /// Computes the side chain's level at every sample of a run.
    fn measure_side_chain(&mut self, side: &[&[f32]], run: Range<usize>) {
        for (n, level) in run.zip(&mut self.side_level) {
            let samples = side.iter().filter_map(|channel| channel.get(n).copied());
            *level = self.side.next(samples);
        }
    }

    /// Mixes a run's input to mono and passes it to the stream and the output stage. Returns its peak.
    fn gather(&mut self, channels: &mut [&mut [f32]], run: Range<usize>, controls: &BlockControls) -> f32 {
        let mut peak = 0.0_f32;
        for (n, mono) in run.clone().zip(&mut self.mono) {
            let gain = self.input_gain.tick();
            for channel in channels.iter_mut() {
                if !channel[n].is_finite() {
                    channel[n] = 0.0;
                }
            }
            let mixed = match &channels[..] {
                [left, right] => self.input_mix.next(left[n], right[n]),
                [mono, ..] => mono[n],
                [] => 0.0,
            };
            *mono = mixed * gain;
            peak = peak.max(mono.abs());
            self.output
                .accept(channels.iter().map(|channel| channel[n]), gain);
        }
        if let Some(stream) = &mut self.stream {
            let position = self.position + run.start as u64;
            stream.push_with(&self.mono[..run.len()], |n| {
                let at = position + n as u64;
                let mut voice = controls.voice;
                voice.blend_ratio = self.ratio.at(at);
                voice.drive.side_level = self.side_level[n];
                voice.pitch.note = self.note.at(at).map(|note| note + controls.note_bend_st);
                voice
            });
        }
        peak
    }

    /// Writes a run's output in pieces of one kind each. Returns its peak.
    fn play(&mut self, channels: &mut [&mut [f32]], run: Range<usize>, policy: WhenNotReady) -> f32 {
        let mut peak = 0.0_f32;
        let mut start = run.start;
        while start < run.end {
            let voice = &mut self.voice[..run.end - start];
            let (count, kind) = match &mut self.stream {
                Some(stream) => stream.pull(voice),
                None => {
                    voice.fill(0.0);
                    (voice.len(), SegmentKind::NotReady)
                }
            };
            peak = peak.max(self.output.play(channels, start, &voice[..count], kind, policy));
            start += count;
        }
        peak
    }
}
