//! The memory of a stream.

use super::super::graph::Edge;

/// The memory of a stream.
pub struct Memory {
    /// Frames that attention remembers.
    pub frames: usize,
    /// `[1, S]`, added to the scores: hides remembered frames that never were.
    pub hidden: Option<Edge>,
    /// Factor by which earlier statistics fade in this call, and the weight of its samples.
    pub fading: Option<[Edge; 2]>,
}

impl Memory {
    pub fn new(frames: usize) -> Self {
        Self {
            frames,
            hidden: None,
            fading: None,
        }
    }
}
