//! Marks sections for RealtimeSanitizer in which this thread is the audio thread.

/// Runs `work` as the audio thread. With the feature `rtsan` (see `tests/rtsan.rs`) an
/// allocation, a blocking lock or a system call in `work` ends the process with a
/// report, whether this program, the plugin or a library makes it. Without the feature
/// nothing is checked.
pub fn in_realtime_context<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(feature = "rtsan")]
    rtsan_standalone::realtime_enter();
    let result = work();
    #[cfg(feature = "rtsan")]
    rtsan_standalone::realtime_exit();
    result
}
