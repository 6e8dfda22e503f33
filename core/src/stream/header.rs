//! What is said of the samples in the output ring.

use super::applied::AppliedHop;

/// What a sample of the worker's stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentKind {
    /// The voice.
    Ready,
    /// No voice could sound at this position.
    NotReady,
    /// The worker was late; the position is lost.
    Late,
}

/// Announces one finished hop in the output ring.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HopHeader {
    /// Stream it belongs to; others are stale and are thrown away.
    pub generation: u32,
    /// First input sample of the hop, at the host's rate.
    pub position_host: u64,
    /// What its samples are; zeros for all but [`SegmentKind::Ready`]. A hop that was
    /// given up is [`SegmentKind::Late`]: it is announced all the same, because an
    /// offline render that has just begun may be waiting for it.
    pub kind: SegmentKind,
    /// What was done to the frames that it made.
    pub told: AppliedHop,
}
