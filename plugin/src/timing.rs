//! What the latency depends on, and the block size that a host really plays.
//!
//! Hosts declare the largest block that they may ever send, and some declare 8192 samples but play 64. The latency
//! includes one block, so with "Host block" at Auto the plugin measures the blocks of the first second of live
//! playback and requests one restart with a latency that fits them.

use crate::params::VoxmeldParams;
use std::time::{Duration, Instant};
use voxmeld_core::geometry::Hop;

/// Measured block sizes are rounded up to one of these, so that a host whose blocks vary a little does not
/// restart twice.
pub const BLOCKS: [usize; 8] = [64, 128, 256, 512, 1024, 2048, 4096, 8192];

/// Settings whose change needs a restart of the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// The engine's step.
    pub hop: Hop,
    /// Largest block, in samples, that the latency allows for.
    pub block: usize,
    /// Latency added as a margin for a late worker.
    pub safety_ms: u32,
    /// Noise suppression, which adds latency.
    pub suppress_noise: bool,
    /// RVC voices in 8 bits.
    pub eight_bits: bool,
    /// Delay of the voice in microseconds.
    pub voice_delay_us: u32,
}

/// The timing wanted now, and the one in use.
#[derive(Debug, Default)]
pub struct TimingControl {
    active: Timing,
    /// Largest block that the host declared at activation.
    declared: usize,
    /// The timing for which a restart was requested, so that it is requested only once.
    requested: Option<Timing>,
    /// When that was.
    requested_at: Option<Instant>,
    /// The timing of the last restart without the host, or of an attempt.
    tried: Option<Timing>,
    /// The settings are those in use again after such an attempt.
    came_back: bool,
    learned: BlockLearner,
}

impl TimingControl {
    /// The timing for an activation with blocks of up to `declared` samples.
    pub fn activate(&mut self, params: &VoxmeldParams, declared: usize) -> Timing {
        self.declared = declared;
        self.learned.begin();
        self.requested = None;
        self.tried = None;
        self.came_back = false;
        self.active = self.wanted(params);
        self.active
    }

    /// The stream has been restarted with this timing, without an activation.
    pub fn restarted(&mut self, timing: Timing) {
        self.requested = None;
        self.tried = None;
        self.active = timing;
    }

    /// Call with the length of every block. True if a restart must be requested from the host.
    ///
    /// # Real-time
    /// Atomic loads and arithmetic.
    pub fn needs_restart(&mut self, params: &VoxmeldParams, len: usize, live: bool, rate_hz: f64) -> bool {
        self.learned.block(len, live, rate_hz);
        let wanted = self.wanted(params);
        if wanted == self.active {
            self.requested = None;
            self.came_back |= self.tried.take().is_some();
            return false;
        }
        let news = self.requested != Some(wanted);
        if news {
            self.requested = Some(wanted);
            self.requested_at = None;
        }
        news
    }

    /// To be called in every block that is not part of an announced offline render. The timing with which the stream
    /// must be restarted without the host, which has not acted on a request within a second; once for each request.
    /// Only for audible changes: another hop, noise suppression, or blocks that are larger than the latency allows.
    ///
    /// # Real-time
    /// Reads the monotonic clock, while a request is open.
    pub fn unanswered(&mut self) -> Option<Timing> {
        let wanted = self.requested.filter(|&wanted| self.tried != Some(wanted))?;
        self.unanswered_at(Instant::now(), wanted)
    }

    fn unanswered_at(&mut self, now: Instant, wanted: Timing) -> Option<Timing> {
        let requested_at = *self.requested_at.get_or_insert(now);
        if now.saturating_duration_since(requested_at) < ANSWER_TIME {
            return None;
        }
        self.tried = Some(wanted);
        let (hop, noise) = (self.active.hop, self.active.suppress_noise);
        let audible = wanted.hop != hop
            || wanted.suppress_noise != noise
            || wanted.block > self.active.block
            || wanted.voice_delay_us > self.active.voice_delay_us;
        audible.then_some(wanted)
    }

