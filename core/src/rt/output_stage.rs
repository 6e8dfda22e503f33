//! From the voice's samples to the output: dry path, mix, output gain, bypass, and
//! fades where the voice starts and stops.

use super::block_controls::{BlockControls, WhenNotReady};
use super::delay::Delay;
use super::ramp::Ramp;
use crate::stream::SegmentKind;

/// Length of the fades where the voice starts and stops.
const DECLICK_MS: usize = 5;

/// The stage behind the stream.
///
/// # Real-time
/// Nothing allocates after [`Self::new`].
pub struct OutputStage {
    /// The unchanged input of each channel, delayed: output of bypass.
    raw: Vec<Delay>,
    /// The input of each channel with its gain, delayed: the dry path.
    dry: Vec<Delay>,
    gain: Ramp,
    mix: Ramp,
    bypass: Ramp,
    /// Output gain, mix and bypass, delayed to the audio they belong to.
    settings: [Delay; 3],
    voice_gain: Ramp,
    fallback_gain: Ramp,
    /// The newest sample of the voice, which fades out where the voice stops.
    last_voice: f32,
}

impl OutputStage {
    /// Silent, for audio delayed by `latency_samples`; settings glide within `tick_host`
    /// samples (10 ms).
    #[must_use]
    pub fn new(latency_samples: usize, channels: usize, tick_host: usize) -> Self {
        let declick = tick_host * DECLICK_MS / 10;
        let delay = |_| Delay::new(latency_samples);
        Self {
            raw: (0..channels).map(delay).collect(),
            dry: (0..channels).map(delay).collect(),
            gain: Ramp::new(1.0, tick_host),
            mix: Ramp::new(1.0, tick_host),
            bypass: Ramp::new(0.0, tick_host),
            settings: [0; 3].map(delay),
            voice_gain: Ramp::new(0.0, declick),
            fallback_gain: Ramp::new(0.0, declick),
            last_voice: 0.0,
        }
    }

    /// Silent again. Settings are kept until [`Self::begin`].
    pub fn reset(&mut self) {
        for delay in self.raw.iter_mut().chain(&mut self.dry) {
            delay.reset(0.0);
        }
        self.voice_gain.snap(0.0);
        self.fallback_gain.snap(0.0);
        self.last_voice = 0.0;
    }

    /// Starts a stream at these settings, without a glide.
    pub fn begin(&mut self, controls: &BlockControls) {
        for (ramp, target) in self.targets(controls) {
            ramp.snap(target);
        }
        let now = [&self.gain, &self.mix, &self.bypass].map(Ramp::value);
        for (delay, value) in self.settings.iter_mut().zip(now) {
            delay.reset(value);
        }
    }

    /// Glides to these settings from the next sample on.
    pub fn set(&mut self, controls: &BlockControls) {
        for (ramp, target) in self.targets(controls) {
            ramp.set(target);
        }
    }

    fn targets(&mut self, controls: &BlockControls) -> [(&mut Ramp, f32); 3] {
        [
            (&mut self.gain, controls.output_gain),
            (&mut self.mix, controls.dry_wet.clamp(0.0, 1.0)),
            (&mut self.bypass, if controls.bypass { 1.0 } else { 0.0 }),
        ]
    }

    /// Appends one input sample of every channel; `gain` is the input gain. May run ahead
    /// of [`Self::play`] by at most [`Delay::SLACK`] samples.
    pub fn accept(&mut self, input: impl Iterator<Item = f32>, gain: f32) {
        for (sample, (raw, dry)) in input.zip(self.raw.iter_mut().zip(&mut self.dry)) {
            raw.push(sample);
            dry.push(sample * gain);
        }
    }

    /// Writes samples `start..start + voice.len()` of every channel, for samples of the
    /// voice that are all of one `kind`. Returns the highest peak.
    pub fn play(
        &mut self,
        channels: &mut [&mut [f32]],
        start: usize,
        voice: &[f32],
        kind: SegmentKind,
        policy: WhenNotReady,
    ) -> f32 {
        let mut peak = 0.0_f32;
        let ready = kind == SegmentKind::Ready;
        let falls_back = kind == SegmentKind::NotReady && policy == WhenNotReady::DelayedDry;
        self.voice_gain.set(if ready { 1.0 } else { 0.0 });
        self.fallback_gain.set(if falls_back { 1.0 } else { 0.0 });
        for (n, &sample) in (start..).zip(voice) {
            if ready {
                self.last_voice = sample;
            }
            // Where the voice stops, its last value fades out, so that it does not click.
            let voice = self.last_voice * self.voice_gain.tick();
            let fallback = self.fallback_gain.tick();
            let [gain, mix, bypass] = self.settings_due();
            for (channel, (raw, dry)) in channels.iter_mut().zip(self.raw.iter_mut().zip(&mut self.dry)) {
                let (raw, dry) = (raw.pop(), dry.pop());
                let processed = (dry * (1.0 - mix) + (voice + dry * fallback) * mix) * gain;
                let out = processed + (raw - processed) * bypass;
                channel[n] = if bypass >= 1.0 { raw } else { out };
                peak = peak.max(channel[n].abs());
            }
        }
        peak
    }

    /// Output gain, mix and bypass of the next sample, delayed by the latency, so that
    /// they apply to the audio over which the host drew them.
    fn settings_due(&mut self) -> [f32; 3] {
        let now = [&mut self.gain, &mut self.mix, &mut self.bypass].map(Ramp::tick);
        let mut due = [0.0; 3];
        for (delay, (now, due)) in self.settings.iter_mut().zip(now.into_iter().zip(&mut due)) {
            delay.push(now);
            *due = delay.pop();
        }
        due
    }
}
