//! Everything between the host's buffer and the stream.

use super::delay::Delay;
use super::glide::Glide;
use super::meters::Meters;
use super::ramp::Ramp;
use super::side_chain::Envelope;
use crate::controls::Controls;
use crate::denormals::DenormalsFlushed;
use crate::geometry::Geometry;
use crate::stream::{StreamClient, Wet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

/// What is heard where no voice can sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenNotReady {
    /// Nothing: a live stream must not leak the speaker's own voice.
    #[default]
    Silence,
    /// The input, delayed by the latency.
    DelayedDry,
}

/// All that the user can set, as it holds from the first sample of a
/// (sub-)block on. Gains, mix and bypass glide from there within 10 ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BlockControls {
    /// What rides with the audio to the worker.
    pub voice: Controls,
    /// 0 = dry, 1 = voice.
    pub dry_wet: f32,
    /// Amplitude factor on the input, dry path included, bypass excluded.
    pub input_gain: f32,
    /// Amplitude factor on the output, bypass excluded.
    pub output_gain: f32,
    /// What is heard where no voice can sound.
    pub when_not_ready: WhenNotReady,
    /// The untouched input, delayed by the latency.
    pub bypass: bool,
    /// Time in which the ratio follows its setting; 0 = exactly.
    pub ratio_glide_ms: f32,
    /// How fast the side chain's level rises.
    pub side_attack_ms: f32,
    /// How fast it falls.
    pub side_release_ms: f32,
}

impl Default for BlockControls {
    fn default() -> Self {
        Self {
            voice: Controls::default(),
            dry_wet: 1.0,
            input_gain: 1.0,
            output_gain: 1.0,
            when_not_ready: WhenNotReady::Silence,
            bypass: false,
            ratio_glide_ms: 0.0,
            side_attack_ms: 5.0,
            side_release_ms: 100.0,
        }
    }
}

/// A frame that has been heard, see [`AudioSide::next_told`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Told {
    /// Sample of the output, counted since the reset, at which the frame's
    /// middle is heard.
    pub position: u64,
    /// The ratio that was applied to it, 0..=1.
    pub ratio: f32,
    /// How far its neighbours could be relied on, 0..=1.
    pub confidence: f32,
}

/// Samples handled at a time; bounds the scratch buffers.
const RUN: usize = Delay::SLACK;
/// Fades where the voice comes and goes.
const DECLICK_MS: u32 = 5;
/// Where a stream runs ahead of the clock by this much, nobody listens live
/// and waiting for the worker costs nothing. No driver's burst comes near.
const AHEAD_SECONDS: f64 = 0.5;
/// How much faster than our clock a sound card may run without counting as
/// ahead: its drift must not add up to a wait, however long the session.
const CLOCK_TOLERANCE: f64 = 1.02;

/// The audio thread's whole engine.
///
/// # Real-time
/// [`Self::process`] and [`Self::reset`] are; making one is not.
pub struct AudioSide {
    /// `None` at a rate that the engine does not run at: then nothing is ready.
    stream: Option<StreamClient>,
    latency_samples: usize,
    /// Every how many samples controls are read, and at which of them.
    grid: Option<(u32, u32)>,
    rate_hz: f64,
    raw: Vec<Delay>,
    dry: Vec<Delay>,
    input_gain: Ramp,
    output_gain: Ramp,
    mix: Ramp,
    bypass: Ramp,
    /// Output gain, mix and bypass on their way to the audio they belong to.
    settings: [Delay; 3],
    wet_gain: Ramp,
    fallback_gain: Ramp,
    last_wet: f32,
    ratio: Glide,
    side: Envelope,
    side_level: [f32; RUN],
    mono: [f32; RUN],
    wet: [f32; RUN],
    kinds: [Wet; RUN],
    offline: bool,
    started: Option<(Instant, u64)>,
    position: u64,
    fresh: bool,
    meters: Arc<Meters>,
}

