//! One hop of the stream through the voice, or through both during a swap.

use super::attempt::{Failure, Interrupted, cross_fade, run_hop};
use super::{NextStep, PAUSE_WITHOUT_STREAM, Worker};
use crate::control_state::VoiceState;
use crate::geometry::FRAME_STEP_16K;
use crate::panics::caught;
use crate::stream::{AppliedHop, HopHeader, SegmentKind};
use crate::worker::pipeline::Chain;
use crate::worker::report::HopReport;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// Good hops after which a failed voice may be restarted once more (at least 10 s).
const RESTART_AGAIN_AFTER_HOPS: u32 = 500;

impl Worker {
    /// Takes a whole hop from the ring, if there is one, and sends the result.
    pub(super) fn serve_hop(&mut self) -> NextStep {
        let Some(streaming) = &mut self.streaming else {
            return NextStep::Wait(PAUSE_WITHOUT_STREAM);
        };
        let Some(hop) = streaming.server.next_hop() else {
            return NextStep::Wait(streaming.server.pause());
        };
        let header = HopHeader {
            generation: hop.generation,
            position_host: hop.position_host,
            kind: SegmentKind::NotReady,
            applied: AppliedHop::default(),
        };
        // Sent whatever happens: without it a render would wait for it.
        let (kind, applied) = caught(|| self.result_of_hop()).unwrap_or_else(|why| {
            self.recover(Interrupted::Hop, &why);
            (SegmentKind::NotReady, AppliedHop::default())
        });
        if let Some(streaming) = &mut self.streaming {
            if kind != SegmentKind::Ready {
                streaming.output_host.clear();
                streaming.output_host.resize(streaming.geometry.hop_host, 0.0);
            }
            let header = HopHeader {
                kind,
                applied,
                ..header
            };
            streaming.server.send(header, &streaming.output_host);
        }
        NextStep::Again
    }

    /// Accepts the input of the hop that was taken and computes it. `output_host` holds the result where that is ready.
    fn result_of_hop(&mut self) -> (SegmentKind, AppliedHop) {
        let silent = (SegmentKind::NotReady, AppliedHop::default());
        let Some(streaming) = &mut self.streaming else {
            return silent;
        };
        let hop = streaming.server.taken_hop();
        let started = (self.clock)();
        if hop.restarts {
            let ticks = hop.position_host / streaming.geometry.tick_host as u64;
            let at_16k = i64::try_from(ticks).unwrap_or(0) * (FRAME_STEP_16K.cast_signed() as i64) / 2;
            streaming.input.restart(at_16k);
            streaming.track.restart(i64::try_from(ticks).unwrap_or(0));
            self.recent.mark_break();
            self.active
                .iter_mut()
                .chain(&mut self.incoming)
                .for_each(Chain::restart);
        }
        streaming.input.accept(&hop.samples, &hop.controls);
        self.recent.push(streaming.input.new_samples());
        streaming.track.accept(&hop.controls);
        // A hop that can no longer be played in time only serves as context.
        if hop.too_late {
            if self.active.is_some() && streaming.ladder.hop_missed() {
                self.status.quality_steps.fetch_add(1, Relaxed);
            }
            return (SegmentKind::Late, AppliedHop::default());
        }
        self.compute(started)
            .map_or(silent, |applied| (SegmentKind::Ready, applied))
    }

    /// Runs the voice, or both during a swap. Returns the blend of its frames if
    /// `output_host` holds a hop that can be played.
    fn compute(&mut self, started: Duration) -> Option<AppliedHop> {
        let streaming = self.streaming.as_mut()?;
        let active = self.active.as_mut()?;
        if streaming.server.offline() {
            // Offline renders run at full quality.
            streaming.ladder.reset();
        }
        let reduction = streaming.ladder.reduction();
        active.reduce_quality(reduction);
        self.incoming
            .iter_mut()
            .for_each(|chain| chain.reduce_quality(reduction));
        let result = run_hop(active, streaming, false);
        let (result, swapped) = match self.incoming.take() {
            Some(incoming) => self.take_over(incoming, result),
            None => (result, false),
        };
        let hop_ms = self.streaming.as_ref()?.geometry.hop.ms();
        match result {
            Ok(report) => {
                self.good_hops += 1;
                if self.good_hops > RESTART_AGAIN_AFTER_HOPS {
                    self.restarted = false;
                }
                let spent = (self.clock)().saturating_sub(started);
                self.update_quality(&report, spent, swapped);
                self.publish_report(&report, spent, hop_ms);
                Some(report.applied)
            }
            Err(failure) => {
                self.handle_failure(failure);
                None
            }
        }
    }

    /// Computes the first hop of a new voice and cross-fades it with the hop of the running one. If the new
    /// voice fails here it is rejected, and the running one continues. True if they were swapped.
    fn take_over(
        &mut self,
        mut incoming: Chain,
        result: Result<HopReport, Failure>,
    ) -> (Result<HopReport, Failure>, bool) {
        let Some(streaming) = &mut self.streaming else {
            return (result, false);
        };
        match run_hop(&mut incoming, streaming, true) {
            Ok(report) => {
                if result.is_ok() {
                    cross_fade(
                        &streaming.geometry,
                        &mut streaming.output_host,
                        &streaming.incoming_host,
                    );
                } else {
                    std::mem::swap(&mut streaming.output_host, &mut streaming.incoming_host);
                }
                if let Some(replaced) = self.active.replace(incoming) {
                    (self.discard)(Box::new(replaced.into_voice()));
                }
                (Ok(report), true)
            }
            Err(failure) => {
                self.refuse(incoming, failure);
                (result, false)
            }
        }
    }

    fn refuse(&mut self, incoming: Chain, failure: Failure) {
        let (Failure::Hop(why) | Failure::Voice(why)) = failure;
        tracing::warn!("the new voice was rejected: {why}");
        self.status.failed_hops.fetch_add(1, Relaxed);
        *self.status.message.lock() = Some(why);
        self.control.running.lock().reverted();
        if let Some(active) = &self.active {
            let voice = active.voice();
            *self.control.voice.lock() = VoiceState::Ready {
                name: voice.name.clone(),
            };
            self.status
                .draws_own_noise
                .store(!voice.is_reproducible(), Relaxed);
            self.publish_targets(voice);
        }
        (self.discard)(Box::new(incoming.into_voice()));
    }

    /// Non-finite samples silence one hop; an error or a panic drops the voice,
    /// which is then loaded once more.
    fn handle_failure(&mut self, failure: Failure) {
        self.status.failed_hops.fetch_add(1, Relaxed);
        self.good_hops = 0;
        match failure {
            Failure::Hop(why) => {
                // Logged once: a voice may fail like this at every hop.
                if self.status.failed_hops.load(Relaxed) == 1 {
                    tracing::warn!("a hop failed: {why}");
                }
                *self.status.message.lock() = Some(why);
                self.active.iter_mut().for_each(Chain::restart);
            }
            Failure::Voice(why) => {
                tracing::error!("the voice failed: {why}");
                self.active = None;
                *self.control.voice.lock() = VoiceState::Failed { why };
                if !self.restarted {
                    self.restarted = true;
                    (self.request_reload)();
                }
            }
        }
    }
}
