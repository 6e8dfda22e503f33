//! Voxmeld's engine.
#![warn(missing_docs)]

pub mod frames;
pub mod retrieval;
pub mod units;
