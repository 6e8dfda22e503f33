//! Passes the results of hops to the ladder and to the status.

use super::Worker;
use crate::model::Voice;
use crate::quality::Quality;
use crate::status::TargetInfo;
use crate::worker::ladder::HopCost;
use crate::worker::report::HopReport;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

impl Worker {
    /// Publishes names of targets and recordings, and the number of speakers, for the editor.
    pub(super) fn publish_targets(&self, voice: &Voice) {
        let info = voice.targets.iter().map(|target| TargetInfo {
            name: target.name.clone(),
            sources: target.sources.iter().map(|source| source.name.clone()).collect(),
            recall: target.recall.clone(),
        });
        *self.status.targets.lock() = info.collect();
        let speakers = u32::try_from(voice.synthesizer.speakers()).unwrap_or(u32::MAX);
        self.status.speakers.store(speakers, Relaxed);
    }

    /// Publishes whether the thread has real-time priority.
    pub(in crate::worker) fn publish_priority(&self, sentence: &str) {
        tracing::info!("real-time priority: {sentence}");
        sentence.clone_into(&mut self.status.priority.lock());
    }

    /// Reports the cost of a hop to the ladder and publishes the quality.
    pub(super) fn update_quality(&mut self, report: &HopReport, spent: Duration, swapped: bool) {
        let Some(streaming) = &mut self.streaming else {
            return;
        };
        let ladder = &mut streaming.ladder;
        if ladder.quality() != Quality::Full {
            self.status.reduced_hops.fetch_add(1, Relaxed);
        }
        // During a swap a hop costs as much as two voices, and offline there is no
        // deadline.
        // Hops in silence take no time, and do not show how much time a voice takes.
        if !swapped && !report.rests && !streaming.server.offline() {
            let cost = HopCost {
                spent,
                search: report.times.search,
                requested: report.requested_search,
            };
            if ladder.hop_computed(cost) {
                self.status.quality_steps.fetch_add(1, Relaxed);
                // Not at info level: an overloaded machine would log a line every few hops.
                tracing::debug!("quality reduced to {}", ladder.quality().label());
            }
        }
        self.status.quality.store(ladder.quality().step(), Relaxed);
    }

    /// Adds a note about a target whose index was probably made with another encoder. Nothing
    /// else follows from it.
    fn note_other_encoder(&self, target: usize) {
        let targets = self.active.as_ref().map(|chain| &chain.voice().targets);
        let Some(target) = targets.and_then(|targets| targets.get(target)) else {
            return;
        };
        let note = format!(
            "the index \"{}\" seems to be made with another encoder of the same width: this speech is not nearer to \
             any of its vectors than to others. Choose the encoder that it was made with, or build it again with this one",
            target.name
        );
        let mut notes = self.status.notes.lock();
        if !notes.contains(&note) {
            tracing::warn!("{note}");
            notes.push(note);
        }
    }

    /// Publishes the times and results of a hop.
    pub(super) fn publish_report(&mut self, report: &HopReport, spent: Duration, hop_ms: u32) {
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
        status.speaker_f0_hz.store(report.speaker_f0_hz.unwrap_or(0.0));
        status.target_f0_hz.store(report.target_f0_hz.unwrap_or(0.0));
        if let Some(distance) = report.neighbour_distance {
            status.neighbour_distance.store(distance);
        }
        if let Some(error) = &report.search_error {
            *status.message.lock() = Some(error.to_string());
        }
        if let Some(target) = report.other_encoder {
            self.note_other_encoder(target);
        }
        if let Some(observer) = &mut self.observer {
            observer(report, spent);
        }
    }
}
