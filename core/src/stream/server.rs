//! The worker's end of the stream.

use super::arrival::{Arrival, low_half, micros_since};
use super::due::{DueClock, Look};
use super::header::HopHeader;
use super::shared::StreamShared;
use crate::controls::{ControlFrame, Controls};
use crate::geometry::Geometry;
use crate::sync::{Arc, Consumer, HeapCons, HeapProd, Observer, Ordering::Relaxed, Producer};
use std::time::{Duration, Instant};

/// One whole hop of input; dropped pieces are zeros.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HopInput {
    /// Stream it belongs to.
    pub generation: u32,
    /// First sample, at the host's rate; a multiple of the hop.
    pub position_host: u64,
    /// True if it does not continue the previous hop (a reset, or lost input): stateful
    /// stages must reset.
    pub restarts: bool,
    /// True if it can no longer be played: it serves as context only.
    pub too_late: bool,
    /// Mono samples of the host's rate.
    pub samples: Vec<f32>,
    /// One set of controls per 10 ms.
    pub controls: Vec<Controls>,
}

/// The worker's end; see the module's text.
pub struct StreamServer {
    shared: Arc<StreamShared>,
    /// When the stream was created.
    began: Instant,
    due: DueClock,
    input: HeapCons<f32>,
    controls: HeapCons<ControlFrame>,
    output: HeapProd<f32>,
    headers: HeapProd<HopHeader>,
    tick_host: usize,
    hop_host: usize,
    buffering_latency_host: u64,
    hop: HopInput,
    /// 10 ms pieces of `hop` that are filled.
    filled_ticks: usize,
    /// Generation and position after the last returned hop; `None` before the first.
    expected_next: Option<(u32, u64)>,
    /// A popped piece that belongs to a later hop.
    held: Option<ControlFrame>,
    held_samples: Vec<f32>,
}

impl StreamServer {
    pub(super) fn new(
        geometry: &Geometry,
        (shared, began): (Arc<StreamShared>, Instant),
        input: HeapCons<f32>,
        controls: HeapCons<ControlFrame>,
        output: HeapProd<f32>,
        headers: HeapProd<HopHeader>,
    ) -> Self {
        Self {
            shared,
            began,
            due: DueClock::new(geometry.host_rate.0),
            input,
            controls,
            output,
            headers,
            tick_host: geometry.tick_host,
            hop_host: geometry.hop_host,
            buffering_latency_host: geometry.buffering_latency_host() as u64,
            hop: HopInput {
                samples: vec![0.0; geometry.hop_host],
                controls: vec![Controls::default(); geometry.ticks_per_hop],
                ..HopInput::default()
            },
            filled_ticks: 0,
            expected_next: None,
            held: None,
            held_samples: vec![0.0; geometry.tick_host],
        }
    }

    /// The counters of both sides; for the status display.
    #[must_use]
    pub fn shared(&self) -> &Arc<StreamShared> {
        &self.shared
    }

    /// True in an offline render: the audio thread waits, nothing is too late.
    #[must_use]
    pub fn offline(&self) -> bool {
        self.shared.offline.load(Relaxed)
    }

    /// Shows a waiting offline render that the worker is running; call at every step.
    pub fn heartbeat(&self) {
        self.shared.heartbeat.fetch_add(1, Relaxed);
    }

    /// Collects input. True once a whole hop is there, which [`Self::next_hop`] returns.
    ///
    /// Everything that the other threads did before they pushed that input is visible after this: the offline
    /// flag, and loads that were requested.
    pub fn has_hop(&mut self) -> bool {
        if self.filled_ticks > 0 && self.hop.generation != self.shared.generation.load(Relaxed) {
            self.filled_ticks = 0;
        }
        while self.filled_ticks < self.hop.controls.len() {
            let frame = match self.held.take() {
                Some(frame) => frame,
                None => {
                    let Some(frame) = self.controls.try_pop() else {
                        return false;
                    };
                    self.input.pop_slice(&mut self.held_samples);
                    frame
                }
            };
            if frame.generation != self.shared.generation.load(Relaxed) {
                // Stale since a reset: drop it and the hop in progress.
                self.filled_ticks = 0;
                continue;
            }
            self.place(frame);
        }
        true
    }

