//! Panics as sentences, for threads that go on after one.
//!
//! The caller restores what the work may have left half-done: nothing that it touched can be
//! relied on. parking_lot's locks are released by the unwinding and never poisoned.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`; a panic in it becomes its message.
///
/// # Errors
/// The message of the panic.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        panic
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "an internal error".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_become_their_messages() {
        assert_eq!(caught(|| 7), Ok(7));
        assert_eq!(caught(|| panic!("planted")), Err::<(), _>("planted".to_owned()));
        let number = 3;
        assert_eq!(
            caught(|| panic!("planted {number}")),
            Err::<(), _>("planted 3".to_owned())
        );
        let other = caught(|| std::panic::panic_any(5));
        assert_eq!(other, Err::<(), _>("an internal error".to_owned()));
    }
}
