//! What the stream needs of the engine, at its smallest.

/// Stands for `voxmeld_core::controls`.
pub mod controls {
    /// One number instead of many: the stream only carries them.
    #[derive(Clone, Copy, Debug, Default, PartialEq)]
    pub struct Controls(pub u32);

    /// As in the engine.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct ControlFrame {
        /// Which stream this belongs to.
        pub generation: u32,
        /// First sample.
        pub position_host: u64,
        /// What was set.
        pub controls: Controls,
    }
}

/// Stands for `voxmeld_core::geometry`.
pub mod geometry {
    /// A sample rate.
    #[derive(Clone, Copy, Debug)]
    pub struct SampleRate(pub u32);

    /// The lengths that the stream asks for.
    #[derive(Clone, Copy, Debug)]
    pub struct Geometry {
        /// Half of the ring's length.
        pub host_rate: SampleRate,
        /// Samples of a tick.
        pub tick_host: usize,
        /// Samples of a hop.
        pub hop_host: usize,
        /// Ticks of a hop.
        pub ticks_per_hop: usize,
        /// Largest block.
        pub max_block_host: usize,
        /// Input that comes before the first output.
        pub schedule: usize,
    }

    impl Geometry {
        /// Ticks of a sample, hops of `ticks`, played `schedule` samples later.
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

        /// Samples between in and out.
        #[must_use]
        pub fn buffering_latency_host(&self) -> usize {
            self.schedule
        }

        /// Sample of a tick at which controls are read.
        #[must_use]
        pub fn frame_middle_host(&self) -> usize {
            0
        }
    }
}

/// Stands for `voxmeld_core::denormals`.
pub mod denormals {
    /// Nothing is computed here.
    pub fn flush_denormals() {}
}
