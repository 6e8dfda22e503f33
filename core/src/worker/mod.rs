//! The worker thread: takes hops from the stream, runs the chain of models,
//! and sends finished hops back. Everything heavy happens here.
//!
//! `thread` is the loop, `step` what one turn of it does (testable without a
//! thread), `pipeline` the chain on one page and `render` the part of it
//! that makes sound, `report` what it cost and found, `context` what the chain is_stateful from hop to hop, `recent` the last half minute of input, `ladder`
//! what gives way where time is short.

mod context;
mod ladder;
mod pipeline;
mod recent;
mod render;
mod report;
mod step;
#[cfg(test)]
mod tests;
mod thread;
mod thread_primitives;

pub use context::{ControlTrack, InputStage};
pub use pipeline::Chain;
pub use recent::RECENT_S;
pub use report::{HopError, HopReport, StageTimes};
pub use step::{HopObserver, NextStep, Worker, WorkerClock, WorkerCommand};
pub use thread::WorkerThread;
