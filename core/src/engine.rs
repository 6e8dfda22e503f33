//! One plugin instance's engine: ties stream, worker and loader together.

use crate::builder::{Fulfilled, IndexBuilder, IndexWish, IndexWork, Instance};
use crate::geometry::{Geometry, Hop};
use crate::loader::{LoaderCommand, LoaderThread};
use crate::model::Voice;
use crate::quality::Quality;
use crate::rt::{AudioSide, Meters};
use crate::selection::VoiceSelection;
use crate::status::{EngineStatus, StatusCells, VoiceState};
use crate::stream::{StreamShared, stream_link};
use crate::worker::{HopObserver, Worker, WorkerClock, WorkerCommand, WorkerThread};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// How the host will call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamSetup {
    /// Sample rate.
    pub host_rate_hz: f64,
    /// Largest block.
    pub max_block: usize,
    /// 1 or 2.
    pub channels: usize,
    /// The engine's step.
    pub hop: Hop,
    /// The host says that it renders offline.
    pub offline: bool,
}

/// An engine that could not start.
#[derive(Debug, thiserror::Error)]
pub enum ActivateError {
    /// The system starts no more threads.
    #[error("the worker thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// A bounce with a hole must not look like one without.
const GAVE_UP: &str = "the voice did not answer for 5 seconds while the host was rendering: the render has gaps; render it again";

/// Parts that outlive activations.
struct Threads {
    _worker: WorkerThread,
    _loader: LoaderThread,
}

/// What all handles share.
struct Shared {
    status: Arc<StatusCells>,
    meters: Mutex<Arc<Meters>>,
    stream: Mutex<Option<Arc<StreamShared>>>,
    selection: Mutex<VoiceSelection>,
    load: Sender<LoaderCommand>,
    worker: Sender<WorkerCommand>,
    builder: IndexBuilder,
}

/// One per plugin instance. Making one is cheap: no thread, no file.
pub struct Engine {
    shared: Arc<Shared>,
    requests: Receiver<LoaderCommand>,
    threads: Option<Threads>,
    /// Commands to the worker from before its thread runs.
    commands: (Sender<WorkerCommand>, Receiver<WorkerCommand>),
    observer: Option<HopObserver>,
    clock: Option<WorkerClock>,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// At rest, without a voice.
    #[must_use]
    pub fn new() -> Self {
        let (load, requests) = unbounded();
        let commands = unbounded();
        Self {
            shared: Arc::new(Shared {
                status: Arc::default(),
                meters: Mutex::default(),
                stream: Mutex::new(None),
                selection: Mutex::new(VoiceSelection::nothing()),
                load,
                worker: commands.0.clone(),
                builder: IndexBuilder::default(),
            }),
            requests,
            threads: None,
            commands,
            observer: None,
            clock: None,
        }
    }

    /// Reports every hop; to be set before the first activation.
    pub fn observe_hops(&mut self, observer: HopObserver) {
        self.observer = Some(observer);
    }

    /// Measures hops by `clock` instead of the machine's, for tests of what
    /// happens where time is short; to be set before the first activation.
    pub fn use_clock(&mut self, clock: WorkerClock) {
        self.clock = Some(clock);
    }

