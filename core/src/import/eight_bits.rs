//! Weights as integers of 8 bits.

/// Largest step of a weight. Processors without an instruction for sums of products of 8 bits add two of them in 16
/// bits first, which overflows beyond 7 bits.
#[must_use]
pub fn most_steps() -> f32 {
    #[cfg(target_arch = "x86_64")]
    if !(is_x86_feature_detected!("avx512vnni") || is_x86_feature_detected!("avxvnni")) {
        return 63.0;
    }
    127.0
}

/// Rounded to 8 bits.
#[must_use]
pub fn rounded_i8(x: f32) -> i8 {
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates; -127 to 127")]
    let x = x.round() as i8;
    x
}
