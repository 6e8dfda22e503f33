//! Parts of the view that differ by operating system.

use nice_plug::editor::ParentWindowHandle;
use nice_plug::wrapper::vst3::vst3::Steinberg::FIDString;
use std::ffi::{CStr, c_void};

#[cfg(windows)]
pub(super) use nice_plug::wrapper::vst3::vst3::Steinberg::kPlatformTypeHWND as PLATFORM;
#[cfg(target_os = "macos")]
pub(super) use nice_plug::wrapper::vst3::vst3::Steinberg::kPlatformTypeNSView as PLATFORM;
#[cfg(all(unix, not(target_os = "macos")))]
pub(super) use nice_plug::wrapper::vst3::vst3::Steinberg::kPlatformTypeX11EmbedWindowID as PLATFORM;

/// Compares a host's string with one of the SDK's.
///
/// # Safety
/// Each must be null or a NUL-terminated string.
pub(super) unsafe fn same_text(a: FIDString, b: FIDString) -> bool {
    // SAFETY: not null, so strings by the caller's promise.
    !a.is_null() && !b.is_null() && unsafe { CStr::from_ptr(a) == CStr::from_ptr(b) }
}

#[cfg(all(unix, not(target_os = "macos")))]
pub(super) fn parent_handle(parent: *mut c_void) -> Option<ParentWindowHandle> {
    // The pointer is the X11 window id, not an address.
    std::ffi::c_ulong::try_from(parent.addr())
        .ok()
        .filter(|id| *id != 0)
        .map(ParentWindowHandle::XlibWindow)
}

#[cfg(target_os = "macos")]
pub(super) fn parent_handle(parent: *mut c_void) -> Option<ParentWindowHandle> {
    std::ptr::NonNull::new(parent).map(ParentWindowHandle::AppKitNsView)
}

#[cfg(windows)]
pub(super) fn parent_handle(parent: *mut c_void) -> Option<ParentWindowHandle> {
    std::num::NonZeroIsize::new(parent.addr().cast_signed()).map(ParentWindowHandle::Win32Hwnd)
}