    /// Starts streaming; the voice of an earlier activation goes on. At a rate
    /// that the engine does not run at, the audio side treats everything as
    /// not ready, and the status says why. Main thread.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn activate(&mut self, setup: StreamSetup) -> Result<AudioSide, ActivateError> {
        self.deactivate();
        let meters = Arc::new(Meters::default());
        *self.shared.meters.lock() = meters.clone();
        let status = &self.shared.status;
        status.hop_ms.store(setup.hop.ms(), Relaxed);
        let geometry = match Geometry::new(setup.host_rate_hz, setup.hop, setup.max_block) {
            Ok(geometry) => geometry,
            Err(error) => {
                tracing::warn!("activated without sound: {error}");
                *status.message.lock() = Some(error.to_string());
                status.host_rate_hz.store(0, Relaxed);
                status.latency_samples.store(0, Relaxed);
                return Ok(AudioSide::new(None, setup.host_rate_hz, setup.channels, meters));
            }
        };
        self.start_threads()?;
        let status = &self.shared.status;
        let (client, server) = stream_link(&geometry);
        *self.shared.stream.lock() = Some(server.shared().clone());
        status.host_rate_hz.store(geometry.host_rate.0, Relaxed);
        let mut audio = AudioSide::new(
            Some((client, &geometry)),
            setup.host_rate_hz,
            setup.channels,
            meters,
        );
        audio.set_offline(setup.offline);
        status.latency_samples.store(audio.latency_samples(), Relaxed);
        tracing::info!(
            "activated: {} Hz, {} channels, hop {} ms, blocks of up to {}, latency {} samples, {}",
            geometry.host_rate.0,
            setup.channels,
            setup.hop.ms(),
            setup.max_block,
            audio.latency_samples(),
            if setup.offline { "offline" } else { "live" },
        );
        let _ = self
            .commands
            .0
            .send(WorkerCommand::Start(Box::new(server), geometry));
        Ok(audio)
    }

    /// Stops streaming; threads and voice stay. Main thread.
    pub fn deactivate(&mut self) {
        let stream = self.shared.stream.lock().take();
        if let Some(stream) = stream
            && self.threads.is_some()
        {
            let (done, wait) = bounded(1);
            let _ = self.commands.0.send(WorkerCommand::Stop(done));
            let stopped = wait.recv_timeout(Duration::from_secs(5));
            // Counted by the audio thread, which logs nothing itself.
            let (xruns, missing) = (stream.xruns.load(Relaxed), stream.missing_samples.load(Relaxed));
            tracing::info!("deactivated: {xruns} xruns, {missing} samples missing");
            if stopped.is_err() {
                tracing::error!("the worker did not stop within 5 seconds");
            }
        }
    }

    /// For the editor and the saved state.
    #[must_use]
    pub fn handle(&self) -> EngineHandle {
        EngineHandle {
            shared: self.shared.clone(),
        }
    }

    /// Puts a voice in by hand, without the loader: for tests and benches.
    pub fn use_voice(&self, voice: Voice) {
        let _ = self.commands.0.send(WorkerCommand::Swap(Box::new(voice)));
    }

    fn start_threads(&mut self) -> Result<(), ActivateError> {
        if self.threads.is_some() {
            return Ok(());
        }
        let shared = Arc::downgrade(&self.shared);
        let reload = Box::new(move || {
            if let Some(shared) = shared.upgrade() {
                let selection = shared.selection.lock().clone();
                // A voice that was put in by hand is not in any file: asking
                // for "nothing" would hide that it has failed.
                if !selection.is_nothing() {
                    shared.ask(selection);
                }
            }
        });
        let mut worker = Worker::new(self.commands.1.clone(), self.shared.status.clone(), reload);
        if let Some(observer) = self.observer.take() {
            worker.observe(observer);
        }
        if let Some(clock) = self.clock.take() {
            worker.use_clock(clock);
        }
        let commands = self.commands.0.clone();
        let worker = WorkerThread::spawn(worker, commands.clone())?;
        let requests = (self.shared.load.clone(), self.requests.clone());
        let loader = LoaderThread::spawn(requests, commands, self.shared.status.clone())?;
        self.threads = Some(Threads {
            _worker: worker,
            _loader: loader,
        });
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Handles may live on, but no thread of ours may outlive the library.
        self.shared.builder.close();
        self.deactivate();
    }
}

impl Shared {
    fn ask(&self, selection: VoiceSelection) {
        self.status.loads.ask();
        let _ = self.load.send(LoaderCommand::Load(Box::new(selection)));
    }

