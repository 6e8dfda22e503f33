//! Tells RealtimeSanitizer when this thread is the audio thread.

/// Does `work` as the audio thread does it. With the feature `rtsan` (see
/// `tests/rtsan.rs`) an allocation, a lock that blocks or a system call in
/// there ends the program with a report, whoever makes it: this program, the
/// plugin, or a library below it. Without the feature nothing is watched.
pub fn watched<T>(work: impl FnOnce() -> T) -> T {
    #[cfg(feature = "rtsan")]
    rtsan_standalone::realtime_enter();
    let result = work();
    #[cfg(feature = "rtsan")]
    rtsan_standalone::realtime_exit();
    result
}
