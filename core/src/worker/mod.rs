//! The worker thread: takes hops from the stream, runs the chain of models,
//! and sends finished hops back. All heavy computing is done here.
//!
//! `thread` is the loop, `step` one turn of it (testable without a thread),
//! `pipeline` one hop through the chain and `render` its second half (synthesis),
//! `rest` what is skipped in silence, `report` times and results of a hop, `context` the state that the chain keeps
//! from hop to hop, `recent` the last half minute of input, `ladder` the reduction
//! of quality on an overloaded machine, `priority` the priority of the thread,
//! `trial` runs a voice before it is used.

mod clipping;
mod context;
mod formant;
mod gate;
mod ladder;
mod pipeline;
mod priority;
mod recent;
mod render;
mod report;
mod rest;
mod step;
mod suppression;
#[cfg(test)]
mod tests;
mod thread;
mod thread_primitives;
mod trial;
mod voice_delay;

pub use context::{ControlTrack, InputStage};
pub use pipeline::Chain;
pub use recent::RECENT_S;
pub use report::{HopError, HopReport, StageTimes};
pub use step::{HopObserver, NextStep, Worker, WorkerClock, WorkerCommand};
pub use thread::WorkerThread;
pub use trial::{TrialError, try_out};
