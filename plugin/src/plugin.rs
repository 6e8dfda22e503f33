//! The one implementation behind all formats: host calls in, engine calls out.

use crate::editor::{self, EditorLink, VoxmeldEditor};
use crate::params::VoxmeldParams;
use crate::timeline::Timeline;
use crate::vst3::creation::{self, HostLink};
use crate::{logging, paths, vst3};
use nice_plug::prelude::*;
use parking_lot::Mutex;
use std::num::NonZeroU32;
use std::sync::Arc;
use voxmeld_core::engine::{Engine, StreamSetup};
use voxmeld_core::geometry::Hop;
use voxmeld_core::rt::AudioSide;

/// One instance. Cheap to make: scanners create it only to look at it, so no
/// thread starts and no file is read before the first activation.
pub struct Voxmeld {
    params: Arc<VoxmeldParams>,
    engine: Engine,
    /// `None` until activated, and where the engine cannot run (a sentence says why).
    audio: Option<AudioSide>,
    /// Why [`Self::audio`] is missing; the editor shows it.
    refusal: Arc<Mutex<Option<String>>>,
    /// What a CLAP host or the standalone said at activation.
    offline_at_activation: bool,
    /// In a VST3 host, the way around nice-plug: each block's process mode, and restarts.
    vst3: Option<Arc<HostLink>>,
    /// The hop that the engine runs with; another one takes a restart.
    active_hop: Hop,
    /// The hop for which the host was asked to restart, to ask once only.
    asked_restart_for: Option<Hop>,
    /// How long sound may come after the last input.
    tail_samples: u32,
    /// What the export around the plugin is told of each block.
    timeline: Arc<Timeline>,
}

/// Work for nice-plug's shared background thread. Only the VST3 export uses it,
/// see [`vst3::keeper`].
pub enum Task {
    /// Says that everything posted before has been done.
    Barrier(std::sync::mpsc::SyncSender<()>),
    /// Asks the host for a restart, away from the audio thread.
    AskForRestart,
}

impl Default for Voxmeld {
    fn default() -> Self {
        paths::announce_data_dir();
        let engine = Engine::new();
        let params = Arc::new(VoxmeldParams::new(engine.handle()));
        let vst3 = creation::offer_params(&params);
        Self {
            params,
            engine,
            audio: None,
            refusal: Arc::default(),
            offline_at_activation: false,
            vst3,
            active_hop: Hop::default(),
            asked_restart_for: None,
            tail_samples: 0,
            timeline: Timeline::for_plugin(),
        }
    }
}

/// `channels` in, `channels` out, and those of a side chain.
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

/// MIDI's modulation wheel.
const MOD_WHEEL: u8 = 1;

impl Plugin for Voxmeld {
    const NAME: &'static str = "Voxmeld";
    const VENDOR: &'static str = "Voxmeld";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    /// Stereo first: the first layout is the default, and hosts have crashed on a mono one. With a
    /// side chain first: VST3 hosts see only the first layout's ports.
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[
        layout(2, &[new_nonzero_u32(2)], "Stereo with side chain"),
        layout(1, &[new_nonzero_u32(1)], "Mono with side chain"),
        layout(2, &[new_nonzero_u32(1)], "Stereo with mono side chain"),
        layout(1, &[new_nonzero_u32(2)], "Mono with stereo side chain"),
        layout(2, &[], "Stereo"),
        layout(1, &[], "Mono"),
    ];
    /// For the modulation wheel. The VST3 export hides the parameters that nice-plug makes of this.
    const MIDI_INPUT: MidiConfig = MidiConfig::MidiCCs;
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;

    type Editor = VoxmeldEditor;
    type SysExMessage = ();
    type BackgroundTask = Task;

    fn setup_logger() -> Option<bool> {
        Some(logging::install())
    }

    fn task_executor(&mut self) -> TaskExecutor<Self> {
        let vst3 = self.vst3.clone();
        Box::new(move |task| match task {
            Task::Barrier(done) => {
                let _ = done.try_send(());
            }
            Task::AskForRestart => {
                if let Some(vst3) = &vst3 {
                    vst3.ask_for_restart();
                }
            }
        })
    }

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn editor(&mut self, executor: AsyncExecutor<Self>) -> Option<Self::Editor> {
        let link = EditorLink {
            params: self.params.clone(),
            engine: self.engine.handle(),
            refusal: self.refusal.clone(),
        };
        // For VST3 the window is ours, and nice-plug must not know of one.
        creation::keep_editor(editor::create(link), executor)
    }

    fn activate(
        &mut self,
        layout: &AudioIOLayout,
        config: &BufferConfig,
        context: &mut impl ActivateContext<Self>,
    ) -> bool {
        let hop = Hop::from(self.params.hop.value());
        let rate_hz = f64::from(config.sample_rate);
        self.offline_at_activation = config.process_mode == ProcessMode::Offline;
        self.active_hop = hop;
        self.asked_restart_for = None;
        let activated = self.engine.activate(StreamSetup {
            host_rate_hz: rate_hz,
            max_block: usize::try_from(config.max_buffer_size).unwrap_or(usize::MAX),
            channels: layout
                .main_output_channels
                .map_or(2, |channels| if channels.get() == 1 { 1 } else { 2 }),
            hop,
            offline: self.offline_at_activation,
        });
        match activated {
            Ok(audio) => {
                let latency = audio.latency_samples();
                context.set_latency_samples(latency);
                self.tail_samples = latency.saturating_add(after_ring_samples(config.sample_rate));
                self.timeline.set_grid(audio.control_grid());
                self.audio = Some(audio);
                *self.refusal.lock() = None;
            }
            // Refusing to activate would take the whole track down in some hosts.
            Err(error) => {
                nice_error!("Voxmeld is silent: {error}");
                context.set_latency_samples(0);
                self.tail_samples = 0;
                self.timeline.set_grid(None);
                self.audio = None;
                *self.refusal.lock() = Some(error.to_string());
            }
        }
        self.timeline.set_position(0);
        self.params.voice.choose_default();
        true
    }