impl AudioSide {
    /// At rest. Without a stream everything counts as not ready.
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
        let tick = stream.as_ref().map_or(480, |(_, geometry)| geometry.tick_host);
        let grid = stream.as_ref().and_then(|(_, geometry)| {
            let step = u32::try_from(geometry.tick_host).ok()?;
            Some((step, u32::try_from(geometry.frame_middle_host()).ok()?))
        });
        let declick = tick * DECLICK_MS as usize / 10;
        Self {
            stream: stream.map(|(client, _)| client),
            latency_samples,
            grid,
            rate_hz,
            raw: (0..channels).map(|_| Delay::new(latency_samples)).collect(),
            dry: (0..channels).map(|_| Delay::new(latency_samples)).collect(),
            input_gain: Ramp::new(1.0, tick),
            output_gain: Ramp::new(1.0, tick),
            mix: Ramp::new(1.0, tick),
            bypass: Ramp::new(0.0, tick),
            settings: std::array::from_fn(|_| Delay::new(latency_samples)),
            wet_gain: Ramp::new(0.0, declick),
            fallback_gain: Ramp::new(0.0, declick),
            last_wet: 0.0,
            ratio: Glide::new(0.0),
            side: Envelope::default(),
            side_level: [0.0; RUN],
            mono: [0.0; RUN],
            wet: [0.0; RUN],
            kinds: [Wet::NotReady; RUN],
            offline: false,
            started: None,
            position: 0,
            fresh: true,
            meters,
        }
    }

    /// The latency to report; constant for the life of this value.
    #[must_use]
    pub fn latency_samples(&self) -> u32 {
        u32::try_from(self.latency_samples).unwrap_or(u32::MAX)
    }

    /// Samples since the reset.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The samples at which controls are read: every `.0` of them, the one with
    /// number `.1`, counted since the reset. `None` where nothing is read.
    #[must_use]
    pub fn control_grid(&self) -> Option<(u32, u32)> {
        self.grid
    }

    /// The next frame whose middle has been heard by now; each comes once, in
    /// order of time.
    ///
    /// # Real-time
    /// Yes.
    pub fn next_told(&mut self) -> Option<Told> {
        let latency = self.latency_samples as u64;
        let heard = self.position.checked_sub(latency)?;
        let (middle, frame) = self.stream.as_mut()?.next_told(heard)?;
        Some(Told {
            position: middle + latency,
            ratio: frame.ratio,
            confidence: frame.confidence,
        })
    }

    /// Tells whether the host renders offline; then the engine waits for its
    /// worker rather than play a gap. May change from block to block.
    pub fn set_offline(&mut self, offline: bool) {
        self.offline = offline;
    }

    /// Starts over at position 0, silent.
    pub fn reset(&mut self) {
        if let Some(stream) = &mut self.stream {
            stream.reset();
        }
        for delay in self.raw.iter_mut().chain(&mut self.dry) {
            delay.reset(0.0);
        }
        self.wet_gain.snap(0.0);
        self.fallback_gain.snap(0.0);
        self.side.reset();
        self.last_wet = 0.0;
        self.started = None;
        self.position = 0;
        self.fresh = true;
    }

    /// Processes a (sub-)block of constant controls in place. All channels
    /// have the same length; the voice goes to each of them.
    pub fn process(&mut self, channels: &mut [&mut [f32]], controls: &BlockControls) {
        self.process_with_side(channels, &[], controls);
    }

    /// [`Self::process`] with a side chain: none, or channels as long as the
    /// others.
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
        self.decide_waiting(len);
        let mut peaks = (0.0_f32, 0.0_f32);
        let mut start = 0;
        while start < len {
            let end = (start + RUN).min(len);
            self.follow_side(side, start..end);
            self.gather(channels, start, end, &controls.voice, &mut peaks.0);
            self.fetch(end - start);
            self.mix(channels, start, end, controls.when_not_ready, &mut peaks.1);
            start = end;
        }
        self.position += len as u64;
        self.meters.show(peaks.0, peaks.1);
    }

    fn set_targets(&mut self, controls: &BlockControls) {
        let targets = [
            (&mut self.input_gain, controls.input_gain),
            (&mut self.output_gain, controls.output_gain),
            (&mut self.mix, controls.dry_wet.clamp(0.0, 1.0)),
            (&mut self.bypass, if controls.bypass { 1.0 } else { 0.0 }),
        ];
        for (ramp, target) in targets {
            // A stream begins with its settings; it does not glide to them.
            if self.fresh {
                ramp.snap(target)
            } else {
                ramp.set(target)
            }
        }
        if self.fresh {
            let now = [&self.output_gain, &self.mix, &self.bypass].map(Ramp::value);
            for (delay, value) in self.settings.iter_mut().zip(now) {
                delay.reset(value);
            }
        }
        let ratio = controls.voice.blend_ratio;
        if self.fresh {
            self.ratio = Glide::new(ratio);
        } else {
            #[expect(clippy::cast_possible_truncation, reason = "rates up to 384 kHz")]
            let per_ms = self.rate_hz as f32 / 1000.0;
            self.ratio
                .set(ratio, self.position, controls.ratio_glide_ms * per_ms);
        }
        self.fresh = false;
    }

    /// The side chain's level at every sample of a run.
    fn follow_side(&mut self, side: &[&[f32]], run: Range<usize>) {
        for (n, level) in run.zip(&mut self.side_level) {
            let samples = side.iter().filter_map(|channel| channel.get(n).copied());
            *level = self.side.next(samples);
        }
    }

    /// Offline by word of the host, or because the stream outruns the clock.
    fn decide_waiting(&mut self, len: usize) {
        let now = Instant::now();
        let (since, from) = *self.started.get_or_insert((now, self.position));
        #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
        let ahead = (self.position - from + len as u64) as f64 / self.rate_hz
            - (now - since).as_secs_f64() * CLOCK_TOLERANCE;
        if ahead < 0.0 {
            self.started = Some((now, self.position));
        }
        if let Some(stream) = &mut self.stream {
            stream.set_waits(self.offline || ahead > AHEAD_SECONDS);
        }
    }

    /// Input to mono, and into the delays.
    fn gather(
        &mut self,
        channels: &mut [&mut [f32]],
        start: usize,
        end: usize,
        controls: &Controls,
        peak: &mut f32,
    ) {
        #[expect(clippy::cast_precision_loss, reason = "one or two channels")]
        let share = 1.0 / channels.len() as f32;
        for (n, mono) in (start..end).zip(&mut self.mono) {
            let gain = self.input_gain.tick();
            let mut sum = 0.0;
            for channel in channels.iter_mut() {
                let sample = &mut channel[n];
                if !sample.is_finite() {
                    *sample = 0.0;
                }
                sum += *sample;
            }
            *mono = sum * share * gain;
            *peak = peak.max(mono.abs());
            for (channel, (raw, dry)) in channels.iter_mut().zip(self.raw.iter_mut().zip(&mut self.dry)) {
                raw.push(channel[n]);
                dry.push(channel[n] * gain);
            }
        }
        if let Some(stream) = &mut self.stream {
            let position = self.position + start as u64;
            stream.push_with(&self.mono[..end - start], |n| {
                let mut controls = *controls;
                controls.blend_ratio = self.ratio.at(position + n as u64);
                controls.drive.side_level = self.side_level[n];
                controls
            });
        }
    }

    /// The voice's samples for this run.
    fn fetch(&mut self, len: usize) {
        let mut done = 0;
        while done < len {
            let (count, kind) = match &mut self.stream {
                Some(stream) => stream.pull(&mut self.wet[done..len]),
                None => {
                    self.wet[done..len].fill(0.0);
                    (len - done, Wet::NotReady)
                }
            };
            self.kinds[done..done + count].fill(kind);
            done += count;
        }
    }

    fn mix(
        &mut self,
        channels: &mut [&mut [f32]],
        start: usize,
        end: usize,
        policy: WhenNotReady,
        peak: &mut f32,
    ) {
        for (n, (&wet, &kind)) in (start..end).zip(self.wet.iter().zip(&self.kinds)) {
            self.wet_gain.set(if kind == Wet::Ready { 1.0 } else { 0.0 });
            let falls_back = kind == Wet::NotReady && policy == WhenNotReady::DelayedDry;
            self.fallback_gain.set(if falls_back { 1.0 } else { 0.0 });
            if kind == Wet::Ready {
                self.last_wet = wet;
            }
            // Where the voice breaks off, its last value fades out: no click.
            let voice = self.last_wet * self.wet_gain.tick();
            let fallback = self.fallback_gain.tick();
            // Like the sound, settings take effect one latency after they were
            // made: on the audio over which the host drew them.
            let now = [&mut self.output_gain, &mut self.mix, &mut self.bypass].map(Ramp::tick);
            let mut then = [0.0; 3];
            for (delay, (now, then)) in self.settings.iter_mut().zip(now.into_iter().zip(&mut then)) {
                delay.push(now);
                *then = delay.pop();
            }
            let [gain, mix, bypass] = then;
            for (channel, (raw, dry)) in channels.iter_mut().zip(self.raw.iter_mut().zip(&mut self.dry)) {
                let (raw, dry) = (raw.pop(), dry.pop());
                let processed = (dry * (1.0 - mix) + (voice + dry * fallback) * mix) * gain;
                let out = processed + (raw - processed) * bypass;
                channel[n] = if bypass >= 1.0 { raw } else { out };
                *peak = peak.max(channel[n].abs());
            }
        }
    }
}