    /// True once after the settings have returned to those in use, from others that were tried.
    ///
    /// # Real-time
    /// Yes.
    pub fn came_back(&mut self) -> bool {
        std::mem::take(&mut self.came_back)
    }

    fn wanted(&self, params: &VoxmeldParams) -> Timing {
        let block = params.host_block.value().samples().or(self.learned.block_size());
        Timing {
            hop: Hop::from(params.hop.value()),
            block: block.map_or(self.declared, |block| block.min(self.declared)),
            safety_ms: u32::try_from(params.safety_buffer.value()).unwrap_or(0),
            suppress_noise: params.noise_suppression.value(),
            eight_bits: params.eight_bits.value(),
            voice_delay_us: params.voice.delay_us(),
        }
    }
}

/// Time that a host may take to restart the plugin.
const ANSWER_TIME: Duration = Duration::from_secs(1);
/// Seconds of live play after which the largest block is known.
const LEARN_S: f64 = 1.0;

/// Measures the blocks of a live stream.
#[derive(Debug, Default)]
struct BlockLearner {
    /// Of this activation.
    largest: usize,
    live_samples: usize,
    /// One of [`BLOCKS`], or more if the host plays larger blocks.
    known: Option<usize>,
}

impl BlockLearner {
    /// Begins an activation: the measured block size is kept until a larger block arrives.
    fn begin(&mut self) {
        self.largest = 0;
        self.live_samples = 0;
    }

    fn block(&mut self, len: usize, live: bool, rate_hz: f64) {
        if !live {
            // An offline render plays blocks of another size, and waits for the worker anyway.
            return;
        }
        self.largest = self.largest.max(len);
        self.live_samples = self.live_samples.saturating_add(len);
        let rounded = BLOCKS
            .into_iter()
            .find(|&block| block >= self.largest)
            .unwrap_or(self.largest);
        #[expect(clippy::cast_precision_loss, reason = "compared with one second")]
        let learned = self.live_samples as f64 >= LEARN_S * rate_hz;
        // A block larger than the measured size would be late at once, so it counts immediately.
        if (self.known.is_none() && learned) || self.known.is_some_and(|known| rounded > known) {
            self.known = Some(rounded);
        }
    }