    fn deactivate(&mut self) {
        self.audio = None;
        self.engine.deactivate();
    }

    fn reset(&mut self) {
        if let Some(audio) = &mut self.audio {
            audio.reset();
        }
        self.timeline.set_position(0);
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let hop = Hop::from(self.params.hop.value());
        if hop != self.active_hop && self.asked_restart_for != Some(hop) {
            self.asked_restart_for = Some(hop);
            match self.vst3 {
                // nice-plug's own request says less than hosts need to hear.
                Some(_) => context.execute_background(Task::AskForRestart),
                None => context.request_restart(),
            }
        }
        let Some(audio) = &mut self.audio else {
            // Never the speaker's own voice.
            for channel in buffer.as_slice() {
                channel.fill(0.0);
            }
            return ProcessStatus::Normal;
        };
        audio.set_offline(
            self.vst3
                .as_ref()
                .map_or(self.offline_at_activation, |host| host.is_offline()),
        );
        let side = aux.inputs.first_mut().map(Buffer::as_slice);
        run(audio, &self.params, buffer.as_slice(), side, || {
            context.next_event()
        });
        self.timeline.set_position(audio.position());
        while let Some(told) = audio.next_told() {
            self.timeline.tell(&told);
            self.params.tell(told.ratio, told.confidence);
        }
        ProcessStatus::Tail(self.tail_samples)
    }
}

/// One (sub-)block, cut where the modulation wheel moves.
fn run(
    audio: &mut AudioSide,
    params: &VoxmeldParams,
    main: &mut [&mut [f32]],
    side: Option<&mut [&mut [f32]]>,
    mut next_event: impl FnMut() -> Option<PluginNoteEvent<Voxmeld>>,
) {
    let len = main.first().map_or(0, |channel| channel.len());
    let side: [&[f32]; 2] = match side {
        Some([left, right]) => [left, right],
        Some([mono]) => [mono, &[]],
        _ => [&[], &[]],
    };
    let mut event = next_event();
    let mut start = 0;
    loop {
        while let Some(due) = event.take_if(|event| event.timing() as usize <= start) {
            if let NoteEvent::MidiCC {
                cc: MOD_WHEEL, value, ..
            } = due
            {
                params.blend.set_wheel(value);
            }
            event = next_event();
        }
        if start >= len {
            // What is left belongs to the block's end.
            if event.is_none() {
                return;
            }
            start = usize::MAX;
            continue;
        }
        let end = event
            .as_ref()
            .map_or(len, |event| (event.timing() as usize).min(len));
        let side = side.map(|channel| channel.get(start..end).unwrap_or_default());
        let controls = params.controls();
        match main {
            [left, right] => {
                let mut channels = [&mut left[start..end], &mut right[start..end]];
                audio.process_with_side(&mut channels, &side, &controls);
            }
            [mono] => audio.process_with_side(&mut [&mut mono[start..end]], &side, &controls),
            _ => return,
        }
        start = end;
    }
}

/// The voice rings on for a moment after the input ended: the models see past
/// frames, and the last hops fade. A quarter of a second covers them.
fn after_ring_samples(rate_hz: f32) -> u32 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates, and rates are positive"
    )]
    let samples = (rate_hz * 0.25) as u32;
    samples
}

impl ClapPlugin for Voxmeld {
    const CLAP_ID: &'static str = "org.voxmeld.voxmeld";
    const CLAP_DESCRIPTION: Option<&'static str> =
        Some("Real-time voice conversion with retrieval and blending");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = &[
        ClapFeature::AudioEffect,
        ClapFeature::Stereo,
        ClapFeature::Mono,
        ClapFeature::PitchShifter,
        ClapFeature::Custom("voice-conversion"),
    ];

    fn remote_controls(&self, context: &mut impl RemoteControlsContext) {
        let params = &self.params;
        context.add_section("Voice", |section| {
            section.add_page("Voice", |page| {
                page.add_param(&params.blend_ratio);
                page.add_param(&params.pitch_shift);
                page.add_param(&params.dry_wet);
                page.add_param(&params.loudness_follow);
                page.add_param(&params.input_gain);
                page.add_param(&params.output_gain);
                page.add_param(&params.k);
                page.add_param(&params.n_probe);
            });
            section.add_page("Blend", |page| {
                page.add_param(&params.blend_ratio);
                page.add_param(&params.blend.trust);
                page.add_param(&params.blend.continuity);
                page.add_param(&params.blend.scene_morph);
                page.add_param(&params.blend.morph_x);
                page.add_param(&params.blend.morph_y);
                page.add_param(&params.blend.side_depth);
                page.add_param(&params.blend.wheel_depth);
            });
        });
    }
}

impl Vst3Plugin for Voxmeld {
    const VST3_CLASS_ID: [u8; 16] = vst3::CLASS_ID;
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Fx, Vst3SubCategory::PitchShift];
}