    /// An index was made for the voice `of`: it is loaded where that voice is still chosen.
    fn take_index(&self, of: &VoiceSelection, made: Fulfilled) {
        let mut current = self.selection.lock();
        let same_voice = (&current.pack, &current.encoder, &current.synthesizer)
            == (&of.pack, &of.encoder, &of.synthesizer);
        let said = if same_voice {
            let selection = VoiceSelection {
                takes: current.takes.clone(),
                ..made.selection
            };
            current.clone_from(&selection);
            drop(current);
            // Also where it is the same file as before: it has changed.
            self.ask(selection);
            made.said
        } else {
            format!(
                "{}; another voice was chosen meanwhile, so it is not loaded",
                made.said
            )
        };
        self.builder.tell(IndexWork::Done { said });
    }
}

/// A way to an engine from any thread but the audio thread.
#[derive(Clone)]
pub struct EngineHandle {
    shared: Arc<Shared>,
}

impl EngineHandle {
    /// Asks for a voice. Returns at once; the loader does the work as soon as
    /// the engine has been activated. The same selection again does nothing,
    /// unless it failed.
    pub fn load(&self, selection: VoiceSelection) {
        let mut current = self.shared.selection.lock();
        let failed = matches!(*self.shared.status.voice.lock(), VoiceState::Failed { .. });
        let same_files = current.same_files(&selection) && !failed && !selection.is_nothing();
        if current.takes != selection.takes {
            let _ = self
                .shared
                .worker
                .send(WorkerCommand::WeighTakes(selection.takes.clone()));
        }
        current.clone_from(&selection);
        drop(current);
        if same_files {
            return;
        }
        self.shared.ask(selection);
    }

    /// Makes an index in the background, and loads it; [`EngineStatus::index_work`]
    /// tells how it goes. While one is being made, nothing happens.
    pub fn make_index(&self, wish: IndexWish) {
        let of = self.selection();
        let instance = Instance {
            selection: of.clone(),
            encoder: self.shared.status.encoder.lock().clone(),
            worker: self.shared.worker.clone(),
        };
        let shared = Arc::downgrade(&self.shared);
        self.shared.builder.start(wish, instance, move |outcome| {
            let Some(shared) = shared.upgrade() else { return };
            match outcome {
                Ok(made) => shared.take_index(&of, made),
                Err(error) => shared.builder.tell(IndexWork::Failed {
                    why: error.to_string(),
                }),
            }
        });
    }

    /// Ends the making of an index; the same wish goes on from there.
    pub fn stop_making_index(&self) {
        self.shared.builder.stop();
    }

    /// What was asked for last.
    #[must_use]
    pub fn selection(&self) -> VoiceSelection {
        self.shared.selection.lock().clone()
    }

    /// How things are.
    #[must_use]
    pub fn status(&self) -> EngineStatus {
        let cells = &self.shared.status;
        let stream = self.shared.stream.lock().clone();
        let (xruns, missing_samples, given_up) = stream.map_or((0, 0, 0), |stream| {
            (
                stream.xruns.load(Relaxed),
                stream.missing_samples.load(Relaxed),
                stream.waits_given_up.load(Relaxed),
            )
        });
        let (input_peak, output_peak) = self.shared.meters.lock().take();
        EngineStatus {
            voice: cells.voice.lock().clone(),
            message: cells
                .message
                .lock()
                .clone()
                .or_else(|| (given_up > 0).then(|| GAVE_UP.to_string())),
            notes: cells.notes.lock().clone(),
            latency_samples: cells.latency_samples.load(Relaxed),
            host_rate_hz: cells.host_rate_hz.load(Relaxed),
            hop_ms: cells.hop_ms.load(Relaxed),
            real_time_factor: cells.real_time_factor.load(),
            xruns,
            missing_samples,
            failed_hops: cells.failed_hops.load(Relaxed),
            hops: cells.hops.load(Relaxed),
            draws_own_noise: cells.draws_own_noise.load(Relaxed),
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
            targets: cells.targets.lock().clone(),
            index_work: self.shared.builder.work(),
            input_peak,
            output_peak,
        }
    }
}
