//! Counter-based noise, keyed by (seed, absolute frame): two renders are bit-identical,
//! and a frame has the same noise in every window that contains it.

/// Mixes a 64-bit counter into 64 well-spread bits (the finaliser of
/// Stafford's variant 13, as used by SplitMix64).
#[must_use]
pub const fn mix(counter: u64) -> u64 {
    let mut z = counter.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Fills `out` with unit normal noise for frame `frame` of stream `seed`.
pub fn fill_normal(seed: u64, frame: i64, out: &mut [f32]) {
    let key = mix(seed ^ mix(frame.cast_unsigned()));
    for (pair, values) in out.chunks_mut(2).enumerate() {
        let bits = mix(key.wrapping_add(pair as u64));
        // Two uniforms of 24 and 32 bits, then Box-Muller in f64: the result
        // does not depend on how the compiler orders f32 arithmetic.
        let u = (f64::from((bits >> 40) as u32) + 0.5) / f64::from(1_u32 << 24);
        #[expect(clippy::cast_possible_truncation, reason = "the low half is used")]
        let v = f64::from(bits as u32) / 4_294_967_296.0;
        let radius = (-2.0 * u.ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * v).sin_cos();
        #[expect(clippy::cast_possible_truncation, reason = "a normal deviate of at most six")]
        for (value, part) in values.iter_mut().zip([cos, sin]) {
            *value = (radius * part) as f32;
        }
    }
}

/// Fills `out` with uniform noise in `0..1` for frame `frame` of stream `seed`.
pub fn fill_uniform(seed: u64, frame: i64, out: &mut [f32]) {
    let key = mix(seed ^ mix(frame.cast_unsigned()));
    for (n, value) in out.iter_mut().enumerate() {
        let bits = mix(key.wrapping_add(n as u64));
        #[expect(clippy::cast_precision_loss, reason = "24 bits, as many as the mantissa has")]
        let part = (bits >> 40) as f32;
        *value = part / 16_777_216.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_mean_0_and_variance_1_and_depends_on_seed_and_frame() {
        let mut all = Vec::new();
        for frame in -50..150 {
            let mut row = [0.0; 192];
            fill_normal(7, frame, &mut row);
            all.extend_from_slice(&row);
        }
        let n = all.len() as f32;
        let mean = all.iter().sum::<f32>() / n;
        let variance = all.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / n;
        assert!(
            mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03,
            "{mean} {variance}"
        );
        let mut again = [0.0; 192];
        fill_normal(7, 3, &mut again);
        assert_eq!(again[..], all[53 * 192..54 * 192]);
        fill_normal(8, 3, &mut again);
        assert_ne!(again[..], all[53 * 192..54 * 192]);
    }
}
