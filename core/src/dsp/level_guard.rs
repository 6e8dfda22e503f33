//! Limits the voice's level relative to the input's: the output for a whisper must not be louder than the
//! input, and clipped input keeps its level.
//!
//! Everywhere else, and while the levels agree, the gain is exactly 1.

use super::loudness;

/// Above this input level (RMS over 40 ms) the voice may be louder than the input.
const QUIET_ABOVE_DB: f32 = -46.0;
/// Below this input level it may not.
const QUIET_BELOW_DB: f32 = -56.0;
/// Highest level of a quiet voice relative to the input's level; a margin for the difference of the two curves.
const QUIET_PART: f32 = 0.9;
/// Lowest level of the voice relative to the input's, where the input is clipped.
const CLIPPED_PART: f32 = 1.0;
/// Largest gain for clipped input (18 dB).
const LARGEST_GAIN: f32 = 8.0;

/// Computes the gains at the points of two RMS curves. `follow`: the loudness match that was applied to the output since
/// its curve was measured. `clipped`: how far the input is clipped (0 to 1) at the first and at the last point.
pub fn gains(input: &[f32], output: &[f32], follow: f32, clipped: (f32, f32), gains: &mut Vec<f32>) {
    gains.clear();
    let last = input.len().min(output.len()).saturating_sub(1).max(1);
    for (n, (&input, &output)) in input.iter().zip(output).enumerate() {
        #[expect(clippy::cast_precision_loss, reason = "a few points")]
        let part = n as f32 / last as f32;
        let clipped = clipped.0 + (clipped.1 - clipped.0) * part;
        gains.push(gain(input, loudness::matched(input, output, follow), clipped));
    }
}

fn gain(input: f32, output: f32, clipped: f32) -> f32 {
    let input_db = 20.0 * input.max(1e-9).log10();
    let quiet = ((QUIET_ABOVE_DB - input_db) / (QUIET_ABOVE_DB - QUIET_BELOW_DB)).clamp(0.0, 1.0);
    let highest = QUIET_PART * input;
    if quiet > 0.0 && output > highest {
        return (highest / output).powf(quiet);
    }
    let lowest = CLIPPED_PART * input;
    if clipped > 0.0 && output > 0.0 && output < lowest {
        return (lowest / output).min(LARGEST_GAIN).powf(clipped);
    }
    1.0
}

/// Scales `samples` by gains between their points; unchanged, bit for bit, where all are 1.
pub fn apply(samples: &mut [f32], gains: &[f32]) {
    if gains.iter().all(|&gain| gain == 1.0) {
        return;
    }
    let len = samples.len();
    for (n, sample) in samples.iter_mut().enumerate() {
        *sample *= loudness::at(gains, n, len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(input_db: f32, output_db: f32, clipped: f32) -> f32 {
        let amplitude = |db: f32| 10.0_f32.powf(db / 20.0);
        let mut found = Vec::new();
        let (input, output) = ([amplitude(input_db); 3], [amplitude(output_db); 3]);
        gains(&input, &output, 0.0, (clipped, clipped), &mut found);
        20.0 * found[1].log10()
    }

    #[test]
    fn quiet_input_bounds_the_voice_and_loud_input_does_not() {
        assert!((one(-68.0, -63.0, 0.0) + 5.9).abs() < 0.1, "5 dB too loud");
        assert_eq!(one(-68.0, -75.0, 0.0), 0.0, "already quieter");
        assert_eq!(one(-30.0, -20.0, 0.0), 0.0, "not quiet");
        let between = one(-51.0, -41.0, 0.0);
        assert!((-6.0..-4.0).contains(&between), "{between}");
    }

    #[test]
    fn clipped_input_lifts_the_voice_to_its_level() {
        assert!((one(-10.0, -17.0, 1.0) - 7.0).abs() < 0.1);
        assert_eq!(one(-10.0, -17.0, 0.0), 0.0, "not clipped");
        assert_eq!(one(-10.0, -9.0, 1.0), 0.0, "loud enough");
        assert!(one(-10.0, -90.0, 1.0) < 18.1, "bounded");
    }

    #[test]
    fn silent_input_silences_the_voice_and_gains_of_1_change_nothing() {
        let mut found = Vec::new();
        gains(&[0.0; 3], &[0.1; 3], 0.0, (0.0, 0.0), &mut found);
        assert_eq!(found, [0.0; 3]);
        let mut samples = [0.1, -0.7, 1e-30];
        apply(&mut samples, &[1.0; 3]);
        assert_eq!(samples, [0.1, -0.7, 1e-30]);
    }
}
