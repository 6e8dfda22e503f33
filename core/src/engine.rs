//! The engine of one plugin instance: connects stream, worker and loader.

mod handle;
mod shared;
mod streams;

pub use handle::EngineHandle;
pub use streams::RestartError;

use crate::builder::IndexBuilder;
use crate::geometry::{Geometry, Hop};
use crate::loader::{LoaderCommand, LoaderThread, load_voice_as};
use crate::model::Voice;
use crate::rt::{AudioSide, Meters};
use crate::selection::VoiceSelection;
use crate::worker::{HopObserver, Worker, WorkerClock, WorkerCommand, WorkerThread};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use parking_lot::Mutex;
use shared::Shared;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// The host's settings for a stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamSetup {
    /// Sample rate.
    pub host_rate_hz: f64,
    /// Largest block.
    pub max_block: usize,
    /// Latency added as a margin for a late worker.
    pub safety_ms: u32,
    /// Noise is suppressed before the encoder, which adds 20 ms of latency.
    pub suppress_noise: bool,
    /// 1 or 2.
    pub channels: usize,
    /// Hop length.
    pub hop: Hop,
    /// The host announced an offline render.
    pub offline: bool,
}

/// An engine that could not start.
#[derive(Debug, thiserror::Error)]
pub enum ActivateError {
    /// The system could not start a thread.
    #[error("the worker thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// Threads that are kept across activations.
struct Threads {
    _worker: WorkerThread,
    _loader: LoaderThread,
}

/// One per plugin instance. Construction is cheap: no thread, no file.
pub struct Engine {
    shared: Arc<Shared>,
    requests: Receiver<LoaderCommand>,
    threads: Option<Threads>,
    /// Commands to the worker from before its thread runs.
    commands: (Sender<WorkerCommand>, Receiver<WorkerCommand>),
    observer: Option<HopObserver>,
    clock: Option<WorkerClock>,
    runs_in_silence: bool,
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// Inactive, without a voice.
    #[must_use]
    pub fn new() -> Self {
        let (load, requests) = unbounded();
        let commands = unbounded();
        Self {
            shared: Arc::new(Shared {
                control: Arc::default(),
                status: Arc::default(),
                meters: Mutex::default(),
                stream: Mutex::new(None),
                starting: Mutex::new(()),
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
            runs_in_silence: false,
        }
    }

    /// Reports every hop to `observer`; call before the first activation.
    pub fn observe_hops(&mut self, observer: HopObserver) {
        self.observer = Some(observer);
    }

    /// Measures hops by `clock` instead of the machine's clock, for tests of overload; call
    /// before the first activation.
    pub fn use_clock(&mut self, clock: WorkerClock) {
        self.clock = Some(clock);
    }

    /// Runs the models on silence too, so that tests can compare; call before the first activation.
    pub fn run_in_silence(&mut self) {
        self.runs_in_silence = true;
    }

    /// Starts streaming; the voice of an earlier activation is kept. At an unsupported rate
    /// all output counts as not ready, and the status has the reason. Main thread.
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
            Ok(geometry) => geometry
                .with_safety_ms(setup.safety_ms)
                .with_noise_suppression(setup.suppress_noise)
                .with_voice_delay_us(self.shared.control.voice_delay_us.load(Relaxed)),
            Err(error) => {
                tracing::warn!("activated, but silent: {error}");
                *status.message.lock() = Some(error.to_string());
                status.host_rate_hz.store(0, Relaxed);
                status.latency_samples.store(0, Relaxed);
                return Ok(AudioSide::new(None, setup.host_rate_hz, setup.channels, meters));
            }
        };
        *self.shared.control.stream.lock() = Some(geometry.clone());
        self.start_threads()?;
        let _starting = self.shared.starting.lock();
        Ok(self.shared.start_stream(&setup, geometry))
    }

    /// Stops streaming; threads and voice are kept. Main thread.
    pub fn deactivate(&mut self) {
        let _starting = self.shared.starting.lock();
        let stream = self.shared.stream.lock().take();
        if let Some(stream) = stream
            && self.threads.is_some()
        {
            let (done, wait) = bounded(1);
            let _ = self.commands.0.send(WorkerCommand::Stop(done));
            let stopped = wait.recv_timeout(Duration::from_secs(5));
            // Logged here because the audio thread only counts.
            let (xruns, missing) = (stream.xruns.load(Relaxed), stream.missing_samples.load(Relaxed));
            tracing::info!("deactivated: {xruns} xruns, {missing} samples missing");
            if stopped.is_err() {
                tracing::error!("the worker did not stop within 5 seconds");
            }
        }
    }

    /// A handle for the editor and the saved state.
    #[must_use]
    pub fn handle(&self) -> EngineHandle {
        EngineHandle {
            shared: self.shared.clone(),
        }
    }

    /// Sets a voice directly, without the loader: for tests and benches.
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
                // A voice set by `use_voice` cannot be reloaded: requesting the empty
                // selection would hide its failure.
                if !selection.is_nothing() {
                    shared.request_load(selection);
                }
            }
        });
        let (control, status) = (&self.shared.control, &self.shared.status);
        let mut worker = Worker::new(self.commands.1.clone(), control.clone(), status.clone(), reload);
        if let Some(observer) = self.observer.take() {
            worker.observe(observer);
        }
        if let Some(clock) = self.clock.take() {
            worker.use_clock(clock);
        }
        if self.runs_in_silence {
            worker.run_in_silence();
        }
        // Bounded, so that swaps in quick succession do not pile up voices: then the worker frees them.
        let (discard, discarded) = bounded(1);
        worker.discard_by(Box::new(move |voice| drop(discard.try_send(voice))));
        let commands = self.commands.0.clone();
        let worker = WorkerThread::spawn(worker, commands.clone())?;
        let requests = (self.shared.load.clone(), self.requests.clone());
        let of_loader = self.shared.control.clone();
        let load = Box::new(
            move |selection: &VoiceSelection, progress: &mut dyn FnMut(f32, &str)| {
                load_voice_as(selection, of_loader.eight_bits.load(Relaxed), progress)
            },
        );
        let (control, status) = (control.clone(), status.clone());
        let loader = LoaderThread::spawn(requests, discarded, commands, control, status, load)?;
        self.threads = Some(Threads {
            _worker: worker,
            _loader: loader,
        });
        Ok(())
    }
}

/// A rate for display.
fn rounded(rate_hz: f64) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates; a supported rate"
    )]
    let rate_hz = rate_hz.round() as u32;
    rate_hz
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Handles may outlive the engine, but its threads must not outlive the library.
        self.shared.builder.close();
        self.deactivate();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rt::BlockControls;

    #[test]
    fn status_keeps_the_peaks_and_take_peaks_returns_them_once() {
        let mut engine = Engine::new();
        let setup = StreamSetup {
            safety_ms: 0,
            suppress_noise: false,
            host_rate_hz: 48_000.0,
            max_block: 64,
            channels: 1,
            hop: Hop::Ms20,
            offline: false,
        };
        let mut audio = engine.activate(setup).expect("threads");
        audio.process(&mut [&mut [0.5; 64]], &BlockControls::default());
        let handle = engine.handle();
        assert_eq!(handle.status(), handle.status());
        assert_eq!(
            handle.take_peaks(),
            (0.5, 0.0),
            "peak of the input, none of the output"
        );
        assert_eq!(handle.take_peaks(), (0.0, 0.0));
    }
}
