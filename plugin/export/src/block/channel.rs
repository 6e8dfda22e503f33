//! A channel of a host's block.

use std::ptr::copy_nonoverlapping;

/// Pointer to the samples of one channel, as the host passed it. Only null can be
/// recognised as invalid; pointers may be unaligned, and channels may overlap.
#[derive(Clone, Copy, Debug)]
pub(crate) enum HostChannel {
    /// No pointer.
    Missing,
    /// Single precision.
    Single(*mut f32),
    /// Double precision.
    Double(*mut f64),
}

impl HostChannel {
    /// Uses the pointer that is not null.
    pub fn new(single: *mut f32, double: *mut f64) -> Self {
        if !single.is_null() {
            Self::Single(single)
        } else if !double.is_null() {
            Self::Double(double)
        } else {
            Self::Missing
        }
    }

    /// Copies the channel to `to`; silence where it is missing.
    ///
    /// # Real-time
    /// Yes.
    ///
    /// # Safety
    /// The channel must hold as many samples as `to`, and not overlap it.
    pub unsafe fn read(self, to: &mut [f32]) {
        match self {
            Self::Missing => to.fill(0.0),
            // Copied as bytes, because the host's pointer may be unaligned.
            // SAFETY: the caller's promise.
            Self::Single(from) => unsafe {
                copy_nonoverlapping(from.cast::<u8>(), to.as_mut_ptr().cast(), size_of_val(to));
            },
            Self::Double(from) => {
                for (n, to) in to.iter_mut().enumerate() {
                    #[expect(clippy::cast_possible_truncation, reason = "audio is f32 here")]
                    // SAFETY: the caller's promise.
                    let sample = unsafe { from.add(n).read_unaligned() } as f32;
                    *to = sample;
                }
            }
        }
    }

    /// Copies `from` to the channel.
    ///
    /// # Real-time
    /// Yes.
    ///
    /// # Safety
    /// The channel must have room for as many samples as `from`, and not overlap it.
    pub unsafe fn write(self, from: &[f32]) {
        match self {
            Self::Missing => {}
            // SAFETY: the caller's promise.
            Self::Single(to) => unsafe {
                copy_nonoverlapping(from.as_ptr().cast(), to.cast::<u8>(), size_of_val(from));
            },
            Self::Double(to) => {
                for (n, &from) in from.iter().enumerate() {
                    // SAFETY: the caller's promise.
                    unsafe { to.add(n).write_unaligned(f64::from(from)) };
                }
            }
        }
    }

    /// Makes the channel silent.
    ///
    /// # Real-time
    /// Yes.
    ///
    /// # Safety
    /// The channel must have room for `len` samples.
    pub unsafe fn silence(self, len: usize) {
        // All bits zero is 0.0 in both precisions.
        // SAFETY: the caller's promise.
        unsafe {
            match self {
                Self::Missing => {}
                Self::Single(to) => to.cast::<u8>().write_bytes(0, len * size_of::<f32>()),
                Self::Double(to) => to.cast::<u8>().write_bytes(0, len * size_of::<f64>()),
            }
        }
    }
}
