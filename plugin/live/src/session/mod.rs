//! A live session: devices, engine, parameters, and what is said about them. Main thread.

mod choose;
mod live;
mod report;
mod status;
#[cfg(test)]
mod tests;
mod voices;

pub use choose::NoSuchVoice;
pub use live::Live;
pub use status::LiveStatus;
pub use voices::{NamedVoice, all_voices};
