//! Access to the engine from any thread except the audio thread.

use super::shared::Shared;
use crate::builder::{IndexRequest, Instance};
use crate::control_state::VoiceState;
use crate::quality::Quality;
use crate::selection::VoiceSelection;
use crate::status::{EngineStatus, IndexWork};
use crate::worker::WorkerCommand;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Shown after an offline render in which waiting was abandoned: a render with gaps must
/// not look complete.
const RENDER_ABANDONED: &str = "the engine did not respond for 5 seconds during an offline render, so the render has gaps: render it again";

/// A handle to an engine for any thread except the audio thread.
#[derive(Clone)]
pub struct EngineHandle {
    pub(super) shared: Arc<Shared>,
}

impl EngineHandle {
    /// Requests a voice. Returns at once; the loader works as soon as the engine has been
    /// activated. Requesting the same selection again does nothing, unless it failed.
    pub fn load(&self, selection: VoiceSelection) {
        let mut current = self.shared.selection.lock();
        let failed = matches!(*self.shared.control.voice.lock(), VoiceState::Failed { .. })
            || self.shared.control.running.lock().last_was_refused();
        let same_files = {
            let files = self.shared.control.files.lock();
            files
                .complete(current.clone())
                .same_files(&files.complete(selection.clone()))
        } && !failed
            && !selection.is_nothing();
        if current.takes != selection.takes {
            let _ = self
                .shared
                .worker
                .send(WorkerCommand::SetTakeWeights(selection.takes.clone()));
        }
        current.clone_from(&selection);
        drop(current);
        if same_files {
            return;
        }
        self.shared.request_load(selection);
    }

    /// Loads RVC voices and encoders from their weights in 8 bits from now on, or in 32; loads the present voice again
    /// if that is a change. Any thread except the audio thread.
    pub fn set_eight_bits(&self, eight_bits: bool) {
        if self.shared.control.eight_bits.swap(eight_bits, Relaxed) == eight_bits {
            return;
        }
        let selection = self.shared.selection.lock().clone();
        if !selection.is_nothing() {
            self.shared.request_load(selection);
        }
    }

    /// Builds an index in the background and loads it; [`EngineStatus::index_work`] has the
    /// progress. Does nothing while another request runs.
    pub fn start_index_request(&self, request: IndexRequest) {
        let requested_for = self.selection();
        let instance = Instance {
            selection: requested_for.clone(),
            encoder: self.shared.control.encoder.lock().clone(),
            worker: self.shared.worker.clone(),
        };
        let shared = Arc::downgrade(&self.shared);
        self.shared.builder.start(request, instance, move |outcome| {
            let Some(shared) = shared.upgrade() else { return };
            match outcome {
                Ok(made) => shared.load_index(&requested_for, made),
                Err(error) => shared.builder.publish(IndexWork::Failed {
                    why: error.to_string(),
                }),
            }
        });
    }

    /// Stops building an index; the same request continues from there.
    pub fn cancel_index_request(&self) {
        self.shared.builder.stop();
    }

    /// The last requested selection; if that was rejected and another voice still runs, the selection of
    /// the running voice, so that no session is saved with a voice that cannot be loaded.
    /// Files have the paths at which they were found, and sizes and checksums as soon as the loader
    /// has read them.
    #[must_use]
    pub fn selection(&self) -> VoiceSelection {
        let running = self.shared.control.running.lock().clone();
        let selection = match running.instead_of_refused() {
            Some(running) => running.clone(),
            None => self.shared.selection.lock().clone(),
        };
        self.shared.control.files.lock().complete(selection)
    }

    /// The delay of the requested voice in microseconds; a stream has to be started with it.
    ///
    /// # Real-time
    /// An atomic load.
    #[must_use]
    pub fn voice_delay_us(&self) -> u32 {
        self.shared.control.voice_delay_us.load(Relaxed)
    }

    /// Only the state of the voice; see [`Self::status`].
    #[must_use]
    pub fn voice(&self) -> VoiceState {
        self.shared.control.voice.lock().clone()
    }

    /// Takes the (input, output) peaks since the last call, as amplitudes. For one reader
    /// only, the editor's meters: each call clears them.
    #[must_use]
    pub fn take_peaks(&self) -> (f32, f32) {
        self.shared.meters.lock().take()
    }

    /// A snapshot of the status. Changes nothing.
    #[must_use]
    pub fn status(&self) -> EngineStatus {
        let cells = &self.shared.status;
        let stream = self.shared.stream.lock().clone();
        let (xruns, missing_samples, abandoned_waits) = stream.map_or((0, 0, 0), |stream| {
            (
                stream.xruns.load(Relaxed),
                stream.missing_samples.load(Relaxed),
                stream.abandoned_waits.load(Relaxed),
            )
        });
        EngineStatus {
            voice: self.voice(),
            message: cells
                .message
                .lock()
                .clone()
                .or_else(|| (abandoned_waits > 0).then(|| RENDER_ABANDONED.to_string())),
            notes: cells.notes.lock().clone(),
            latency_samples: cells.latency_samples.load(Relaxed),
            host_rate_hz: cells.host_rate_hz.load(Relaxed),
            hop_ms: cells.hop_ms.load(Relaxed),
            real_time_factor: cells.real_time_factor.load(),
            priority: cells.priority.lock().clone(),
            xruns,
            missing_samples,
            failed_hops: cells.failed_hops.load(Relaxed),
            hops: cells.hops.load(Relaxed),
            draws_own_noise: cells.draws_own_noise.load(Relaxed),
            speakers: cells.speakers.load(Relaxed),
            quality: Quality::at_step(cells.quality.load(Relaxed)),
            quality_steps: cells.quality_steps.load(Relaxed),
            reduced_hops: cells.reduced_hops.load(Relaxed),
            search_us_per_frame: cells.search_us_per_frame.load(),
            short_searches: cells.short_searches.load(Relaxed),
            neighbour_distance: cells.neighbour_distance.load(),
            blend_ratio: cells.blend_ratio.load(),
            confidence: cells.confidence.load(),
            distance_rank: cells.distance_rank.load(),
            agreement: cells.agreement.load(),
            speaker_f0_hz: cells.speaker_f0_hz.load(),
            target_f0_hz: cells.target_f0_hz.load(),
            targets: cells.targets.lock().clone(),
            index_work: self.shared.builder.work(),
        }
    }
}
