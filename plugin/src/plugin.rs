//! The one implementation behind all formats: host calls in, engine calls out.

use crate::editor::{self, EditorLink, VoxmeldEditor};
use crate::params::VoxmeldParams;
use crate::restarts::{NextStream, RestartTask, Restarter, restarts};
use crate::timing::{Timing, TimingControl};
use crate::{block, logging, paths, session};
use nice_plug::prelude::*;
use parking_lot::Mutex;
use std::num::NonZeroU32;
use std::sync::Arc;
use voxmeld_core::engine::{Engine, StreamSetup};
use voxmeld_core::rt::{self, AudioSide, HeldNotes};
use voxmeld_export::{Bridge, BridgeTask, ControlGrid};

/// One instance. Construction is cheap, because scanners create instances only to read
/// their properties: no thread starts and no file is read before the first activation.
pub struct Voxmeld {
    pub(crate) params: Arc<VoxmeldParams>,
    engine: Engine,
    /// `None` until activated, and if activation failed.
    audio: Option<AudioSide>,
    /// Why activation failed; the editor shows it.
    activation_error: Arc<Mutex<Option<String>>>,
    /// Why a setting is not in use; the editor shows it.
    restart_note: Arc<Mutex<Option<String>>>,
    /// Streams that are created without a restart by the host.
    next_stream: NextStream,
    restarter: Arc<Restarter>,
    /// The set-up of the newest activation, and its number.
    setup: Option<(StreamSetup, u64)>,
    /// Keys that are held.
    held: HeldNotes,
    /// Connection to the export around the plugin.
    bridge: Bridge,
    /// Hop, block and safety buffer in use; a change needs a restart.
    timing: TimingControl,
    rate_hz: f64,
    /// Longest output after the last input.
    tail_samples: u32,
}

impl Default for Voxmeld {
    fn default() -> Self {
        paths::set_engine_data_dir();
        let engine = Engine::new();
        let params = Arc::new(VoxmeldParams::new(engine.handle()));
        let restart_note = Arc::default();
        let (next_stream, restarter) = restarts(engine.handle(), Arc::clone(&restart_note));
        Self {
            bridge: Bridge::new(params.clone()),
            params,
            engine,
            audio: None,
            activation_error: Arc::default(),
            restart_note,
            next_stream,
            restarter: Arc::new(restarter),
            setup: None,
            held: HeldNotes::default(),
            timing: TimingControl::default(),
            rate_hz: 0.0,
            tail_samples: 0,
        }
    }
}

/// A layout with `channels` in and out, and the channels of a side chain.
const fn layout(channels: u32, side: &'static [NonZeroU32], name: &'static str) -> AudioIOLayout {
    AudioIOLayout {
        main_input_channels: NonZeroU32::new(channels),
        main_output_channels: NonZeroU32::new(channels),
        aux_input_ports: side,
        names: PortNames {
            layout: Some(name),
            aux_inputs: &["Side chain"],
            ..PortNames::const_default()
        },
        ..AudioIOLayout::const_default()
    }
}

impl Plugin for Voxmeld {
    const NAME: &'static str = "Voxmeld";
    const VENDOR: &'static str = "Voxmeld";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    /// Stereo first: the first layout is the default, and some hosts crash on a mono one. With a
    /// side chain first: VST3 hosts get only the first layout's ports.
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[
        layout(2, &[new_nonzero_u32(2)], "Stereo with side chain"),
        layout(1, &[new_nonzero_u32(1)], "Mono with side chain"),
        layout(2, &[new_nonzero_u32(1)], "Stereo with mono side chain"),
        layout(1, &[new_nonzero_u32(2)], "Mono with stereo side chain"),
        layout(2, &[], "Stereo"),
        layout(1, &[], "Mono"),
    ];
    /// For notes and controllers.
    const MIDI_INPUT: MidiConfig = MidiConfig::MidiCCs;
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;

    type Editor = VoxmeldEditor;
    type SysExMessage = ();
    type BackgroundTask = PluginTask;

    fn setup_logger() -> Option<bool> {
        Some(logging::install())
    }

    fn task_executor(&mut self) -> TaskExecutor<Self> {
        let (bridge, restarter) = (self.bridge.clone(), self.restarter.clone());
        Box::new(move |task| match task {
            PluginTask::Bridge(task) => bridge.run(task),
            PluginTask::Restart(task) => restarter.run(task),
        })
    }

    fn filter_state(state: &mut PluginState) {
        session::upgrade(state);
    }

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn editor(&mut self, executor: AsyncExecutor<Self>) -> Option<Self::Editor> {
        let link = EditorLink {
            params: self.params.clone(),
            engine: self.engine.handle(),
            activation_error: self.activation_error.clone(),
            restart_note: self.restart_note.clone(),
        };
        self.bridge.editor(editor::create(link), executor)
    }

