//! The rings between audio thread and worker.
//!
//! The audio thread holds a [`StreamClient`], the worker a [`StreamServer`].
//! Between them run two pairs of `ringbuf` rings and a handful of atomics:
//!
//! | ring | carries | pushed |
//! | --- | --- | --- |
//! | input samples + [`ControlFrame`]s | 10 ms of mono input and its controls | both or neither |
//! | output samples + [`HopHeader`]s | one finished hop and its position | both or neither |
//!
//! Samples are pushed before their header, so the samples of a header can always be
//! popped. Every header carries an absolute position: a dropped piece leaves a gap
//! that the other side detects, and no gap shifts the timeline.

#![deny(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::disallowed_macros
)]

mod applied;
mod arrival;
mod client;
mod due;
mod header;
mod offline_wait;
mod server;
mod shared;
#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests run the worker's end too")]
mod tests;

pub use applied::{APPLIED_FRAMES_MAX, AppliedHop, FrameBlend};
pub use client::StreamClient;
pub use header::{HopHeader, SegmentKind};
pub use server::{HopInput, StreamServer};
pub use shared::StreamShared;

use crate::controls::ControlFrame;
use crate::geometry::Geometry;
use crate::sync::{Arc, HeapCons, HeapProd, HeapRb, Split};
use std::time::Instant;

/// Seconds of input that are buffered before more is dropped.
const BACKLOG_SECONDS: usize = 2;

/// Makes both ends of a stream.
#[must_use]
pub fn stream_link(geometry: &Geometry) -> (StreamClient, StreamServer) {
    let backlog_host = (geometry.host_rate.0 as usize * BACKLOG_SECONDS)
        .max(2 * (geometry.buffering_latency_host() + geometry.max_block_host))
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
    let began = Instant::now();
    (
        StreamClient::new(
            geometry,
            (shared.clone(), began),
            input_tx,
            controls_tx,
            output_rx,
            headers_rx,
        ),
        StreamServer::new(
            geometry,
            (shared, began),
            input_rx,
            controls_rx,
            output_tx,
            headers_tx,
        ),
    )
}
