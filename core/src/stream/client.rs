//! The audio thread's end of the stream.
//!
//! # Real-time
//! Nothing here allocates, locks, logs or makes a system call, except while the client may wait for the
//! worker: in offline renders, and in the later blocks of a burst, which are not due yet.

use super::applied::{AppliedFrameQueue, FrameBlend};
use super::arrival::ArrivalLog;
use super::header::{HopHeader, SegmentKind};
use super::offline_wait::{OfflineWait, Wait};
use super::shared::StreamShared;
use crate::controls::{ControlFrame, Controls};
use crate::geometry::Geometry;
use crate::sync::{Arc, Consumer, HeapCons, HeapProd, Observer, Ordering::Relaxed, Producer, wait_a_little};
use std::time::{Duration, Instant};

/// The audio thread's end; see the module's text.
pub struct StreamClient {
    shared: Arc<StreamShared>,
    input: HeapProd<f32>,
    controls: HeapProd<ControlFrame>,
    output: HeapCons<f32>,
    headers: HeapCons<HopHeader>,
    /// The 10 ms being gathered, and the controls at its frame's middle.
    tick: Vec<f32>,
    tick_len: usize,
    tick_controls: Controls,
    /// Sample of the 10 ms at which controls are read.
    control_sample: usize,
    /// The hop being played.
    hop: Vec<f32>,
    hop_header: Option<HopHeader>,
    /// Frames that are not played yet.
    applied: AppliedFrameQueue,
    buffering_latency_host: u64,
    /// This many samples at the beginning of the worker's stream contain no input.
    before_input_host: u64,
    arrivals: ArrivalLog,
    generation: u32,
    /// Input position of the next sample in.
    position_in: u64,
    /// Input position of the next sample out.
    position_out: u64,
    waits: bool,
    /// Time until which to wait for the worker, because the current block is due even later.
    spare_until: Option<Instant>,
    /// The same margin in samples, as of the start of the block.
    spare_host: u64,
    offline_wait: OfflineWait,
    in_gap: bool,
    /// Range of input positions of which at least parts never reached the worker.
    lost: (u64, u64),
}

/// Nothing was lost.
const NOTHING_LOST: (u64, u64) = (u64::MAX, 0);

impl StreamClient {
    pub(super) fn new(
        geometry: &Geometry,
        (shared, began): (Arc<StreamShared>, Instant),
        input: HeapProd<f32>,
        controls: HeapProd<ControlFrame>,
        output: HeapCons<f32>,
        headers: HeapCons<HopHeader>,
    ) -> Self {
        Self {
            offline_wait: OfflineWait::new(shared.clone()),
            shared,
            input,
            controls,
            output,
            headers,
            tick: vec![0.0; geometry.tick_host],
            tick_len: 0,
            tick_controls: Controls::default(),
            control_sample: geometry.frame_middle_host(),
            hop: vec![0.0; geometry.hop_host],
            hop_header: None,
            applied: AppliedFrameQueue::new(2 * geometry.tick_host, geometry.frame_middle_host()),
            buffering_latency_host: geometry.buffering_latency_host() as u64,
            before_input_host: geometry.before_input_host() as u64,
            arrivals: ArrivalLog::new(began, geometry.host_rate.0),
            generation: 0,
            position_in: 0,
            position_out: 0,
            waits: false,
            spare_until: None,
            spare_host: 0,
            in_gap: false,
            lost: NOTHING_LOST,
        }
    }

    /// Starts a new stream at position 0. Hops of the old one are discarded when they
    /// arrive.
    pub fn reset(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.tick_len = 0;
        self.hop_header = None;
        self.applied.reset();
        self.position_in = 0;
        self.position_out = 0;
        self.in_gap = false;
        self.lost = NOTHING_LOST;
        self.shared.client_position_host.store(0, Relaxed);
        self.shared.generation.store(self.generation, Relaxed);
    }

