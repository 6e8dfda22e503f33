//! One turn of the worker: commands, then at most one hop.

mod attempt;
mod hop;
mod publish;
mod recovery;
mod streaming;

use super::context::{ControlTrack, InputStage};
use super::ladder::Ladder;
use super::pipeline::Chain;
use super::recent::RecentInput;
use super::report::HopReport;
use crate::control_state::{ControlState, VoiceState};
use crate::geometry::Geometry;
use crate::model::Voice;
use crate::panics::caught;
use crate::quality::Quality;
use crate::selection::TakeTable;
use crate::status::StatusCells;
use crate::stream::StreamServer;
use attempt::Interrupted;
use crossbeam_channel::{Receiver, Sender};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use streaming::Streaming;

/// A command from another thread to the worker.
pub enum WorkerCommand {
    /// Serve this stream from here on.
    Start(Box<StreamServer>, Geometry),
    /// Drop the stream; answer when that is done.
    Stop(Sender<()>),
    /// Use this (checked) voice; cross-fade from the current one.
    Swap(Box<Voice>),
    /// Set the weights of the targets' recordings.
    SetTakeWeights(TakeTable),
    /// Send a copy of the newest input (up to [`super::RECENT_S`] seconds at 16 kHz).
    CopyRecent(Sender<Vec<f32>>),
    /// Drop the voice.
    Unload,
    /// End the thread.
    Quit,
}

/// What to do after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// There may be more to do.
    Again,
    /// Nothing to do; wait for this long, or for a command.
    Wait(Duration),
    /// The thread is to end.
    Quit,
}

/// Called with every hop's report and compute time; for benches and reports.
pub type HopObserver = Box<dyn FnMut(&HopReport, Duration) + Send>;

/// The time since some fixed moment; a test may pass another clock.
pub type WorkerClock = Box<dyn Fn() -> Duration + Send>;

/// The worker without its thread.
pub struct Worker {
    commands: Receiver<WorkerCommand>,
    control: Arc<ControlState>,
    status: Arc<StatusCells>,
    /// Requests the loader to load the same voice again.
    request_reload: Box<dyn Fn() + Send>,
    /// Frees a voice elsewhere: that can take longer than a hop.
    discard: Box<dyn Fn(Box<Voice>) + Send>,
    observer: Option<HopObserver>,
    clock: WorkerClock,
    /// The models run on silence too.
    runs_in_silence: bool,
    streaming: Option<Streaming>,
    recent: RecentInput,
    /// The voice while no stream runs.
    idle_voice: Option<Voice>,
    active: Option<Chain>,
    incoming: Option<Chain>,
    /// A voice whose delay does not fit into this stream: the host is asked for another.
    waiting: Option<Voice>,
    /// Hops since the last failure; limits how often a failed voice is restarted.
    good_hops: u32,
    restarted: bool,
    /// Weights of recordings, also for later voices.
    takes: TakeTable,
    /// Since when an offline render has been waiting for a load.
    loading_since: Option<Instant>,
}

/// Longest time that an offline render waits for a voice to load.
const LOADING_TIMEOUT: Duration = Duration::from_secs(45);
/// Pause without a stream; commands end it.
const PAUSE_WITHOUT_STREAM: Duration = Duration::from_millis(200);

impl Worker {
    /// Without stream and voice.
    pub fn new(
        commands: Receiver<WorkerCommand>,
        control: Arc<ControlState>,
        status: Arc<StatusCells>,
        request_reload: Box<dyn Fn() + Send>,
    ) -> Self {
        let began = Instant::now();
        Self {
            commands,
            control,
            status,
            request_reload,
            discard: Box::new(drop),
            observer: None,
            clock: Box::new(move || began.elapsed()),
            runs_in_silence: false,
            streaming: None,
            recent: RecentInput::default(),
            idle_voice: None,
            active: None,
            incoming: None,
            waiting: None,
            good_hops: 0,
            restarted: false,
            takes: TakeTable::new(),
            loading_since: None,
        }
    }

    /// Reports every hop to `observer`.
    pub fn observe(&mut self, observer: HopObserver) {
        self.observer = Some(observer);
    }

    /// Gives replaced voices to `discard` instead of freeing them on the worker's thread.
    pub fn discard_by(&mut self, discard: Box<dyn Fn(Box<Voice>) + Send>) {
        self.discard = discard;
    }

    /// Measures hops by `clock`; quality depends on these times.
    pub fn use_clock(&mut self, clock: WorkerClock) {
        self.clock = clock;
    }

    /// Runs the models on silence too.
    pub fn run_in_silence(&mut self) {
        self.runs_in_silence = true;
    }

    /// The channel of commands; the thread waits on it.
    pub(super) fn commands(&self) -> &Receiver<WorkerCommand> {
        &self.commands
    }

    /// True while it serves a live stream.
    pub(super) fn is_live(&self) -> bool {
        self.streaming
            .as_ref()
            .is_some_and(|streaming| !streaming.server.offline())
    }

    /// One turn. A panic in it is reported, and the next turn works.
    pub fn step(&mut self) -> NextStep {
        caught(|| self.turn()).unwrap_or_else(|why| self.recover(Interrupted::Turn, &why))
    }

