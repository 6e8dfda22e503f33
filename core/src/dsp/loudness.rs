//! Loudness match: moves the voice's level towards the input's.
//!
//! RVC's rule: RMS curves of both signals (frames of 40 ms, one per 10 ms),
//! interpolated to samples, floored, then `out *= (in / out)^(1 - rate)`. Here
//! `follow = 1 - rate`: 0 leaves the voice unchanged, 1 gives it the input's level.

/// RMS floor of the output's curve, as in RVC.
const FLOOR: f32 = 1e-3;

/// Root mean square of a signal; 0 for none.
#[must_use]
pub fn rms(signal: &[f32]) -> f32 {
    let energy: f32 = signal.iter().map(|x| x * x).sum();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred samples")]
    let len = signal.len().max(1) as f32;
    (energy / len).sqrt()
}

/// RMS per 10 ms over centred frames of 40 ms; zeros beyond the ends.
/// `step` is the samples in 10 ms; `len / step + 1` values come out.
pub fn rms_curve(signal: &[f32], step: usize, curve: &mut Vec<f32>) {
    curve.clear();
    let half = 2 * step;
    for frame in 0..=signal.len() / step {
        let centre = frame * step;
        let range = centre.saturating_sub(half)..(centre + half).min(signal.len());
        let energy: f32 = signal[range].iter().map(|x| x * x).sum();
        #[expect(clippy::cast_precision_loss, reason = "a frame of a few thousand samples")]
        let len = (4 * step) as f32;
        curve.push((energy / len).sqrt());
    }
}

/// Number of steps over which one value of [`trailing_rms_curve`] is measured: 40 ms, as in RVC.
pub const SPAN_STEPS: usize = 4;

/// RMS per `step` samples (10 ms) over the [`SPAN_STEPS`] steps before each
/// point, the first point after as many; causal. `len / step - SPAN_STEPS + 1` values
/// come out.
pub fn trailing_rms_curve(signal: &[f32], step: usize, curve: &mut Vec<f32>) {
    curve.clear();
    curve.extend(signal.windows(SPAN_STEPS * step).step_by(step).map(rms));
}

/// Value of a curve at sample `n` of `len`, end points aligned.
pub(super) fn at(curve: &[f32], n: usize, len: usize) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "windows of well under 2^24 samples")]
    let x = n as f32 * (curve.len() - 1) as f32 / len as f32;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 0 and the curve's length"
    )]
    let left = (x as usize).min(curve.len() - 1);
    let right = (left + 1).min(curve.len() - 1);
    #[expect(clippy::cast_precision_loss, reason = "an index into a short curve")]
    let part = x - left as f32;
    curve[left] + (curve[right] - curve[left]) * part
}

/// The level of an output after [`match_level`].
pub(super) fn matched(input: f32, output: f32, follow: f32) -> f32 {
    if follow > 0.0 {
        output * (input / output.max(FLOOR)).powf(follow)
    } else {
        output
    }
}

/// Scales `output` towards the level of the input, both given as RMS curves
/// over the same span. `follow` 0 changes nothing, bit-exactly.
pub fn match_level(output: &mut [f32], input_curve: &[f32], output_curve: &[f32], follow: f32) {
    if follow <= 0.0 || input_curve.is_empty() || output_curve.is_empty() {
        return;
    }
    let len = output.len();
    for (n, sample) in output.iter_mut().enumerate() {
        let target = at(input_curve, n, len);
        let present = at(output_curve, n, len).max(FLOOR);
        *sample *= (target / present).powf(follow);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follow_1_restores_the_level_of_the_input() {
        let input: Vec<f32> = (0..4800_i16).map(|n| 0.1 * (f32::from(n) * 0.3).sin()).collect();
        let mut output: Vec<f32> = input.iter().map(|x| x * 4.0).collect();
        let (mut a, mut b) = (Vec::new(), Vec::new());
        rms_curve(&input, 240, &mut a);
        rms_curve(&output, 240, &mut b);
        assert_eq!(a.len(), 21);
        match_level(&mut output, &a, &b, 1.0);
        for (x, y) in input.iter().zip(&output) {
            assert!((x - y).abs() < 1e-6, "{x} {y}");
        }
    }

    #[test]
    fn trailing_curves_of_consecutive_hops_share_their_end_point() {
        let signal: Vec<f32> = (0..1920_i16)
            .map(|n| f32::from(n) * (f32::from(n) * 0.3).sin())
            .collect();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        trailing_rms_curve(&signal[..1440], 240, &mut first);
        trailing_rms_curve(&signal[480..], 240, &mut second);
        assert_eq!((first.len(), second.len()), (3, 3));
        assert_eq!(first[2], second[0], "one hop ends where the next begins");
    }

    #[test]
    fn follow_0_is_identity() {
        let mut output = vec![0.25; 480];
        match_level(&mut output, &[0.1, 0.1], &[0.9, 0.9], 0.0);
        assert_eq!(output, vec![0.25; 480]);
    }
}
