//! The atomics beside the rings.

use crate::sync::{AtomicBool, AtomicU32, AtomicU64};

/// What both sides may look at without asking each other.
#[derive(Debug, Default)]
pub struct StreamShared {
    /// Input position that is due by the clock: samples that the host has handed over since the last reset, less those
    /// by which it is ahead of the clock.
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
    pub(crate) heartbeat: AtomicU32,
    /// Times that an offline render gave up waiting for the worker.
    pub(crate) abandoned_waits: AtomicU32,
}