    fn turn(&mut self) -> NextStep {
        let control = self.control.clone();
        let mut next = NextStep::Again;
        // Before the flags below are read: what was set before this hop was pushed (offline, a load that a
        // render must wait for) then counts for it.
        let hop_is_ready = self
            .streaming
            .as_mut()
            .is_some_and(|streaming| streaming.server.has_hop());
        let mut executed = false;
        let loading = control.loads.receive_delivered(|| {
            while next != NextStep::Quit
                && let Ok(command) = self.commands.try_recv()
            {
                next = self.execute(command);
                executed = true;
            }
        });
        if next == NextStep::Quit {
            return next;
        }
        let Some(streaming) = &mut self.streaming else {
            return NextStep::Wait(PAUSE_WITHOUT_STREAM);
        };
        streaming.server.heartbeat();
        let offline = streaming.server.offline();
        if !loading {
            self.loading_since = None;
        } else if offline {
            let since = *self.loading_since.get_or_insert_with(Instant::now);
            if since.elapsed() < LOADING_TIMEOUT {
                return NextStep::Wait(streaming.server.pause());
            }
        }
        if executed {
            // The stream may be another one.
            return NextStep::Again;
        }
        if hop_is_ready {
            self.serve_hop()
        } else {
            NextStep::Wait(streaming.server.pause())
        }
    }

    /// Executes a command. A panic in it is reported, and the next command works.
    pub fn execute(&mut self, command: WorkerCommand) -> NextStep {
        let what = match command {
            WorkerCommand::Swap(_) => Interrupted::Swap,
            _ => Interrupted::Turn,
        };
        caught(|| self.perform(command)).unwrap_or_else(|why| {
            self.recover(what, &why);
            NextStep::Again
        })
    }

    fn perform(&mut self, command: WorkerCommand) -> NextStep {
        match command {
            WorkerCommand::Start(server, geometry) => self.start(server, geometry),
            WorkerCommand::Stop(done) => {
                self.stop();
                let _ = done.try_send(());
            }
            WorkerCommand::Swap(voice) => {
                self.publish_targets(&voice);
                self.swap(*voice);
            }
            WorkerCommand::SetTakeWeights(takes) => self.set_take_weights(takes),
            WorkerCommand::CopyRecent(reply) => {
                // The receiver may be gone.
                let _ = reply.try_send(self.recent.to_vec());
            }
            WorkerCommand::Unload => {
                self.status.targets.lock().clear();
                *self.control.voice.lock() = VoiceState::NoVoice;
                // All are taken out before the first is dropped.
                let voices = (self.idle_voice.take(), self.active.take(), self.incoming.take());
                drop((voices, self.waiting.take()));
            }
            WorkerCommand::Quit => return NextStep::Quit,
        }
        NextStep::Again
    }

    fn start(&mut self, server: Box<StreamServer>, geometry: Geometry) {
        self.stop();
        // Geometry accepts only rates at which chunks are whole numbers of samples.
        let Ok(input) = InputStage::new(&geometry) else {
            return;
        };
        self.recent.prepare();
        let ladder = Ladder::new(Duration::from_millis(geometry.hop.budget_ms().into()));
        self.streaming = Some(Streaming {
            server,
            geometry,
            input,
            ladder,
            track: ControlTrack::default(),
            output_host: Vec::new(),
            incoming_host: Vec::new(),
        });
        let waiting = self.waiting.take();
        for voice in [self.idle_voice.take(), waiting].into_iter().flatten() {
            self.swap(voice);
        }
    }

    fn stop(&mut self) {
        self.streaming = None;
        self.status.quality.store(Quality::Full.step(), Relaxed);
        if let Some(chain) = self.incoming.take().or_else(|| self.active.take()) {
            self.idle_voice = Some(chain.into_voice());
        }
        self.active = None;
    }

    fn set_take_weights(&mut self, takes: TakeTable) {
        let chains = self.active.iter_mut().chain(&mut self.incoming);
        let voices = chains.map(Chain::voice_mut).chain(&mut self.idle_voice);
        for target in voices.flat_map(|voice| &mut voice.targets) {
            target.apply_take_weights(&takes);
        }
        self.takes = takes;
    }

    /// Keeps a voice until the host has started a stream with room for its delay; the present voice plays on.
    fn wait_for_room(&mut self, voice: Voice) {
        *self.control.voice.lock() = VoiceState::Loading {
            progress: 1.0,
            what: format!(
                "waiting for the host to allow for {} ms more latency",
                voice.delay_us().div_ceil(1_000)
            ),
        };
        self.control.voice_delay_us.fetch_max(voice.delay_us(), Relaxed);
        self.waiting = Some(voice);
    }

    fn swap(&mut self, mut voice: Voice) {
        for target in &mut voice.targets {
            target.apply_take_weights(&self.takes);
        }
        let name = voice.name.clone();
        if let Some(streaming) = &self.streaming {
            let (delay_us, room_ms) = (voice.delay_us(), streaming.geometry.voice_delay_ms);
            if streaming.geometry.rounded_voice_delay_ms(delay_us) > room_ms {
                self.wait_for_room(voice);
                return;
            }
        }
        self.waiting = None;
        self.status
            .draws_own_noise
            .store(!voice.is_reproducible(), Relaxed);
        let Some(streaming) = &self.streaming else {
            self.idle_voice = Some(voice);
            *self.control.voice.lock() = VoiceState::Ready { name };
            return;
        };
        match Chain::new(voice, &streaming.geometry) {
            Ok(mut chain) => {
                chain.restart();
                chain.run_in_silence(self.runs_in_silence);
                let slot = if self.active.is_some() {
                    &mut self.incoming
                } else {
                    &mut self.active
                };
                *slot = Some(chain);
                tracing::debug!("voice \"{name}\" is running");
                *self.control.voice.lock() = VoiceState::Ready { name };
            }
            Err((_, error)) => {
                let why = format!("{name} cannot run at this sample rate: {error}");
                tracing::warn!("{why}");
                *self.control.voice.lock() = VoiceState::Failed { why };
            }
        }
    }
}
