//! The only code that two threads share.
//!
//! The audio thread holds a [`StreamClient`], the worker a [`StreamServer`].
//! Between them run two pairs of `ringbuf` rings and a handful of atomics:
//!
//! | ring | carries | pushed |
//! | --- | --- | --- |
//! | input samples + [`ControlFrame`]s | 10 ms of mono input and its controls | both or neither |
//! | output samples + [`HopHeader`]s | one finished hop and its position | both or neither |
//!
//! Samples go in before the header that announces them, so whoever sees a
//! header can pop its samples. Every header carries an absolute position: a
//! piece that was dropped leaves a gap that the other side can see, and no gap
//! ever shifts the timeline.

#![deny(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros
)]

mod client;
mod patience;
mod server;
#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests play the worker's part too")]
mod tests;
mod told;

pub use client::{StreamClient, Wet};
pub use server::{HopInput, StreamServer};
pub use told::{FrameTold, HopTold, TOLD_FRAMES};

use crate::controls::ControlFrame;
use crate::geometry::Geometry;
use crate::sync::{Arc, AtomicBool, AtomicU32, AtomicU64, HeapCons, HeapProd, HeapRb, Split};

/// Announces one finished hop in the output ring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HopHeader {
    /// Stream it belongs to; others are stale and are thrown away.
    pub generation: u32,
    /// First input sample of the hop, at the host's rate.
    pub position_host: u64,
    /// What its samples are; zeros for all but [`Wet::Ready`]. A hop that was
    /// given up is [`Wet::Late`]: it is announced all the same, because an
    /// offline render that has just begun may be waiting for it.
    pub kind: Wet,
    /// What was done to the frames that it made.
    pub told: HopTold,
}

/// What both sides may look at without asking each other.
#[derive(Debug, Default)]
pub struct StreamShared {
    /// Input samples that the host has handed over since the last reset.
    pub(crate) client_position_host: AtomicU64,
    /// The client's current stream.
    pub(crate) generation: AtomicU32,
    /// The host renders offline: the worker must not skip anything.
    pub(crate) offline: AtomicBool,
    /// Interruptions heard: runs of output samples that came too late.
    pub(crate) xruns: AtomicU64,
    /// Output samples that came too late.
    pub(crate) missing_samples: AtomicU64,
    /// Input samples that found the ring full.
    pub(crate) dropped_input_samples: AtomicU64,
    /// Turns of the worker; moves as long as it lives.
    pub(crate) signs_of_life: AtomicU32,
    /// Times that an offline render gave up waiting for the worker.
    pub(crate) waits_given_up: AtomicU32,
}

/// Seconds of input that may pile up before it is dropped.
const BACKLOG_SECONDS: usize = 2;

/// Makes both ends of a stream.
#[must_use]
pub fn stream_link(geometry: &Geometry) -> (StreamClient, StreamServer) {
    let backlog_host = (geometry.host_rate.0 as usize * BACKLOG_SECONDS)
        .max(2 * (geometry.schedule_host() + geometry.max_block_host))
        .next_multiple_of(geometry.tick_host);
    let ticks = backlog_host / geometry.tick_host;
    let hops = backlog_host.div_ceil(geometry.hop_host) + 2;
    let (input_tx, input_rx): (HeapProd<f32>, HeapCons<f32>) = HeapRb::new(backlog_host).split();
    let (controls_tx, controls_rx): (HeapProd<ControlFrame>, HeapCons<ControlFrame>) =
        HeapRb::new(ticks).split();
    let (output_tx, output_rx): (HeapProd<f32>, HeapCons<f32>) =
        HeapRb::new(hops * geometry.hop_host).split();
    let (headers_tx, headers_rx): (HeapProd<HopHeader>, HeapCons<HopHeader>) = HeapRb::new(hops).split();
    let shared = Arc::new(StreamShared::default());
    (
        StreamClient::new(
            geometry,
            shared.clone(),
            input_tx,
            controls_tx,
            output_rx,
            headers_rx,
        ),
        StreamServer::new(geometry, shared, input_rx, controls_rx, output_tx, headers_tx),
    )
}
