//! One turn of the worker: commands, then at most one hop.

mod attempt;
mod notes;

use super::context::{ControlTrack, InputStage};
use super::ladder::Ladder;
use super::pipeline::{Chain, HopReport};
use super::recent::Recent;
use crate::geometry::{FRAME_STEP_16K, Geometry};
use crate::model::Voice;
use crate::quality::Quality;
use crate::selection::TakeTable;
use crate::status::{StatusCells, VoiceState};
use crate::stream::{HopHeader, HopTold, StreamServer, Wet};
use attempt::{Failure, cross_fade, guarded};
use crossbeam_channel::{Receiver, Sender};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

/// What the other threads ask of the worker.
pub enum WorkerCommand {
    /// Serve this stream from now on.
    Start(Box<StreamServer>, Geometry),
    /// Let go of the stream; answer when that is done.
    Stop(Sender<()>),
    /// Use this (checked) voice; cross-fade from the one that sounds.
    Swap(Box<Voice>),
    /// Weigh the recordings of the targets so from now on.
    WeighTakes(TakeTable),
    /// Give a copy of the newest input ([`super::RECENT_S`] seconds at 16 kHz, or what
    /// there is).
    GiveRecent(Sender<Vec<f32>>),
    /// Use no voice.
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

/// What is heard of a report that every hop makes; for benches and reports.
pub type HopObserver = Box<dyn FnMut(&HopReport, Duration) + Send>;

/// The time since some moment; a test may tell another one.
pub type WorkerClock = Box<dyn Fn() -> Duration + Send>;

/// A hop's worth of state while a stream runs.
struct Streaming {
    server: Box<StreamServer>,
    geometry: Geometry,
    input: InputStage,
    track: ControlTrack,
    ladder: Ladder,
    output_host: Vec<f32>,
    incoming_host: Vec<f32>,
}

/// The worker without its thread.
pub struct Worker {
    commands: Receiver<WorkerCommand>,
    status: Arc<StatusCells>,
    /// Asks the loader to load the same voice again.
    ask_reload: Box<dyn Fn() + Send>,
    observer: Option<HopObserver>,
    clock: WorkerClock,
    streaming: Option<Streaming>,
    recent: Recent,
    /// The voice while no stream runs.
    idle_voice: Option<Voice>,
    active: Option<Chain>,
    incoming: Option<Chain>,
    /// One restart is allowed per so many good hops.
    good_hops: u32,
    restarted: bool,
    /// Weights of recordings, for the voices to come as well.
    takes: TakeTable,
}

/// Good hops after which a failed voice may be restarted once more (at least 10 s).
const FORGIVEN_AFTER_HOPS: u32 = 500;
/// How long an offline render waits for a voice that is being loaded.
const LOADING_PATIENCE: Duration = Duration::from_secs(45);
/// Pauses between looks at the ring: live, offline, and without a stream.
const POLL_LIVE: Duration = Duration::from_micros(500);
const POLL_OFFLINE: Duration = Duration::from_micros(50);
const POLL_IDLE: Duration = Duration::from_millis(200);

impl Worker {
    /// At rest, without stream and voice.
    pub fn new(
        commands: Receiver<WorkerCommand>,
        status: Arc<StatusCells>,
        ask_reload: Box<dyn Fn() + Send>,
    ) -> Self {
        let began = Instant::now();
        Self {
            commands,
            status,
            ask_reload,
            observer: None,
            clock: Box::new(move || began.elapsed()),
            streaming: None,
            recent: Recent::default(),
            idle_voice: None,
            active: None,
            incoming: None,
            good_hops: 0,
            restarted: false,
            takes: TakeTable::new(),
        }
    }

    /// Reports every hop to `observer`.
    pub fn observe(&mut self, observer: HopObserver) {
        self.observer = Some(observer);
    }

    /// Takes the time of hops from `clock`, by which quality is given up.
    pub fn use_clock(&mut self, clock: WorkerClock) {
        self.clock = clock;
    }

    /// The channel that commands come in by; the thread waits on it.
    pub(super) fn commands(&self) -> &Receiver<WorkerCommand> {
        &self.commands
    }

