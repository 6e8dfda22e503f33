//! Why a device was not opened.

/// In sentences: what, why, what to do.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The machine has none.
    #[error(
        "no sound device for {what} was found: connect one, or start JACK or PipeWire; `voxmeld --list` shows what there is"
    )]
    None {
        /// Input or output.
        what: &'static str,
    },
    /// None of that name.
    #[error("there is no {what} \"{name}\" now; there are: {there}")]
    NotFound {
        /// Input, output or monitor.
        what: &'static str,
        /// As given.
        name: String,
        /// The others.
        there: String,
    },
    /// It cannot do what was asked for.
    #[error(
        "{device} cannot be opened with {asked}: {why}; leave --rate and --buffer away, or choose others"
    )]
    Unsupported {
        /// Which.
        device: String,
        /// Rate and buffer.
        asked: String,
        /// What the system says.
        why: String,
    },
    /// Another program has it.
    #[error("{device} is in use by another program: close that, or choose another device (`voxmeld --list`)")]
    Busy {
        /// Which.
        device: String,
    },
    /// No JACK server.
    #[error("no JACK server answers ({why}): start one, for example `jackd -d alsa`, or use --backend alsa")]
    NoServer {
        /// What the library says.
        why: String,
    },
    /// A file of the simulated device.
    #[error("{path} cannot be used: {why}")]
    File {
        /// Which.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// The engine refused the stream.
    #[error("{0}")]
    Engine(String),
    /// Anything else.
    #[error("{device}: {why}; `voxmeld --list` shows what there is")]
    Other {
        /// Which.
        device: String,
        /// What the system says.
        why: String,
    },
}