    fn block_size(&self) -> Option<usize> {
        self.known
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{HopParam, HostBlockParam};
    use nice_plug::prelude::*;
    use voxmeld_core::engine::Engine;

    const RATE_HZ: f64 = 48_000.0;

    fn params() -> VoxmeldParams {
        VoxmeldParams::new(Engine::new().handle())
    }

    /// Plays a second and returns how often a restart was requested.
    fn play(timing: &mut TimingControl, params: &VoxmeldParams, len: usize, live: bool) -> usize {
        (0..48_000 / len + 1)
            .filter(|_| timing.needs_restart(params, len, live, RATE_HZ))
            .count()
    }

    #[test]
    fn declared_8192_played_64_requests_one_restart_with_a_block_of_64() {
        let params = params();
        for (declared, played, block) in [(8_192, 64, 64), (4_096, 480, 512), (1_024, 1_000, 1_024)] {
            let mut timing = TimingControl::default();
            assert_eq!(timing.activate(&params, declared).block, declared);
            let restarts = play(&mut timing, &params, played, true);
            assert_eq!(restarts, usize::from(block != declared), "{declared} / {played}");
            assert_eq!(timing.activate(&params, declared).block, block);
            assert_eq!(play(&mut timing, &params, played, true), 0, "only once");
        }
    }

    #[test]
    fn a_block_larger_than_the_measured_size_requests_a_restart_at_once() {
        let (mut timing, params) = (TimingControl::default(), params());
        timing.activate(&params, 8_192);
        play(&mut timing, &params, 64, true);
        timing.activate(&params, 8_192);
        assert!(timing.needs_restart(&params, 700, true, RATE_HZ));
        assert_eq!(timing.activate(&params, 8_192).block, 1_024);
    }

    /// Plays for a bit more than a second from `second` on; the timing with which the stream must be restarted.
    fn play_unanswered(
        timing: &mut TimingControl,
        params: &VoxmeldParams,
        start: Instant,
        second: u64,
    ) -> Vec<Timing> {
        let mut restarts = Vec::new();
        for block in 0..110 {
            timing.needs_restart(params, 480, true, RATE_HZ);
            let now = start + Duration::from_millis(2_000 * second + 10 * block);
            if let Some(wanted) = timing.requested.filter(|&wanted| timing.tried != Some(wanted)) {
                restarts.extend(timing.unanswered_at(now, wanted));
            }
        }
        restarts
    }

    fn set_hop(params: &VoxmeldParams, hop: HopParam) {
        let normalized = params.hop.preview_normalized(hop);
        // SAFETY: the parameter lives as long as `params`.
        unsafe { params.hop.as_ptr()._internal_set_normalized_value(normalized) };
    }

    #[test]
    fn a_host_that_ignores_another_hop_for_a_second_is_done_without() {
        let (mut timing, params, start) = (TimingControl::default(), params(), Instant::now());
        timing.activate(&params, 512);
        set_hop(&params, HopParam::Ms40);
        let restarts = play_unanswered(&mut timing, &params, start, 0);
        assert!(
            matches!(restarts[..], [Timing { hop: Hop::Ms40, .. }]),
            "{restarts:?}"
        );
        assert_eq!(play_unanswered(&mut timing, &params, start, 1), [], "only once");
        timing.restarted(restarts[0]);
        assert_eq!(
            play_unanswered(&mut timing, &params, start, 2),
            [],
            "it is in use"
        );
        assert!(!timing.came_back());
    }

    #[test]
    fn a_hop_that_was_refused_and_set_back_is_forgotten_once() {
        let (mut timing, params, start) = (TimingControl::default(), params(), Instant::now());
        timing.activate(&params, 512);
        set_hop(&params, HopParam::Ms40);
        assert_eq!(play_unanswered(&mut timing, &params, start, 0).len(), 1);
        set_hop(&params, HopParam::Ms20);
        play_unanswered(&mut timing, &params, start, 1);
        assert!(timing.came_back() && !timing.came_back());
    }

    #[test]
    fn a_smaller_block_than_declared_is_no_reason_to_interrupt_the_stream() {
        let (mut timing, params, start) = (TimingControl::default(), params(), Instant::now());
        timing.activate(&params, 8_192);
        for second in 0..4 {
            assert_eq!(play_unanswered(&mut timing, &params, start, second), []);
        }
        assert!(timing.requested.is_some(), "the host was asked");
    }

    #[test]
    fn offline_renders_change_nothing() {
        let (mut timing, params) = (TimingControl::default(), params());
        timing.activate(&params, 8_192);
        assert_eq!(play(&mut timing, &params, 64, false), 0);
    }

    #[test]
    fn a_chosen_block_hop_or_safety_buffer_overrides_the_measured_one() {
        let (mut timing, params) = (TimingControl::default(), params());
        timing.activate(&params, 8_192);
        let set = |param: ParamPtr, value: f32| {
            // SAFETY: the parameter lives as long as `params`.
            unsafe { param._internal_set_normalized_value(value) };
        };
        set(
            params.host_block.as_ptr(),
            params.host_block.preview_normalized(HostBlockParam::B256),
        );
        set(params.hop.as_ptr(), params.hop.preview_normalized(HopParam::Ms40));
        set(
            params.safety_buffer.as_ptr(),
            params.safety_buffer.preview_normalized(50),
        );
        assert!(timing.needs_restart(&params, 64, true, RATE_HZ));
        assert!(
            !timing.needs_restart(&params, 64, true, RATE_HZ),
            "requested once"
        );
        let expected = Timing {
            hop: Hop::Ms40,
            block: 256,
            safety_ms: 50,
            suppress_noise: false,
            eight_bits: false,
            voice_delay_us: 0,
        };
        assert_eq!(timing.activate(&params, 8_192), expected);
    }
}
