//! Describes the samples in the output ring.

use super::applied::AppliedHop;

/// What the samples of a piece of the worker's stream are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentKind {
    /// The voice.
    Ready,
    /// No voice was ready at this position.
    NotReady,
    /// The worker was late; the position is lost.
    Late,
}

/// Announces one finished hop in the output ring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HopHeader {
    /// Stream it belongs to; hops of an older stream are discarded.
    pub generation: u32,
    /// First input sample of the hop, at the host's rate.
    pub position_host: u64,
    /// What its samples are; zeros for all but [`SegmentKind::Ready`]. A dropped hop is
    /// sent as [`SegmentKind::Late`], because an offline render that has just begun may
    /// be waiting for it.
    pub kind: SegmentKind,
    /// The blend applied to its new frames.
    pub applied: AppliedHop,
}
