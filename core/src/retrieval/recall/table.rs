//! What a measured table says.

use crate::retrieval::sidecar::{RecallPoint, RecallTable};

/// Recall that is good enough for "auto".
pub const GOOD_RECALL: f32 = 0.95;

impl RecallTable {
    /// Recall where so many lists are visited: that of the nearest smaller number
    /// that was measured.
    #[must_use]
    pub fn at(&self, n_probe: usize) -> Option<f32> {
        let mut measured = self.points.iter().filter(|point| point.n_probe <= n_probe);
        measured.next_back().map(|point| point.recall)
    }

    /// The smallest number of probes that finds [`GOOD_RECALL`] and takes at most
    /// `us_allowed` a frame; where none does, the best that time allows; 1 if the
    /// table is empty.
    #[must_use]
    pub fn auto_probes(&self, us_allowed: f32) -> usize {
        let in_time = |point: &&RecallPoint| point.us_per_frame <= us_allowed;
        let good = |point: &&RecallPoint| point.recall >= GOOD_RECALL;
        let first = self.points.iter().filter(in_time).find(good);
        let best = || {
            self.points
                .iter()
                .filter(in_time)
                .max_by(|a, b| a.recall.total_cmp(&b.recall))
        };
        first.or_else(best).map_or(1, |point| point.n_probe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(n_probe: usize, recall: f32, us_per_frame: f32) -> RecallPoint {
        RecallPoint {
            n_probe,
            recall,
            us_per_frame,
        }
    }

    #[test]
    fn auto_is_the_smallest_that_is_good_enough_and_in_time() {
        let table = RecallTable {
            points: vec![
                point(1, 0.69, 20.0),
                point(2, 0.8, 30.0),
                point(4, 0.9, 45.0),
                point(8, 0.974, 80.0),
                point(16, 0.995, 150.0),
            ],
            ..RecallTable::default()
        };
        assert_eq!(table.auto_probes(1000.0), 8);
        assert_eq!(table.auto_probes(f32::INFINITY), 8);
        assert_eq!(
            [1, 7, 64].map(|n| table.at(n)),
            [Some(0.69), Some(0.9), Some(0.995)]
        );
        assert_eq!(RecallTable::default().at(1), None);
        assert_eq!(table.auto_probes(50.0), 4);
        assert_eq!(table.auto_probes(1.0), 1);
        assert_eq!(RecallTable::default().auto_probes(1.0), 1);
    }
}
