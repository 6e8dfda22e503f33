//! The engine behind a host's callbacks, with voices of simple arithmetic: offline, so no clock is involved.

mod blocks;
mod latency;
mod model_noise;
mod partitions;
mod states;