    /// How long to sleep if there is no hop: until the next one is due, as far as that is known. In a live stream
    /// there are fewer than 200 of these pauses per second, and 20 if the host does not play.
    pub fn pause(&mut self) -> Duration {
        let now_us = low_half(micros_since(self.began));
        let arrival = Arrival::load(&self.shared.arrival);
        if self.offline() {
            return DueClock::offline_pause(now_us, arrival);
        }
        let generation = self.shared.generation.load(Relaxed);
        let hop_host = self.hop_host as u64;
        let hop_end_host = match self.expected_next {
            _ if self.filled_ticks > 0 && self.hop.generation == generation => {
                self.hop.position_host + hop_host
            }
            Some((of, position_host)) if of == generation => position_host + hop_host,
            _ => hop_host,
        };
        self.due.pause(Look {
            now_us,
            arrival,
            group_host: self.shared.smallest_group_host.load(Relaxed),
            hop_end_host: low_half(hop_end_host),
            ahead: self.shared.ahead.load(Relaxed),
        })
    }

    /// The next whole hop, once all of it has arrived.
    pub fn next_hop(&mut self) -> Option<&HopInput> {
        if !self.has_hop() {
            return None;
        }
        self.filled_ticks = 0;
        let here = (self.hop.generation, self.hop.position_host);
        self.hop.restarts = self.expected_next != Some(here);
        self.expected_next = Some((here.0, here.1 + self.hop_host as u64));
        self.hop.too_late = !self.offline() && self.is_too_late();
        Some(&self.hop)
    }

    /// The hop that [`Self::next_hop`] returned last, until more input is collected.
    #[must_use]
    pub fn taken_hop(&self) -> &HopInput {
        &self.hop
    }

    /// True if the time at which the hop is due has passed, or has begun while the next hop
    /// is already waiting: otherwise a worker that lags by less than a hop would stay
    /// late forever.
    fn is_too_late(&self) -> bool {
        let now = self.shared.client_position_host.load(Relaxed);
        let plays_from = self.hop.position_host + self.buffering_latency_host;
        let next_waits = self.controls.occupied_len() >= self.hop.controls.len();
        // The first hop of a stream contains no input yet, so the next one makes up for its delay.
        let is_first = self.hop.position_host == 0;
        now >= plays_from + self.hop_host as u64 || (next_waits && now > plays_from && !is_first)
    }

    /// Copies 10 ms to their place in the hop; lost pieces before them are filled with silence.
    fn place(&mut self, frame: ControlFrame) {
        let hop_host = self.hop_host as u64;
        let hop_position = frame.position_host / hop_host * hop_host;
        let slot = usize::try_from(frame.position_host - hop_position).unwrap_or(0) / self.tick_host;
        let started = self.filled_ticks > 0;
        if started && (self.hop.position_host != hop_position || self.hop.generation != frame.generation) {
            // The rest of the hop in progress was lost: fill it with silence and keep
            // this piece for its own hop.
            if self.hop.generation == frame.generation {
                self.fill_silence(self.filled_ticks, self.hop.controls.len(), frame.controls);
                self.held = Some(frame);
                return;
            }
            self.filled_ticks = 0;
        }
        self.hop.position_host = hop_position;
        self.hop.generation = frame.generation;
        self.fill_silence(self.filled_ticks, slot, frame.controls);
        let start = slot * self.tick_host;
        self.hop.samples[start..start + self.tick_host].copy_from_slice(&self.held_samples);
        self.hop.controls[slot] = frame.controls;
        self.filled_ticks = slot + 1;
    }

    fn fill_silence(&mut self, from_tick: usize, to_tick: usize, controls: Controls) {
        if from_tick < to_tick {
            self.hop.samples[from_tick * self.tick_host..to_tick * self.tick_host].fill(0.0);
            self.hop.controls[from_tick..to_tick].fill(controls);
            self.filled_ticks = to_tick;
        }
    }

    /// Sends a finished hop to the audio thread. False if the ring is full, because the
    /// host no longer calls process; the hop is then dropped.
    pub fn send(&mut self, header: HopHeader, samples_host: &[f32]) -> bool {
        debug_assert_eq!(samples_host.len(), self.hop_host, "exactly one hop");
        if self.output.vacant_len() < samples_host.len() || self.headers.vacant_len() == 0 {
            return false;
        }
        self.output.push_slice(samples_host);
        self.headers.try_push(header).is_ok()
    }
}
