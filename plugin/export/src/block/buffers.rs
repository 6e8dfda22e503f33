//! The buffers in which nice-plug processes: exactly the channels that it expects, in
//! memory of our own, so that the host's pointers cannot harm it.

use super::channel::HostChannel;

/// Maximum number of channels of the main bus.
const MAIN: usize = 2;
/// Maximum number of channels of the side chain.
const SIDE: usize = 2;
/// Longest supported block, whatever a host announces: more than a second at any rate.
const MAX_SAMPLES: usize = 1 << 19;

/// One per instance. Empty, and so unable to process, until [`Self::prepare`].
#[derive(Default)]
pub(crate) struct Buffers {
    main: [Vec<f32>; MAIN],
    side: [Vec<f32>; SIDE],
    main_channels: usize,
    side_channels: usize,
    max_samples: usize,
}

/// The buses passed to nice-plug in place of the host's, for one block.
#[derive(Clone, Copy)]
pub(crate) struct OwnBuses {
    /// Input and output, processed in place.
    pub main: [*mut f32; MAIN],
    pub side: [*mut f32; SIDE],
    pub main_channels: u32,
    pub side_channels: u32,
}

impl Buffers {
    /// Allocates the channels of an activation's layout, at most two per bus.
    pub fn prepare(&mut self, main_channels: usize, side_channels: usize, max_samples: usize) {
        self.main_channels = main_channels.min(MAIN);
        self.side_channels = side_channels.min(SIDE);
        let max_samples = max_samples.min(MAX_SAMPLES);
        self.max_samples = max_samples;
        for (n, channel) in self.main.iter_mut().enumerate() {
            *channel = vec![0.0; if n < self.main_channels { max_samples } else { 0 }];
        }
        // Two channels are read even where nice-plug gets one: the louder of the two.
        for channel in &mut self.side {
            *channel = vec![0.0; if self.side_channels > 0 { max_samples } else { 0 }];
        }
    }

    /// Frees the channels at deactivation; nothing can be processed afterwards.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// True if a block of this many samples can be processed.
    pub fn fit(&self, samples: usize) -> bool {
        self.main_channels > 0 && samples <= self.max_samples
    }

    /// True between [`Self::prepare`] and [`Self::clear`].
    pub fn are_ready(&self) -> bool {
        self.main_channels > 0
    }

    /// Copies a block's input: the first channels of both buses. Missing channels are
    /// silent. Where nice-plug expects a mono side chain and the host sends two channels, it
    /// gets the louder of the two at every sample, because only the level of a side chain is used.
    ///
    /// # Real-time
    /// Copies.
    ///
    /// # Safety
    /// Every channel must hold `len` samples. The block must [fit](Self::fit).
    pub unsafe fn read(
        &mut self,
        main: impl Fn(usize) -> HostChannel,
        side: impl Fn(usize) -> HostChannel,
        len: usize,
    ) {
        for (n, to) in self.main.iter_mut().take(self.main_channels).enumerate() {
            // SAFETY: the caller's promise; this memory is our own.
            unsafe { main(n).read(&mut to[..len]) };
        }
        if self.side_channels == 0 {
            return;
        }
        for (n, to) in self.side.iter_mut().enumerate() {
            // SAFETY: as above.
            unsafe { side(n).read(&mut to[..len]) };
        }
        if self.side_channels == 1 {
            let [first, second] = &mut self.side;
            keep_louder(&mut first[..len], &second[..len]);
        }
    }

    /// The buses for nice-plug, valid until the next [`Self::prepare`].
    ///
    /// # Real-time
    /// Yes.
    pub fn buses(&mut self) -> OwnBuses {
        let count = |channels: usize| u32::try_from(channels).unwrap_or(0);
        OwnBuses {
            main: self.main.each_mut().map(Vec::as_mut_ptr),
            side: self.side.each_mut().map(Vec::as_mut_ptr),
            main_channels: count(self.main_channels),
            side_channels: count(self.side_channels),
        }
    }