    fn activate(
        &mut self,
        layout: &AudioIOLayout,
        config: &BufferConfig,
        context: &mut impl ActivateContext<Self>,
    ) -> bool {
        let declared = usize::try_from(config.max_buffer_size).unwrap_or(usize::MAX);
        let timing = self.timing.activate(&self.params, declared);
        let rate_hz = f64::from(config.sample_rate);
        self.engine.handle().set_eight_bits(timing.eight_bits);
        self.bridge.set_activation_mode(config.process_mode);
        self.rate_hz = rate_hz;
        let setup = StreamSetup {
            host_rate_hz: rate_hz,
            max_block: timing.block,
            safety_ms: timing.safety_ms,
            suppress_noise: timing.suppress_noise,
            channels: layout
                .main_output_channels
                .map_or(2, |channels| if channels.get() == 1 { 1 } else { 2 }),
            hop: timing.hop,
            offline: config.process_mode == ProcessMode::Offline,
        };
        let (activated, activation) = self
            .restarter
            .activate(&mut self.next_stream, || self.engine.activate(setup));
        self.setup = Some((setup, activation));
        match activated {
            Ok(audio) => {
                let latency = audio.latency_samples();
                context.set_latency_samples(latency);
                self.tail_samples = latency.saturating_add(tail_samples(config.sample_rate));
                self.bridge.set_control_grid(audio.control_grid().map(grid));
                self.audio = Some(audio);
                *self.activation_error.lock() = None;
            }
            // Activates anyway, silently: in some hosts a failed activation mutes the whole track.
            Err(error) => {
                nice_error!("Voxmeld is silent: {error}");
                context.set_latency_samples(0);
                self.tail_samples = 0;
                self.bridge.set_control_grid(None);
                self.audio = None;
                *self.activation_error.lock() = Some(error.to_string());
            }
        }
        self.bridge.set_position(0);
        self.params.voice.choose_default();
        true
    }

    fn deactivate(&mut self) {
        self.audio = None;
        self.engine.deactivate();
    }

    fn reset(&mut self) {
        if !self.bridge.must_start_over() {
            return;
        }
        self.held = HeldNotes::default();
        if let Some(audio) = &mut self.audio {
            audio.reset();
        }
        self.bridge.set_position(0);
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        self.follow_timing(buffer.samples(), context);
        let Some(audio) = &mut self.audio else {
            // Silence: the speaker's own voice must not leak.
            for channel in buffer.as_slice() {
                channel.fill(0.0);
            }
            return ProcessStatus::Normal;
        };
        audio.set_offline(self.bridge.is_offline());
        let side = aux.inputs.first_mut().map(Buffer::as_slice);
        block::run(
            audio,
            &self.params,
            &mut self.held,
            buffer.as_slice(),
            side,
            || context.next_event(),
        );
        self.bridge.set_position(audio.position());
        while let Some(frame) = audio.next_applied_frame() {
            self.bridge
                .publish(frame.position, &[frame.ratio, frame.confidence]);
            self.params.publish(frame.ratio, frame.confidence);
        }
        ProcessStatus::Tail(self.tail_samples)
    }
}

impl Voxmeld {
    /// Requests a restart if a setting needs one, and restarts the stream itself if the host ignores the request.
    fn follow_timing(&mut self, len: usize, context: &mut impl ProcessContext<Self>) {
        let Some(audio) = &mut self.audio else {
            return;
        };
        if let Some(timing) = self.next_stream.take(audio) {
            self.timing.restarted(timing);
            self.bridge.set_position(0);
        }
        let live = audio.is_live();
        if self.timing.needs_restart(&self.params, len, live, self.rate_hz) {
            self.bridge.request_restart(context);
        }
        if !self.bridge.is_offline()
            && let Some(timing) = self.timing.unanswered()
            && let Some((setup, activation)) = self.setup
        {
            let task = RestartTask::Restart {
                activation,
                timing,
                setup: with_timing(setup, timing),
                latency_samples: audio.latency_samples(),
            };
            context.execute_background(PluginTask::Restart(task));
        }
        if self.timing.came_back() {
            context.execute_background(PluginTask::Restart(RestartTask::Forget));
        }
    }
}

fn with_timing(setup: StreamSetup, timing: Timing) -> StreamSetup {
    StreamSetup {
        hop: timing.hop,
        max_block: timing.block,
        safety_ms: timing.safety_ms,
        suppress_noise: timing.suppress_noise,
        ..setup
    }
}

/// Work on nice-plug's background thread.
pub enum PluginTask {
    /// For the export around the plugin.
    Bridge(BridgeTask),
    /// A restart of the stream that the host does not make.
    Restart(RestartTask),
}

impl From<BridgeTask> for PluginTask {
    fn from(task: BridgeTask) -> Self {
        Self::Bridge(task)
    }
}

/// The engine's grid of control reads, for the export.
fn grid(grid: rt::ControlGrid) -> ControlGrid {
    ControlGrid {
        step: grid.step,
        offset: grid.offset,
        numerator: grid.numerator,
        denominator: grid.denominator,
    }
}

/// Tail beyond the latency: the models' context and the last fades. A quarter of a second
/// covers them.
fn tail_samples(rate_hz: f32) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and rates are positive"
    )]
    let samples = (rate_hz * 0.25) as u32;
    samples
}
