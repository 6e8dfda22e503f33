//! Voxmeld as a program for live use: microphone in, converted voice out.
//!
//! # Thread model
//! The output device's callback is the audio thread: it reads the microphone's ring ([`drift`]), runs the engine and
//! the mute ([`pass`]), and feeds the monitor's ring. The callbacks of microphone and monitor only write and read
//! rings. The main thread ([`program`]) opens devices, follows changes ([`session`]) and answers requests that the
//! socket's threads hand over ([`remote`]). The engine's threads belong to `voxmeld-core`.
//!
//! # Map
//! | module | what is in it |
//! | --- | --- |
//! | [`drift`] | audio from one device's clock to another's |
//! | [`pass`] | a block from microphone to output, and the mute |
//! | [`device`] | ALSA, JACK, and a simulated device |
//! | [`session`] | opens devices and keeps them open |
//! | [`remote`] | the socket |
//! | [`config`] | what is remembered |
//! | [`data`] | where voice packs and ONNX Runtime are |
//! | [`program`] | command line, terminal, main loop |
#![warn(missing_docs)]

pub mod config;
pub mod data;
pub mod device;
pub mod drift;
pub mod pass;
pub mod program;
pub mod remote;
pub mod session;