    /// Copies the processed channels to the host's main output of `channels` channels;
    /// those beyond the layout's are silenced.
    ///
    /// # Real-time
    /// Copies.
    ///
    /// # Safety
    /// Every channel must have room for `len` samples. The block must [fit](Self::fit).
    pub unsafe fn write(&self, channels: usize, output: impl Fn(usize) -> HostChannel, len: usize) {
        // From last to first: where the host uses one buffer for all channels, the first one remains.
        for n in (0..channels).rev() {
            match self.main.get(n).filter(|_| n < self.main_channels) {
                // SAFETY: the caller's promise; this memory is our own.
                Some(from) => unsafe { output(n).write(&from[..len]) },
                // SAFETY: as above.
                None => unsafe { output(n).silence(len) },
            }
        }
    }
}

/// Replaces samples of `first` by those of `second` where the latter are louder.
fn keep_louder(first: &mut [f32], second: &[f32]) {
    for (first, &second) in first.iter_mut().zip(second) {
        // A NaN has no level.
        if second.abs() > first.abs() || (first.is_nan() && !second.is_nan()) {
            *first = second;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::null_mut;

    fn of(channels: &mut [Vec<f32>]) -> impl Fn(usize) -> HostChannel {
        let pointers: Vec<*mut f32> = channels.iter_mut().map(|channel| channel.as_mut_ptr()).collect();
        move |n| {
            let pointer = pointers.get(n).copied().unwrap_or(null_mut());
            HostChannel::new(pointer, null_mut())
        }
    }

    fn missing(_: usize) -> HostChannel {
        HostChannel::Missing
    }

    #[test]
    fn louder_takes_the_larger_magnitude_of_each_sample_and_skips_nan() {
        let mut first = [0.5, -0.2, f32::NAN, 0.0];
        keep_louder(&mut first, &[-0.4, 0.3, 0.1, f32::NAN]);
        assert_eq!(first, [0.5, 0.3, 0.1, 0.0]);
    }

    #[test]
    fn missing_input_channels_are_silent_and_extra_output_channels_are_silenced() {
        let mut buffers = Buffers::default();
        buffers.prepare(2, 2, 4);
        let mut input = vec![vec![0.5; 4]];
        // Left over from an earlier block.
        buffers.main[1].fill(9.0);
        // SAFETY: the channels are as long as is said.
        unsafe { buffers.read(of(&mut input), missing, 4) };
        let mut output = vec![vec![f32::NAN; 4]; 3];
        // SAFETY: as above.
        unsafe { buffers.write(3, of(&mut output), 4) };
        assert_eq!(output, [vec![0.5; 4], vec![0.0; 4], vec![0.0; 4]]);
        assert_eq!(buffers.side[1], [0.0; 4]);
    }

    #[test]
    fn outputs_that_share_one_buffer_get_the_first_channel() {
        let mut buffers = Buffers::default();
        buffers.prepare(2, 0, 4);
        let mut input = vec![vec![0.25; 4], vec![0.75; 4]];
        let mut output = vec![0.0_f32; 4];
        let shared = output.as_mut_ptr();
        // SAFETY: the channels are as long as is said.
        unsafe {
            buffers.read(of(&mut input), missing, 4);
            buffers.write(6, |_| HostChannel::new(shared, null_mut()), 4);
        }
        assert_eq!(output, [0.25; 4]);
    }

    #[test]
    fn double_precision_is_converted_both_ways() {
        let mut buffers = Buffers::default();
        buffers.prepare(1, 1, 4);
        let mut channel = [0.1_f64, -1.0, 1e300, 0.0];
        let double = channel.as_mut_ptr();
        let only = |n| HostChannel::new(null_mut(), if n == 0 { double } else { null_mut() });
        // SAFETY: the channel is as long as is said.
        unsafe {
            buffers.read(only, only, 4);
            buffers.write(1, only, 4);
        }
        assert_eq!(channel, [f64::from(0.1_f32), -1.0, f64::INFINITY, 0.0]);
    }

    #[test]
    fn no_block_fits_before_prepare_and_no_longer_one_after() {
        let mut buffers = Buffers::default();
        assert!(!buffers.fit(0) && !buffers.are_ready());
        buffers.prepare(1, 0, 4);
        assert!(buffers.fit(4) && !buffers.fit(5));
        buffers.clear();
        assert!(!buffers.fit(4));
    }
}