    /// One turn.
    pub fn step(&mut self) -> NextStep {
        let status = self.status.clone();
        let mut next = NextStep::Again;
        let loading = status.loads.take_in(|| {
            while next != NextStep::Quit
                && let Ok(command) = self.commands.try_recv()
            {
                next = self.obey(command);
            }
        });
        if next == NextStep::Quit {
            return next;
        }
        let Some(streaming) = &mut self.streaming else {
            return NextStep::Wait(POLL_IDLE);
        };
        streaming.server.live();
        let offline = streaming.server.offline();
        if !loading {
            *self.status.loading_since.lock() = None;
        }
        if loading && offline && self.loading_since().elapsed() < LOADING_PATIENCE {
            return NextStep::Wait(POLL_OFFLINE);
        }
        self.serve_hop(if offline { POLL_OFFLINE } else { POLL_LIVE })
    }

    /// Carries a command out.
    pub fn obey(&mut self, command: WorkerCommand) -> NextStep {
        match command {
            WorkerCommand::Start(server, geometry) => self.start(server, geometry),
            WorkerCommand::Stop(done) => {
                self.stop();
                let _ = done.try_send(());
            }
            WorkerCommand::Swap(voice) => {
                self.tell_targets(&voice);
                self.swap(*voice);
            }
            WorkerCommand::WeighTakes(takes) => self.weigh_takes(takes),
            WorkerCommand::GiveRecent(wanted) => {
                // Whoever asked may have given up.
                let _ = wanted.try_send(self.recent.to_vec());
            }
            WorkerCommand::Unload => {
                self.idle_voice = None;
                self.active = None;
                self.incoming = None;
                self.status.targets.lock().clear();
                *self.status.voice.lock() = VoiceState::NoVoice;
            }
            WorkerCommand::Quit => return NextStep::Quit,
        }
        NextStep::Again
    }

