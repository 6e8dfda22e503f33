//! The pitch of a voice, by autocorrelation: independent of the plugin's trackers.

/// Length of a window in seconds.
const WINDOW_S: f64 = 0.04;
/// Least correlation with itself one period later that counts as voiced.
const LEAST: f64 = 0.6;

/// The median pitch of the voiced windows, from 100 to 500 Hz; `None` where fewer than ten are voiced.
#[must_use]
pub fn median_pitch_hz(signal: &[f32], rate_hz: f64) -> Option<f64> {
    let window = (WINDOW_S * rate_hz) as usize;
    let (shortest, longest) = ((rate_hz / 500.0) as usize, (rate_hz / 100.0) as usize);
    let mut pitches: Vec<f64> = (0..signal.len().saturating_sub(window + longest))
        .step_by(window / 4)
        .filter_map(|start| {
            let likeness: Vec<f64> = (shortest..=longest)
                .map(|lag| {
                    likeness(
                        &signal[start..start + window],
                        &signal[start + lag..start + lag + window],
                    )
                })
                .collect();
            let best = likeness.iter().copied().fold(0.0, f64::max);
            // The first peak near the best one: later ones are multiples of the period.
            let is_peak = |n: usize| likeness[n] >= likeness[n - 1] && likeness[n] >= likeness[n + 1];
            let near = |n: &usize| likeness[*n] > 0.85 * best && is_peak(*n);
            let first = (1..likeness.len() - 1).find(near)?;
            (best > LEAST).then(|| rate_hz / (shortest + first) as f64)
        })
        .collect();
    pitches.sort_by(f64::total_cmp);
    (pitches.len() >= 10).then(|| pitches[pitches.len() / 2])
}

/// Normalised correlation; 0 for silence.
fn likeness(a: &[f32], b: &[f32]) -> f64 {
    let sum = |x: &[f32], y: &[f32]| -> f64 { x.iter().zip(y).map(|(x, y)| f64::from(x * y)).sum() };
    let power = (sum(a, a) * sum(b, b)).sqrt();
    if power > 1e-6 { sum(a, b) / power } else { 0.0 }
}
