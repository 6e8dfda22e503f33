//! What the worker tells the ladder and the user of its hops.

use super::Worker;
use crate::model::Voice;
use crate::quality::Quality;
use crate::status::TargetInfo;
use crate::worker::ladder::HopCost;
use crate::worker::report::HopReport;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

impl Worker {
    /// Names of targets and recordings, for the editor.
    pub(super) fn publish_targets(&self, voice: &Voice) {
        let info = voice.targets.iter().map(|target| TargetInfo {
            name: target.name.clone(),
            sources: target.sources.iter().map(|source| source.name.clone()).collect(),
            recall: target.recall.clone(),
        });
        *self.status.targets.lock() = info.collect();
    }

    /// Tells the ladder what a hop cost, and the user where it stands.
    pub(super) fn note_quality(&mut self, report: &HopReport, spent: Duration, swapped: bool) {
        let Some(streaming) = &mut self.streaming else {
            return;
        };
        let ladder = &mut streaming.ladder;
        if ladder.quality() != Quality::Full {
            self.status.reduced_hops.fetch_add(1, Relaxed);
        }
        // A hop of two voices says nothing about either; and where somebody
        // waits for the worker, nothing is short.
        if !swapped && !streaming.server.offline() {
            let cost = HopCost {
                spent,
                search: report.times.search,
                asked: report.asked,
            };
            if ladder.computed(cost) {
                self.status.quality_steps.fetch_add(1, Relaxed);
                // At info level an overloaded machine would write a line every few hops.
                tracing::debug!("quality reduced to {}", ladder.quality().words());
            }
        }
        self.status.quality.store(ladder.quality().step(), Relaxed);
    }

    /// Tells the user what a hop cost and found.
    pub(super) fn note(&mut self, report: &HopReport, spent: Duration, hop_ms: u32) {
        let status = &self.status;
        status.hops.fetch_add(1, Relaxed);
        #[expect(clippy::cast_precision_loss, reason = "a few frames")]
        let frames = report.new_frames.max(1) as f32;
        #[expect(clippy::cast_precision_loss, reason = "a hop of 20 to 240 ms")]
        let hop_s = hop_ms as f32 / 1000.0;
        status.real_time_factor.smooth(spent.as_secs_f32() / hop_s);
        status
            .search_us_per_frame
            .smooth(report.times.search.as_secs_f32() * 1e6 / frames);
        status.short_searches.fetch_add(report.short_searches, Relaxed);
        status.blend_ratio.store(report.blend_ratio);
        status.confidence.store(report.confidence);
        status.distance_rank.store(report.distance_rank);
        status.agreement.store(report.agreement);
        if let Some(distance) = report.neighbour_distance {
            status.neighbour_distance.store(distance);
        }
        if let Some(error) = &report.search_error {
            *status.message.lock() = Some(error.to_string());
        }
        if let Some(observer) = &mut self.observer {
            observer(report, spent);
        }
    }
}
