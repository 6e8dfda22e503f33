//! Minimal stand-ins for the parts of the engine that the stream uses.

/// Stands for `voxmeld_core::controls`.
pub mod controls {
    /// One number, because the stream only transports controls.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Controls(pub u32);

    /// The controls at a position of a stream, as in the engine.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct ControlFrame {
        /// Number of the stream.
        pub generation: u32,
        /// Position of the first sample.
        pub position_host: u64,
        /// The controls that are set there.
        pub controls: Controls,
    }
}

/// Stands for `voxmeld_core::geometry`.
pub mod geometry {
    /// A sample rate.
    #[derive(Clone, Copy, Debug)]
    pub struct SampleRate(pub u32);

    /// The lengths that the stream uses, in samples.
    #[derive(Clone, Copy, Debug)]
    pub struct Geometry {
        /// One sample per second: the rings have room for two seconds.
        pub host_rate: SampleRate,
        /// Length of a tick.
        pub tick_host: usize,
        /// Length of a hop.
        pub hop_host: usize,
        /// Ticks per hop.
        pub ticks_per_hop: usize,
        /// Largest block.
        pub max_block_host: usize,
        /// Input samples before the first output sample.
        pub schedule: usize,
    }

    impl Geometry {
        /// Ticks of one sample, hops of `ticks` ticks, output `schedule` samples later.
        #[must_use]
        pub fn small(ticks: usize, schedule: usize) -> Self {
            Self {
                host_rate: SampleRate(1),
                tick_host: 1,
                hop_host: ticks,
                ticks_per_hop: ticks,
                max_block_host: 1,
                schedule,
            }
        }

        /// Latency from input to output.
        #[must_use]
        pub fn buffering_latency_host(&self) -> usize {
            self.schedule
        }

        /// Samples before the input: none, since the tests check every sample.
        #[must_use]
        pub fn before_input_host(&self) -> usize {
            0
        }

        /// Position in a tick at which the controls are read.
        #[must_use]
        pub fn frame_middle_host(&self) -> usize {
            0
        }
    }
}

/// Stands for `voxmeld_core::denormals`.
pub mod denormals {
    /// Does nothing, because nothing is computed.
    pub fn flush_denormals() {}
}
