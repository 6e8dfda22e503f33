//! Mute that lets nothing through, not even what is under way.

use super::shared::PassShared;

/// Fade of mute and unmute; shorter would click.
const FADE_S: f64 = 0.005;

/// Where the mute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Sound passes.
    Open,
    /// The output fades out.
    Closing,
    /// Nothing passes, the engine gets silence.
    Closed,
    /// Unmuted; the input of this many frames was captured before that and is not let in.
    Opening(usize),
}

/// The mute around the engine. The caller runs, in this order for each block: [`Self::begin`] and
/// [`Self::input`] on the input, the engine, [`Self::output`] on its output.
pub struct Mute {
    state: State,
    input_gain: f32,
    output_gain: f32,
    step: f32,
    /// Frames that are between capture and engine.
    captured: usize,
}

impl Mute {
    /// `captured_s`: the time from capture to the engine.
    pub fn new(rate_hz: f64, captured_s: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates, rates are positive"
        )]
        let (step, captured) = ((1.0 / (FADE_S * rate_hz)) as f32, (captured_s * rate_hz) as usize);
        Self {
            state: State::Closed,
            input_gain: 0.0,
            output_gain: 0.0,
            step,
            captured,
        }
    }

    /// Follows the switch; true if the engine has to forget what it has.
    pub fn begin(&mut self, shared: &PassShared) -> bool {
        match (self.state, shared.muted()) {
            (State::Open | State::Opening(_), true) => self.state = State::Closing,
            (State::Closing, false) => self.state = State::Open,
            (State::Closed, false) => {
                self.state = State::Opening(self.captured);
                self.output_gain = 1.0;
                shared.set_silent(false);
            }
            (State::Closing, true) if self.output_gain == 0.0 => {
                self.state = State::Closed;
                self.input_gain = 0.0;
                shared.set_silent(true);
                return true;
            }
            (State::Closed, true) => shared.set_silent(true),
            _ => {}
        }
        false
    }

    /// What of the input the engine gets.
    pub fn input(&mut self, channels: &mut [&mut [f32]]) {
        let frames = channels.first().map_or(0, |channel| channel.len());
        for n in 0..frames {
            let target = match &mut self.state {
                State::Opening(0) => {
                    self.state = State::Open;
                    1.0
                }
                State::Opening(left) => {
                    *left -= 1;
                    0.0
                }
                State::Open => 1.0,
                State::Closing | State::Closed => 0.0,
            };
            self.input_gain = towards(self.input_gain, target, self.step);
            for channel in channels.iter_mut() {
                channel[n] *= self.input_gain;
            }
        }
    }

    /// What of the engine's output is heard.
    pub fn output(&mut self, channels: &mut [&mut [f32]]) {
        let frames = channels.first().map_or(0, |channel| channel.len());
        let target = match self.state {
            State::Open | State::Opening(_) => 1.0,
            State::Closing | State::Closed => 0.0,
        };
        for n in 0..frames {
            self.output_gain = towards(self.output_gain, target, self.step);
            for channel in channels.iter_mut() {
                channel[n] *= self.output_gain;
            }
        }
    }
}

fn towards(gain: f32, target: f32, step: f32) -> f32 {
    if gain < target {
        (gain + step).min(target)
    } else {
        (gain - step).max(target)
    }
}

/// The mute of the monitor device, whose audio is a little older than the output's.
pub struct MonitorMute {
    gain: f32,
    step: f32,
}

impl MonitorMute {
    /// Closed.
    #[must_use]
    pub fn new(rate_hz: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "a gain")]
        let step = (1.0 / (FADE_S * rate_hz)) as f32;
        Self { gain: 0.0, step }
    }

    /// Applies the switch to interleaved frames.
    ///
    /// # Real-time
    /// Yes.
    pub fn apply(&mut self, shared: &PassShared, frames: &mut [f32], channels: usize) {
        let target = if shared.muted() { 0.0 } else { 1.0 };
        for frame in frames.chunks_exact_mut(channels) {
            self.gain = towards(self.gain, target, self.step);
            for sample in frame {
                *sample *= self.gain;
            }
        }
    }
}
