//! The delay of a voice, filled up to that of the stream: latency does not depend on which voice plays.

use crate::geometry::Geometry;
use crate::model::{Synthesizer, delay_us};
use crate::units::ENCODER_RATE;
use std::collections::VecDeque;

/// Fills up the delay of a synthesizer to whole milliseconds at its own rate, and from there to the stream's delay at
/// the host's.
pub(super) struct VoiceDelay {
    model: Line,
    host: Line,
    /// Delay of the synthesizer's audio behind the first line, in samples at 16 kHz.
    own_16k: usize,
}

impl VoiceDelay {
    /// `None` if the synthesizer is later than the stream allows.
    pub fn new(synthesizer: &dyn Synthesizer, geometry: &Geometry) -> Option<Self> {
        let (rate, late) = (synthesizer.sample_rate(), synthesizer.late_samples());
        let own_ms = geometry.rounded_voice_delay_ms(delay_us(late, rate.0));
        let left_ms = geometry.voice_delay_ms.checked_sub(own_ms)?;
        // Whole ticks of 10 ms are exact at every rate; half ones occur only where they are exact too.
        let left_host = geometry.host_rate.samples_in_ms(left_ms)?;
        let own_model = rate.samples_in_ms(own_ms)?;
        Some(Self {
            model: Line::new(own_model.checked_sub(late)?),
            host: Line::new(left_host),
            own_16k: ENCODER_RATE.samples_in_ms(own_ms)?,
        })
    }

    /// Discards what is in the lines.
    pub fn reset(&mut self) {
        self.model.reset();
        self.host.reset();
    }

    /// The audio that follows continues `played`, not what is in the lines.
    pub fn begin_after(&mut self, played: &[f32]) {
        self.reset();
        let (line, len) = (&mut self.model.samples, played.len());
        let newest = &played[len.saturating_sub(line.len())..];
        for (sample, played) in line.iter_mut().rev().zip(newest.iter().rev()) {
            *sample = *played;
        }
    }

    /// Delays the synthesizer's audio to whole milliseconds.
    pub fn fill_up_model(&mut self, audio: &mut [f32]) {
        self.model.process(audio);
    }

    /// Delays audio at the host's rate to the stream's delay.
    pub fn fill_up_host(&mut self, audio: &mut [f32]) {
        self.host.process(audio);
    }

    /// Delay of the synthesizer's audio, in samples at 16 kHz.
    pub fn own_16k(&self) -> usize {
        self.own_16k
    }
}

/// A delay line; begins with silence.
struct Line {
    samples: VecDeque<f32>,
}

impl Line {
    fn new(samples: usize) -> Self {
        Self {
            samples: VecDeque::from(vec![0.0; samples]),
        }
    }

    fn reset(&mut self) {
        self.samples.iter_mut().for_each(|sample| *sample = 0.0);
    }

    fn process(&mut self, audio: &mut [f32]) {
        if self.samples.is_empty() {
            return;
        }
        for sample in audio {
            self.samples.push_back(*sample);
            *sample = self.samples.pop_front().unwrap_or(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Hop;
    use crate::model::{ModelError, SynthesisInput};
    use crate::units::SampleRate;

    struct Late {
        rate_hz: u32,
        samples: usize,
    }

    impl Synthesizer for Late {
        fn sample_rate(&self) -> SampleRate {
            SampleRate(self.rate_hz)
        }
        fn dim(&self) -> usize {
            1
        }
        fn late_samples(&self) -> usize {
            self.samples
        }
        fn synthesize(&mut self, _: SynthesisInput<'_>, _: &mut Vec<f32>) -> Result<(), ModelError> {
            Ok(())
        }
    }

    /// Samples by which a line delays.
    fn measured(process: impl FnOnce(&mut [f32])) -> usize {
        let mut audio = [0.0; 9_000];
        audio[0] = 1.0;
        process(&mut audio);
        audio.iter().position(|&x| x == 1.0).expect("the click comes out")
    }

    #[test]
    fn every_voice_has_exactly_the_delay_of_the_stream() {
        for host_hz in [48_000, 44_100, 96_000] {
            for (rate_hz, samples) in [
                (48_000, 446),
                (40_000, 438),
                (32_000, 442),
                (48_000, 950),
                (24_000, 0),
                (44_100, 441),
            ] {
                let stream = Geometry::new(f64::from(host_hz), Hop::Ms80, 512)
                    .expect("a supported set-up")
                    .with_voice_delay_us(19_792);
                let mut delay = VoiceDelay::new(&Late { rate_hz, samples }, &stream).expect("it fits");
                let in_model = samples + measured(|audio| delay.fill_up_model(audio));
                let in_host = measured(|audio| delay.fill_up_host(audio));
                // In units of a common multiple of both rates.
                let (host, model) = (host_hz as usize, rate_hz as usize);
                let total = in_model * host + in_host * model;
                assert_eq!(
                    total * 1_000,
                    20 * host * model,
                    "{host_hz} Hz, {samples} at {rate_hz} Hz"
                );
                assert_eq!(in_model * 16_000, delay.own_16k() * model);
            }
        }
    }

    #[test]
    fn a_voice_that_is_later_than_the_stream_allows_is_refused() {
        let stream = Geometry::new(48_000.0, Hop::Ms80, 512).expect("a supported set-up");
        let late = Late {
            rate_hz: 48_000,
            samples: 446,
        };
        assert!(VoiceDelay::new(&late, &stream).is_none());
        assert!(VoiceDelay::new(&late, &stream.clone().with_voice_delay_us(9_292)).is_some());
        assert_eq!(stream.with_voice_delay_us(9_292).voice_delay_ms, 10);
    }
}
