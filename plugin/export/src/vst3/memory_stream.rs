//! An `IBStream` in memory, to read and write nice-plug's state.

use nice_plug::wrapper::vst3::vst3::Class;
use nice_plug::wrapper::vst3::vst3::Steinberg::IBStream_::IStreamSeekMode_::{
    kIBSeekCur, kIBSeekEnd, kIBSeekSet,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    IBStream, IBStreamTrait, int32, int64, kInvalidArgument, kResultOk, tresult,
};
use parking_lot::Mutex;
use std::ffi::c_void;

/// Bytes with a position, as in VST3 hosts.
#[derive(Default)]
pub struct MemoryStream(Mutex<Bytes>);

#[derive(Default)]
struct Bytes {
    data: Vec<u8>,
    position: usize,
}

impl MemoryStream {
    /// A stream at the beginning of `data`.
    #[must_use]
    pub fn new(data: Vec<u8>) -> Self {
        Self(Mutex::new(Bytes { data, position: 0 }))
    }

    /// Everything written so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().data.clone()
    }
}

impl Class for MemoryStream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for MemoryStream {
    unsafe fn read(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let mut bytes = self.0.lock();
        let left = bytes.data.get(bytes.position..).unwrap_or_default();
        let len = usize::try_from(count).unwrap_or(0).min(left.len());
        if buffer.is_null() && len > 0 {
            return kInvalidArgument;
        }
        // SAFETY: the caller's buffer holds `count` bytes, `left` at least `len`.
        unsafe { std::ptr::copy_nonoverlapping(left.as_ptr(), buffer.cast::<u8>(), len) };
        bytes.position += len;
        // SAFETY: the caller passes null or a number to write.
        unsafe { write_to(done, int32::try_from(len).unwrap_or(int32::MAX)) };
        kResultOk
    }

    unsafe fn write(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let Ok(len) = usize::try_from(count) else {
            return kInvalidArgument;
        };
        if buffer.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: the caller's buffer holds `count` bytes.
        let new = unsafe { std::slice::from_raw_parts(buffer.cast::<u8>(), len) };
        let mut bytes = self.0.lock();
        let (from, to) = (bytes.position, bytes.position + len);
        if bytes.data.len() < to {
            bytes.data.resize(to, 0);
        }
        bytes.data[from..to].copy_from_slice(new);
        bytes.position = to;
        // SAFETY: the caller passes null or a number to write.
        unsafe { write_to(done, count) };
        kResultOk
    }

    unsafe fn seek(&self, offset: int64, mode: int32, result: *mut int64) -> tresult {
        let mut bytes = self.0.lock();
        let mode = i64::from(mode);
        let base = if mode == i64::from(kIBSeekSet) {
            0
        } else if mode == i64::from(kIBSeekCur) {
            bytes.position
        } else if mode == i64::from(kIBSeekEnd) {
            bytes.data.len()
        } else {
            return kInvalidArgument;
        };
        let Some(position) =
            usize::try_from(offset.saturating_add(int64::try_from(base).unwrap_or(int64::MAX))).ok()
        else {
            return kInvalidArgument;
        };
        bytes.position = position.min(bytes.data.len());
        // SAFETY: the caller passes null or a number to write.
        unsafe { write_to(result, int64::try_from(bytes.position).unwrap_or(int64::MAX)) };
        kResultOk
    }

    unsafe fn tell(&self, position: *mut int64) -> tresult {
        // SAFETY: the caller passes null or a number to write.
        unsafe {
            write_to(
                position,
                int64::try_from(self.0.lock().position).unwrap_or(int64::MAX),
            )
        };
        kResultOk
    }
}

/// Writes `value` unless the pointer is null.
///
/// # Safety
/// `target` must be null or valid for a write.
unsafe fn write_to<T>(target: *mut T, value: T) {
    if !target.is_null() {
        // SAFETY: not null, so valid by the caller's promise.
        unsafe { target.write(value) };
    }
}
