//! Flush-to-zero: arithmetic on subnormal numbers is up to a hundred times slower, so
//! a decaying tail would overload the engine. The worker's thread keeps the setting;
//! on the host's audio thread it is restored after each block.

/// Makes this thread treat subnormal numbers as zero, in and out, from now on.
pub fn flush_denormals() {
    set_control(control() | FLUSH);
}

/// While this value exists, subnormal numbers are zero on this thread; dropping it
/// restores the former setting.
///
/// # Real-time
/// Two instructions each way.
pub struct DenormalsFlushed {
    before: Control,
    /// Not `Send`: the setting belongs to the thread.
    _here: std::marker::PhantomData<*const ()>,
}

impl DenormalsFlushed {
    /// Sets it on the current thread.
    #[must_use]
    pub fn here() -> Self {
        let before = control();
        set_control(before | FLUSH);
        Self {
            before,
            _here: std::marker::PhantomData,
        }
    }
}

impl Drop for DenormalsFlushed {
    fn drop(&mut self) {
        set_control(self.before);
    }
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
mod register {
    pub type Control = u32;
    /// Flush to zero, and denormals are zero.
    pub const FLUSH: Control = 1 << 15 | 1 << 6;

    pub fn control() -> Control {
        let mut control: Control = 0;
        // SAFETY: stores the thread's SSE control register to a live local.
        unsafe { std::arch::asm!("stmxcsr [{}]", in(reg) &raw mut control, options(nostack)) };
        control
    }

    pub fn set_control(control: Control) {
        // SAFETY: loads the value of `control` with only the two documented bits above
        // changed: rounding and exception masks stay.
        unsafe { std::arch::asm!("ldmxcsr [{}]", in(reg) &raw const control, options(nostack)) };
    }
}

#[cfg(all(target_arch = "aarch64", not(miri)))]
mod register {
    pub type Control = u64;
    /// Flush to zero, in and out.
    pub const FLUSH: Control = 1 << 24;

    pub fn control() -> Control {
        let control: Control;
        // SAFETY: reads the thread's floating-point control register.
        unsafe { std::arch::asm!("mrs {}, fpcr", out(reg) control, options(nomem, nostack)) };
        control
    }

    pub fn set_control(control: Control) {
        // SAFETY: writes back the value of `control` with only the documented bit above changed.
        unsafe { std::arch::asm!("msr fpcr, {}", in(reg) control, options(nomem, nostack)) };
    }
}

// miri does not support this register.
#[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod register {
    pub type Control = u8;
    pub const FLUSH: Control = 0;

    pub fn control() -> Control {
        0
    }

    pub fn set_control(_: Control) {}
}

use register::{Control, FLUSH, control, set_control};

#[cfg(test)]
mod tests {
    use super::*;

    /// Half of the smallest normal number, and a subnormal one times 2^30.
    fn results() -> (f32, f32) {
        let tiny = std::hint::black_box(f32::MIN_POSITIVE);
        let subnormal = std::hint::black_box(f32::from_bits(1));
        (
            std::hint::black_box(tiny * std::hint::black_box(0.5)),
            std::hint::black_box(subnormal * std::hint::black_box(1_073_741_824.0)),
        )
    }

    #[test]
    #[cfg(all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri)))]
    fn nested_guards_flush_subnormals_and_restore_the_setting() {
        let before = control();
        let found = results();
        assert!(
            found.0 > 0.0 && found.1 > 0.0,
            "the test's thread already flushes"
        );
        {
            let _flushed = DenormalsFlushed::here();
            assert_eq!(results(), (0.0, 0.0));
            {
                let _again = DenormalsFlushed::here();
            }
            assert_eq!(
                results(),
                (0.0, 0.0),
                "the inner guard must not end the outer one"
            );
        }
        assert_eq!(results(), found);
        assert_eq!(control() & FLUSH, before & FLUSH);
    }
}
