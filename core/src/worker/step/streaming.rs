//! State of one stream, dropped with it.

use crate::geometry::Geometry;
use crate::stream::StreamServer;
use crate::worker::context::{ControlTrack, InputStage};
use crate::worker::ladder::Ladder;

/// The stream that the worker serves, and its buffers.
pub(super) struct Streaming {
    pub server: Box<StreamServer>,
    pub geometry: Geometry,
    pub input: InputStage,
    pub track: ControlTrack,
    pub ladder: Ladder,
    pub output_host: Vec<f32>,
    pub incoming_host: Vec<f32>,
}
