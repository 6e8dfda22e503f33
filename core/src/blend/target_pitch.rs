//! The pitch at which the targets speak.

use super::{Target, morph};
use crate::controls::Morph;

/// The median pitch of the targets in Hz: the mean of their semitones by the morph's weights; targets whose pitch is not known
/// do not count. `None` where none is known.
#[must_use]
pub fn target_pitch_hz(targets: &[Target], settings: &Morph) -> Option<f32> {
    let weights = morph::weights(settings, targets.len());
    let known = targets.iter().zip(weights);
    let known = known.filter_map(|(target, weight)| Some((target.f0_median_hz?, weight)));
    let (sum, total) = known.fold((0.0, 0.0), |(sum, total), (hz, weight)| {
        (sum + weight * hz.log2(), total + weight)
    });
    (total > 0.0).then(|| (sum / total).exp2())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::Frames;
    use crate::retrieval::{FlatIndex, Metric};
    use std::sync::Arc;

    fn target(f0_median_hz: Option<f32>) -> Target {
        let vectors = Frames::from_data(1, vec![0.0]);
        Target::new("target", Arc::new(FlatIndex::new(vectors, Metric::L2))).with_f0_median(f0_median_hz)
    }

    #[test]
    fn the_pitch_of_two_targets_is_their_mean_in_semitones_by_weight() {
        let targets = [target(Some(100.0)), target(Some(200.0)), target(None)];
        for (weights, expected) in [
            ([1.0, 0.0, 0.0], Some(100.0)),
            ([1.0, 1.0, 0.0], Some(141.421_36)),
            ([0.0, 1.0, 9.0], Some(200.0)),
            ([0.0, 0.0, 1.0], None),
        ] {
            let mut morph = Morph::default();
            morph.weights[..3].copy_from_slice(&weights);
            let found = target_pitch_hz(&targets, &morph);
            let close = |hz: f32| expected.is_some_and(|expected: f32| (hz / expected - 1.0).abs() < 1e-5);
            assert!(found.map_or(expected.is_none(), close), "{weights:?}: {found:?}");
        }
        assert_eq!(target_pitch_hz(&[], &Morph::default()), None);
    }

    #[test]
    fn a_median_that_is_no_pitch_counts_as_unknown() {
        for hz in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert_eq!(target(Some(hz)).f0_median_hz, None);
        }
    }
}
