//! The engine, driven like a host would, with simple fake voices. Offline, so that the results do not depend on time.

mod blocks;
mod input;
mod latency;
mod model_noise;
mod partitions;
mod silence;
mod states;
