//! How far vectors are from each other: the innermost loop of all that is exact.
//!
//! On x86-64 processors with AVX2 and FMA (looked up at run time) eight values at a time,
//! in the order of `core/link/fvec_dispatch.c`: what an exact search and faiss's lists
//! say of the same vector is the same number. Elsewhere sixteen sums side by side, which
//! compilers can make something of. Either adds in one order that depends on the vectors'
//! length alone: on one machine the same vectors have the same distance, to the bit,
//! alone or among others; two kinds of processors may differ in the last bits.

use super::Metric;

/// Squared L2 distance of two vectors of equal length.
///
/// # Panics
/// If they are not of equal length.
pub(crate) fn squared(a: &[f32], b: &[f32]) -> f32 {
    of(Metric::L2, a, b)
}

/// What an index of this metric says of two vectors: the squared distance or the
/// inner product.
///
/// # Panics
/// If they are not of equal length.
pub(super) fn of(metric: Metric, a: &[f32], b: &[f32]) -> f32 {
    let mut out = [0.0];
    to_rows(metric, a, b, &mut out);
    out[0]
}

/// The same of a query and rows that lie one after the other, one for each value of `out`.
///
/// # Panics
/// If `rows` does not hold that many rows of the query's length.
pub(super) fn to_rows(metric: Metric, query: &[f32], rows: &[f32], out: &mut [f32]) {
    assert_eq!(rows.len(), query.len() * out.len(), "rows of the query's length");
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: this processor has both.
        unsafe {
            match metric {
                Metric::L2 => avx2::to_rows::<false>(query, rows, out),
                Metric::InnerProduct => avx2::to_rows::<true>(query, rows, out),
            }
        }
        return;
    }
    for (out, row) in out.iter_mut().zip(rows.chunks_exact(query.len().max(1))) {
        *out = match metric {
            Metric::L2 => portable(query, row, |x, y| (x - y) * (x - y)),
            Metric::InnerProduct => portable(query, row, |x, y| x * y),
        };
    }
}

/// Sums kept side by side, so that the compiler can use SIMD without being allowed to
/// reorder float additions.
const LANES: usize = 16;