    /// True: wait for the worker rather than play a gap (offline renders);
    /// the worker then skips nothing.
    pub fn set_waits(&mut self, waits: bool) {
        if waits != self.waits {
            self.waits = waits;
            self.shared.offline.store(waits, Relaxed);
        }
    }

    /// Allows waiting for the worker in the block that begins now, for up to `seconds`, because the host
    /// is ahead of the clock by that much. 0 in a live stream, which never waits.
    pub fn begin_block(&mut self, len: usize, seconds: f64, rate_hz: f64) {
        self.arrivals
            .block(&self.shared, self.position_in + len as u64, len);
        self.shared.ahead.store(seconds > 0.0, Relaxed);
        self.spare_until =
            (seconds > 0.0).then(|| Instant::now() + Duration::from_secs_f64(seconds.min(1.0)));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates; a second at most"
        )]
        let spare_host = (seconds.clamp(0.0, 1.0) * rate_hz) as u64;
        self.spare_host = spare_host;
    }

    /// Pushes input with the same controls for all of it.
    pub fn push(&mut self, mono_host: &[f32], controls: &Controls) {
        self.push_with(mono_host, |_| *controls);
    }

    /// Pushes input. `controls_at` returns the controls at a sample of it; it is
    /// called for the sample in the middle of a frame.
    pub fn push_with(&mut self, mut mono_host: &[f32], controls_at: impl Fn(usize) -> Controls) {
        let mut done = 0;
        let position_in = self.position_in + mono_host.len() as u64;
        // The worker has as much more time as the host is ahead of the clock.
        self.shared
            .client_position_host
            .store(position_in.saturating_sub(self.spare_host), Relaxed);
        while !mono_host.is_empty() {
            let count = (self.tick.len() - self.tick_len).min(mono_host.len());
            if (self.tick_len..self.tick_len + count).contains(&self.control_sample) {
                self.tick_controls = controls_at(done + self.control_sample - self.tick_len);
            }
            done += count;
            let (now, later) = mono_host.split_at(count);
            self.tick[self.tick_len..self.tick_len + count].copy_from_slice(now);
            self.tick_len += count;
            self.position_in += count as u64;
            mono_host = later;
            if self.tick_len == self.tick.len() {
                self.send_tick();
            }
        }
    }

    fn send_tick(&mut self) {
        self.tick_len = 0;
        if self.waits {
            let mut wait = self.offline_wait.begin();
            while !self.has_room() && self.offline_wait.keep_waiting(&mut wait) {}
        }
        if !self.has_room() {
            self.shared
                .dropped_input_samples
                .fetch_add(self.tick.len() as u64, Relaxed);
            let tick_start = self.position_in - self.tick.len() as u64;
            self.lost = (self.lost.0.min(tick_start), self.position_in);
            return;
        }
        let position_host = self.position_in - self.tick.len() as u64;
        let frame = ControlFrame {
            generation: self.generation,
            position_host,
            controls: self.tick_controls,
        };
        self.input.push_slice(&self.tick);
        // Never fails: room was checked, and only this thread fills the ring.
        let _ = self.controls.try_push(frame);
    }

    fn has_room(&self) -> bool {
        self.input.vacant_len() >= self.tick.len() && self.controls.vacant_len() > 0
    }

    /// Next samples of the worker's stream, as many as `wet` holds or until
    /// their kind changes. Returns how many were written, and their kind; for
    /// all kinds but [`SegmentKind::Ready`] the samples are zeros.
    pub fn pull(&mut self, wet: &mut [f32]) -> (usize, SegmentKind) {
        if self.position_out < self.buffering_latency_host {
            let count = usize::try_from(self.buffering_latency_host - self.position_out)
                .unwrap_or(usize::MAX)
                .min(wet.len());
            return self.advance_silent(wet, count, SegmentKind::NotReady);
        }
        let wanted = self.position_out - self.buffering_latency_host;
        let hop_len = self.hop.len() as u64;
        self.find_hop(wanted);
        match self.hop_header {
            Some(header) if wanted >= header.position_host && wanted < header.position_host + hop_len => {
                let start = usize::try_from(wanted - header.position_host).unwrap_or(0);
                let count = (self.hop.len() - start).min(wet.len());
                match header.kind {
                    SegmentKind::Ready => {}
                    SegmentKind::NotReady => return self.advance_silent(wet, count, SegmentKind::NotReady),
                    SegmentKind::Late => return self.miss(wet, count),
                }
                self.in_gap = false;
                wet[..count].copy_from_slice(&self.hop[start..start + count]);
                self.position_out += count as u64;
                (count, SegmentKind::Ready)
            }
            held => {
                // Late: this position is lost. Retry soon, so
                // that the rest of the hop is played when it arrives.
                let to_hop_end = hop_len - wanted % hop_len;
                let to_held = held
                    .and_then(|header| header.position_host.checked_sub(wanted))
                    .filter(|&gap| gap > 0);
                let until = to_hop_end.min(to_held.unwrap_or(u64::MAX)).min(64);
                let count = usize::try_from(until).unwrap_or(1).min(wet.len());
                self.miss(wet, count)
            }
        }
    }

    /// The next frame whose middle lies before an input position, with the
    /// sample at its middle. Each frame of a hop is returned once, in order of time.
    pub fn next_applied_frame(&mut self, before_host: u64) -> Option<(u64, FrameBlend)> {
        self.applied.next_before(before_host)
    }

    /// Samples that came too late, counted.
    fn miss(&mut self, wet: &mut [f32], count: usize) -> (usize, SegmentKind) {
        if self.position_out < self.buffering_latency_host + self.before_input_host {
            // No input is lost: a worker that slept while the host did not play may find the first hop
            // late.
            return self.advance_silent(wet, count, SegmentKind::NotReady);
        }
        if !self.in_gap {
            self.shared.xruns.fetch_add(1, Relaxed);
            self.in_gap = true;
        }
        self.shared.missing_samples.fetch_add(count as u64, Relaxed);
        self.advance_silent(wet, count, SegmentKind::Late)
    }

    fn advance_silent(&mut self, wet: &mut [f32], count: usize, kind: SegmentKind) -> (usize, SegmentKind) {
        wet[..count].fill(0.0);
        self.position_out += count as u64;
        (count, kind)
    }

    /// True for positions whose hop may never arrive, because some of its input was
    /// dropped: waiting for it might never end.
    fn was_lost(&self, position: u64) -> bool {
        let hop_len = self.hop.len() as u64;
        position + hop_len > self.lost.0 && position < self.lost.1.saturating_add(hop_len)
    }

    /// Pops hops until the one that holds `wanted`, or a later one, is at hand.
    fn find_hop(&mut self, wanted: u64) {
        let hop_len = self.hop.len() as u64;
        let mut wait: Option<Wait> = None;
        while self
            .hop_header
            .is_none_or(|header| header.position_host + hop_len <= wanted)
        {
            match self.headers.try_pop() {
                Some(header) => {
                    self.output.pop_slice(&mut self.hop);
                    if header.generation == self.generation {
                        self.applied.accept(&header.applied);
                        self.hop_header = Some(header);
                    } else {
                        self.hop_header = None;
                    }
                }
                None if self.waits && !self.was_lost(wanted) => {
                    let wait = wait.get_or_insert_with(|| self.offline_wait.begin());
                    if !self.offline_wait.keep_waiting(wait) {
                        return;
                    }
                }
                None if self.has_spare_time() && !self.was_lost(wanted) => wait_a_little(),
                None => return,
            }
        }
    }

    fn has_spare_time(&self) -> bool {
        self.spare_until.is_some_and(|until| Instant::now() < until)
    }
}