    fn start(&mut self, server: Box<StreamServer>, geometry: Geometry) {
        self.stop();
        // The geometry was made from rates that have whole chunks.
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
        if let Some(voice) = self.idle_voice.take() {
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

    fn weigh_takes(&mut self, takes: TakeTable) {
        let chains = self.active.iter_mut().chain(&mut self.incoming);
        let voices = chains.map(Chain::voice_mut).chain(&mut self.idle_voice);
        for target in voices.flat_map(|voice| &mut voice.targets) {
            target.follow_table(&takes);
        }
        self.takes = takes;
    }

    fn swap(&mut self, mut voice: Voice) {
        for target in &mut voice.targets {
            target.follow_table(&self.takes);
        }
        let name = voice.name.clone();
        self.status
            .draws_own_noise
            .store(!voice.is_reproducible(), Relaxed);
        let Some(streaming) = &self.streaming else {
            self.idle_voice = Some(voice);
            *self.status.voice.lock() = VoiceState::Ready { name };
            return;
        };
        match Chain::new(voice, &streaming.geometry) {
            Ok(mut chain) => {
                chain.restart();
                let slot = if self.active.is_some() {
                    &mut self.incoming
                } else {
                    &mut self.active
                };
                *slot = Some(chain);
                tracing::debug!("\"{name}\" runs");
                *self.status.voice.lock() = VoiceState::Ready { name };
            }
            Err((_, error)) => {
                let why = format!("{name} cannot run here: {error}");
                tracing::warn!("{why}");
                *self.status.voice.lock() = VoiceState::Failed { why };
            }
        }
    }

    /// Takes a hop from the ring, if one is whole, and answers it.
    fn serve_hop(&mut self, poll: Duration) -> NextStep {
        let Some(streaming) = &mut self.streaming else {
            return NextStep::Wait(POLL_IDLE);
        };
        let Some(hop) = streaming.server.next_hop() else {
            return NextStep::Wait(poll);
        };
        let started = (self.clock)();
        if hop.restarts {
            let ticks = hop.position_host / streaming.geometry.tick_host as u64;
            let at_16k = i64::try_from(ticks).unwrap_or(0) * (FRAME_STEP_16K.cast_signed() as i64) / 2;
            streaming.input.restart(at_16k);
            streaming.track.restart(i64::try_from(ticks).unwrap_or(0));
            self.recent.mark_break();
            self.active
                .iter_mut()
                .chain(&mut self.incoming)
                .for_each(Chain::restart);
        }
        streaming.input.accept(&hop.samples);
        self.recent.push(streaming.input.fresh());
        streaming.track.accept(&hop.controls);
        let mut header = HopHeader {
            generation: hop.generation,
            position_host: hop.position_host,
            kind: Wet::Late,
            told: HopTold::default(),
        };
        // A hop that nobody will hear in time was only remembered as context.
        if hop.too_late {
            if self.active.is_some() && streaming.ladder.missed() {
                self.status.quality_steps.fetch_add(1, Relaxed);
            }
        } else {
            header.kind = match self.compute(started) {
                Some(told) => {
                    header.told = told;
                    Wet::Ready
                }
                None => Wet::NotReady,
            };
        }
        if let Some(streaming) = &mut self.streaming {
            if header.kind != Wet::Ready {
                streaming.output_host.clear();
                streaming.output_host.resize(streaming.geometry.hop_host, 0.0);
            }
            streaming.server.send(header, &streaming.output_host);
        }
        NextStep::Again
    }

    /// Runs the voice, or both while one takes over from the other. Tells of
    /// the frames if `output_host` holds a hop that may be heard.
    fn compute(&mut self, started: Duration) -> Option<HopTold> {
        let streaming = self.streaming.as_mut()?;
        let active = self.active.as_mut()?;
        if streaming.server.offline() {
            // Whoever waits gets all there is.
            streaming.ladder.release();
        }
        let relief = streaming.ladder.relief();
        active.relieve(relief);
        self.incoming.iter_mut().for_each(|chain| chain.relieve(relief));
        let mut result = guarded(active, streaming, false);
        let mut swapped = false;
        if let Some(incoming) = &mut self.incoming {
            let next = guarded(incoming, streaming, true);
            if next.is_ok() {
                if result.is_ok() {
                    cross_fade(
                        &streaming.geometry,
                        &mut streaming.output_host,
                        &streaming.incoming_host,
                    );
                } else {
                    std::mem::swap(&mut streaming.output_host, &mut streaming.incoming_host);
                }
            }
            result = next;
            swapped = true;
        }
        if swapped {
            self.active = self.incoming.take();
        }
        let hop_ms = streaming.geometry.hop.ms();
        match result {
            Ok(report) => {
                self.good_hops += 1;
                if self.good_hops > FORGIVEN_AFTER_HOPS {
                    self.restarted = false;
                }
                let spent = (self.clock)().saturating_sub(started);
                self.note_quality(&report, spent, swapped);
                self.note(&report, spent, hop_ms);
                Some(report.told)
            }
            Err(failure) => {
                self.fail(failure);
                None
            }
        }
    }

    /// A hop failed. Values that are no numbers cost that hop; an error or a
    /// panic costs the voice, which is loaded once more.
    fn fail(&mut self, failure: Failure) {
        self.status.failed_hops.fetch_add(1, Relaxed);
        self.good_hops = 0;
        match failure {
            Failure::Hop(why) => {
                // The first one only: a voice may fail like this at every hop.
                if self.status.failed_hops.load(Relaxed) == 1 {
                    tracing::warn!("a hop failed: {why}");
                }
                *self.status.message.lock() = Some(why);
                self.active.iter_mut().for_each(Chain::restart);
            }
            Failure::Voice(why) => {
                tracing::error!("the voice failed: {why}");
                self.active = None;
                *self.status.voice.lock() = VoiceState::Failed { why };
                if !self.restarted {
                    self.restarted = true;
                    (self.ask_reload)();
                }
            }
        }
    }

    /// When this load was first waited for; cleared when it is done.
    fn loading_since(&self) -> Instant {
        *self.status.loading_since.lock().get_or_insert_with(Instant::now)
    }
}