#[inline(always)]
fn portable(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f32 {
    let (a_body, a_tail) = a.as_chunks::<LANES>();
    let (b_body, b_tail) = b.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for (x, y) in a_body.iter().zip(b_body) {
        for ((sum, &x), &y) in sums.iter_mut().zip(x).zip(y) {
            *sum += term(x, y);
        }
    }
    let tail: f32 = a_tail.iter().zip(b_tail).map(|(&x, &y)| term(x, y)).sum();
    sums.iter().sum::<f32>() + tail
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256, _mm_add_ps, _mm_add_ss, _mm_cvtss_f32, _mm_movehdup_ps, _mm_movehl_ps, _mm256_add_ps,
        _mm256_castps256_ps128, _mm256_extractf128_ps, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_setzero_ps,
        _mm256_sub_ps,
    };

    /// Values in a register.
    const WIDE: usize = 8;
    /// Values between two of the same sum.
    const STEP: usize = 4 * WIDE;

    /// As the outer one, which has seen to the lengths.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn to_rows<const PRODUCT: bool>(query: &[f32], rows: &[f32], out: &mut [f32]) {
        for (out, row) in out.iter_mut().zip(rows.chunks_exact(query.len().max(1))) {
            *out = one::<PRODUCT>(query, row);
        }
    }

    #[target_feature(enable = "avx2,fma")]
    #[inline]
    fn one<const PRODUCT: bool>(a: &[f32], b: &[f32]) -> f32 {
        let mut sums = [_mm256_setzero_ps(); 4];
        let (a_steps, a_rest) = a.as_chunks::<STEP>();
        let (b_steps, b_rest) = b.as_chunks::<STEP>();
        for (x, y) in a_steps.iter().zip(b_steps) {
            let parts = x.as_chunks::<WIDE>().0.iter().zip(y.as_chunks::<WIDE>().0);
            for (sum, (x, y)) in sums.iter_mut().zip(parts) {
                *sum = add::<PRODUCT>(*sum, x, y);
            }
        }
        let (a_parts, a_rest) = a_rest.as_chunks::<WIDE>();
        let (b_parts, b_rest) = b_rest.as_chunks::<WIDE>();
        for (x, y) in a_parts.iter().zip(b_parts) {
            sums[0] = add::<PRODUCT>(sums[0], x, y);
        }
        let mut rest = 0.0_f32;
        for (&x, &y) in a_rest.iter().zip(b_rest) {
            let (x, y) = if PRODUCT { (x, y) } else { (x - y, x - y) };
            rest = x.mul_add(y, rest);
        }
        total(sums) + rest
    }

    #[target_feature(enable = "avx2,fma")]
    #[inline]
    fn add<const PRODUCT: bool>(sum: __m256, x: &[f32; WIDE], y: &[f32; WIDE]) -> __m256 {
        // SAFETY: both hold eight values; these loads ask for no alignment.
        let (x, y) = unsafe { (_mm256_loadu_ps(x.as_ptr()), _mm256_loadu_ps(y.as_ptr())) };
        if PRODUCT {
            _mm256_fmadd_ps(x, y, sum)
        } else {
            let apart = _mm256_sub_ps(x, y);
            _mm256_fmadd_ps(apart, apart, sum)
        }
    }

    #[target_feature(enable = "avx2,fma")]
    #[inline]
    fn total([a, b, c, d]: [__m256; 4]) -> f32 {
        let all = _mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d));
        let half = _mm_add_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps::<1>(all));
        let half = _mm_add_ps(half, _mm_movehl_ps(half, half));
        _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsp::noise;

    const METRICS: [Metric; 2] = [Metric::L2, Metric::InnerProduct];

    fn normal(key: u64, len: usize) -> Vec<f32> {
        let mut values = vec![0.0; len];
        noise::fill_normal(key, 0, &mut values);
        values
    }

    #[test]
    fn every_length_is_summed_to_its_end() {
        for len in 1..100_u8 {
            let ones = vec![1.0; len.into()];
            let threes = vec![3.0; len.into()];
            assert_eq!(squared(&ones, &threes), 4.0 * f32::from(len));
            assert_eq!(of(Metric::InnerProduct, &ones, &threes), 3.0 * f32::from(len));
        }
    }

    #[test]
    fn a_row_among_others_has_the_distance_that_it_has_alone() {
        for dim in [1, 7, 31, 40, 256, 768, 771] {
            let (query, rows) = (normal(1, dim), normal(2, 13 * dim));
            for metric in METRICS {
                let alone: Vec<f32> = rows.chunks(dim).map(|row| of(metric, &query, row)).collect();
                let mut together = [0.0; 13];
                to_rows(metric, &query, &rows, &mut together);
                assert_eq!(together[..], alone[..], "{dim}");
            }
        }
    }

    #[test]
    fn all_ways_of_adding_come_to_the_sum_in_double_precision() {
        for dim in [3, 40, 256, 768, 1027] {
            let (a, b) = (normal(3, dim), normal(4, dim));
            let pairs = || a.iter().zip(&b).map(|(&x, &y)| (f64::from(x), f64::from(y)));
            let squares: f64 = pairs().map(|(x, y)| (x - y) * (x - y)).sum();
            let products: f64 = pairs().map(|(x, y)| x * y).sum();
            let near = |value: f32, truth: f64| (f64::from(value) - truth).abs() < 1e-6 * squares;
            assert!(near(squared(&a, &b), squares) && near(of(Metric::InnerProduct, &a, &b), products));
            assert!(near(portable(&a, &b, |x, y| (x - y) * (x - y)), squares), "{dim}");
            assert!(near(portable(&a, &b, |x, y| x * y), products), "{dim}");
        }
    }

    #[test]
    #[should_panic(expected = "rows of the query's length")]
    fn vectors_of_two_sizes_are_no_pair() {
        squared(&[0.0; 9], &[0.0; 8]);
    }
}
