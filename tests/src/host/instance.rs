//! One instance of the plugin, from creation to destruction.

use super::PLUGIN_ID;
use super::handlers::{Asked, Handlers, Main, Shared};
use super::params::{self, Param, ParamEvent};
use super::real_time::watched;
use anyhow::{Context, Result, ensure};
use clack_extensions::audio_ports_config::{AudioPortsConfigBuffer, PluginAudioPortsConfig};
use clack_extensions::latency::PluginLatency;
use clack_extensions::params::PluginParams;
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::PluginState;
use clack_host::events::event_types::{ParamValueEvent, TransportEvent, TransportFlags};
use clack_host::events::{EventFlags, EventHeader};
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, SecondsTime};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// An instance; destroyed with this value, active or not.
pub struct Instance {
    // Before `plugin`: the processor must be gone when the instance goes.
    processor: Option<StartedPluginAudioProcessor<Handlers>>,
    pub(super) plugin: PluginInstance<Handlers>,
    asked: Arc<Asked>,
    params: Vec<Param>,
    channels: usize,
    setup: Option<PluginAudioConfiguration>,
    inputs: AudioPorts,
    outputs: AudioPorts,
    steady_time: u64,
    /// As the plugin was told.
    offline: bool,
    /// The block's events from the plugin; with memory for more than ever come.
    answers: EventBuffer,
    told: Vec<Told>,
    transport: Option<TransportEvent>,
}

/// A value that the plugin sent.
struct Told {
    position: u64,
    id: ClapId,
    value: f64,
}

impl Instance {
    pub(super) fn new(entry: &PluginEntry) -> Result<Self> {
        let info = HostInfo::new("Voxmeld tests", "Voxmeld", "", env!("CARGO_PKG_VERSION"))?;
        let asked = Arc::new(Asked::default());
        let (for_shared, for_main) = (asked.clone(), asked.clone());
        let mut plugin = PluginInstance::<Handlers>::new(
            |_| Shared(for_shared),
            |_| Main(for_main),
            entry,
            PLUGIN_ID,
            &info,
        )?;
        let handle = plugin.plugin_handle();
        let extension: PluginParams = handle.get_extension().context("no parameters extension")?;
        let params = params::read_all(&handle, extension)?;
        Ok(Self {
            processor: None,
            plugin,
            asked,
            params,
            channels: 2,
            setup: None,
            inputs: AudioPorts::with_capacity(4, 2),
            outputs: AudioPorts::with_capacity(2, 1),
            steady_time: 0,
            offline: false,
            answers: EventBuffer::with_capacity(4_096),
            told: Vec::new(),
            transport: None,
        })
    }

    /// All parameters, in the plugin's order.
    #[must_use]
    pub fn params(&self) -> &[Param] {
        &self.params
    }

    /// A parameter by its name.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn param(&self, name: &str) -> Result<&Param> {
        self.params
            .iter()
            .find(|param| param.name == name)
            .with_context(|| format!("the plugin has no parameter \"{name}\""))
    }

    /// A parameter's present value, in the plugin's units.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn value(&mut self, name: &str) -> Result<f64> {
        let id = self.param(name)?.id;
        let handle = self.plugin.plugin_handle();
        let extension: PluginParams = handle.get_extension().context("no parameters extension")?;
        extension
            .get_value(&handle, id)
            .context("a parameter without a value")
    }

    /// Sets a parameter to a part (0..1) of its range, outside of any block.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn set(&mut self, name: &str, part: f64) -> Result<()> {
        let param = self.param(name)?;
        let event = ParamValueEvent::new(0, param.id, Pckn::match_all(), param.at(part));
        let mut events = EventBuffer::new();
        events.push(&event);
        let mut answers = EventBuffer::new();
        let (input, mut output) = (events.as_input(), answers.as_output());
        let handle = self.plugin.plugin_handle();
        let extension: PluginParams = handle.get_extension().context("no parameters extension")?;
        match &mut self.processor {
            Some(processor) => extension.flush_active(&mut processor.plugin_handle(), &input, &mut output),
            None => {
                let mut handle = self
                    .plugin
                    .inactive_plugin_handle()
                    .context("neither active nor inactive")?;
                extension.flush(&mut handle, &input, &mut output);
            }
        }
        Ok(())
    }

    /// What the plugin told of a parameter since the last reset: values in its
    /// units, and the samples since then at which it told them.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn told(&self, name: &str) -> Result<Vec<(u64, f64)>> {
        let id = self.param(name)?.id;
        let of_it = self.told.iter().filter(|told| told.id == id);
        Ok(of_it.map(|told| (told.position, told.value)).collect())
    }

    /// Keeps the values that a block of `len` samples has told.
    fn keep_told(&mut self, len: usize) -> Result<()> {
        let mut last = 0;
        for event in &self.answers {
            let at = event.header().time();
            ensure!(at >= last, "an event at {at} after one at {last}");
            ensure!((at as usize) < len, "an event at {at} in a block of {len}");
            last = at;
            if let Some(event) = event.as_event::<ParamValueEvent>()
                && let Some(id) = event.param_id()
            {
                self.told.push(Told {
                    position: self.steady_time + u64::from(at),
                    id,
                    value: event.value(),
                });
            }
        }
        Ok(())
    }

    /// Chooses the layout with that many channels; only while inactive.
    ///
    /// # Errors
    /// If there is none, or the plugin refuses.
    pub fn use_channels(&mut self, channels: usize) -> Result<()> {
        ensure!(self.processor.is_none(), "the layout is chosen while inactive");
        let handle = self.plugin.plugin_handle();
        let extension: PluginAudioPortsConfig =
            handle.get_extension().context("no layouts to choose from")?;
        let mut buffer = AudioPortsConfigBuffer::new();
        for index in 0..extension.count(&handle) {
            let Some(layout) = extension.get(&handle, index, &mut buffer) else {
                continue;
            };
            if layout
                .main_output
                .is_some_and(|port| port.channel_count as usize == channels)
            {
                extension.select(&handle, layout.id)?;
                self.channels = channels;
                return Ok(());
            }
        }
        anyhow::bail!("no layout has {channels} channels")
    }

    /// Channels of the chosen layout.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Tells the plugin that it renders offline, or live again.
    ///
    /// # Errors
    /// If it does not want to know.
    pub fn set_offline(&mut self, offline: bool) -> Result<()> {
        let handle = self.plugin.plugin_handle();
        let extension: PluginRender = handle.get_extension().context("no render extension")?;
        let mode = if offline {
            RenderMode::Offline
        } else {
            RenderMode::Realtime
        };
        extension.set(&handle, mode)?;
        self.offline = offline;
        Ok(())
    }

    /// Activates, starts processing, and does the restarts that are asked for.
    ///
    /// # Errors
    /// If the plugin refuses, or asks for restarts without end.
    pub fn activate(&mut self, rate_hz: f64, max_block: u32) -> Result<()> {
        self.deactivate();
        let setup = PluginAudioConfiguration {
            sample_rate: rate_hz,
            min_frames_count: 1,
            max_frames_count: max_block,
        };
        self.setup = Some(setup);
        for _ in 0..3 {
            self.asked.restart.store(false, SeqCst);
            let stopped = self.plugin.activate(|_, _| (), setup)?;
            let started = stopped
                .start_processing()
                .ok()
                .context("the plugin does not start processing")?;
            self.processor = Some(started);
            self.steady_time = 0;
            self.told.clear();
            self.serve_callbacks();
            if !self.asked.restart.load(SeqCst) {
                return Ok(());
            }
            self.deactivate();
        }
        anyhow::bail!("the plugin asks for a restart after every activation")
    }

    /// Stops processing and deactivates; nothing where it is inactive.
    pub fn deactivate(&mut self) {
        if let Some(processor) = self.processor.take() {
            self.plugin.deactivate(processor.stop_processing());
        }
    }

    /// True if the plugin has asked to be restarted since the last activation.
    #[must_use]
    pub fn wants_restart(&self) -> bool {
        self.asked.restart.load(SeqCst)
    }

    /// Carries out a restart that the plugin asked for.
    ///
    /// # Errors
    /// As [`Self::activate`].
    pub fn restart(&mut self) -> Result<()> {
        let setup = self.setup.context("never activated")?;
        self.activate(setup.sample_rate, setup.max_frames_count)
    }

    /// How often the plugin told that its latency changed.
    #[must_use]
    pub fn latency_changes(&self) -> u32 {
        self.asked.latency_changes.load(SeqCst)
    }

    /// Starts the stream over, as a host does after a jump.
    ///
    /// # Errors
    /// If it is not active.
    pub fn reset(&mut self) -> Result<()> {
        let processor = self.processor.as_mut().context("not active")?;
        watched(|| processor.reset());
        self.steady_time = 0;
        self.told.clear();
        Ok(())
    }

    /// Where the host's song stands from the next block on, in seconds and in
    /// beats; and whether it plays, and in a loop. The stream goes on as it is.
    pub fn go_to(&mut self, seconds: f64, playing: bool, looping: bool) {
        let mut flags = TransportFlags::HAS_TEMPO
            | TransportFlags::HAS_BEATS_TIMELINE
            | TransportFlags::HAS_SECONDS_TIMELINE;
        flags.set(TransportFlags::IS_PLAYING, playing);
        flags.set(TransportFlags::IS_LOOP_ACTIVE, looping);
        self.transport = Some(TransportEvent {
            header: EventHeader::new_core(0, EventFlags::empty()),
            flags,
            song_pos_beats: BeatTime::from_float(2.0 * seconds),
            song_pos_seconds: SecondsTime::from_float(seconds),
            tempo: 120.0,
            tempo_inc: 0.0,
            loop_start_beats: BeatTime::from_float(2.0),
            loop_end_beats: BeatTime::from_float(3.0),
            loop_start_seconds: SecondsTime::from_float(1.0),
            loop_end_seconds: SecondsTime::from_float(1.5),
            bar_start: BeatTime::from_float((seconds / 2.0).floor() * 4.0),
            bar_number: (seconds / 2.0) as i32,
            time_signature_numerator: 4,
            time_signature_denominator: 4,
        });
    }

    /// Plays blocks of silence on a thread of its own, as hosts do, while
    /// `main` goes on on the main thread until it says that it is done.
    ///
    /// # Errors
    /// If it is not active, the plugin reports an error, or `main` does.
    pub fn while_playing(&mut self, mut main: impl FnMut(&mut Self) -> Result<bool>) -> Result<usize> {
        let mut processor = self.processor.take().context("not active")?;
        let channels = self.channels;
        let stop = AtomicBool::new(false);
        let (blocks, answer) = std::thread::scope(|scope| {
            let audio = scope.spawn(|| {
                let mut blocks = 0;
                let mut played = Ok(());
                while !stop.load(SeqCst) && played.is_ok() {
                    played = play_silence(&mut processor, channels);
                    blocks += 1;
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                played.map(|()| blocks)
            });
            let mut answer = Ok(false);
            while matches!(answer, Ok(false)) {
                answer = main(self);
                self.serve_callbacks();
            }
            stop.store(true, SeqCst);
            (audio.join(), answer)
        });
        self.processor = Some(processor);
        answer?;
        blocks.map_err(|_| anyhow::anyhow!("the audio thread panicked"))?
    }

    /// The latency it reports, in samples.
    ///
    /// # Errors
    /// If it reports none at all.
    pub fn latency(&mut self) -> Result<usize> {
        let handle = self.plugin.plugin_handle();
        let extension: PluginLatency = handle.get_extension().context("no latency extension")?;
        Ok(extension.get(&handle) as usize)
    }

    /// The state, as a host would keep it in a session.
    ///
    /// # Errors
    /// If the plugin refuses.
    pub fn save(&mut self) -> Result<Vec<u8>> {
        let handle = self.plugin.plugin_handle();
        let extension: PluginState = handle.get_extension().context("no state extension")?;
        let mut bytes = Vec::new();
        extension.save(&handle, &mut bytes)?;
        Ok(bytes)
    }

    /// Restores a state.
    ///
    /// # Errors
    /// If the plugin refuses it.
    pub fn restore(&mut self, mut state: &[u8]) -> Result<()> {
        let handle = self.plugin.plugin_handle();
        let extension: PluginState = handle.get_extension().context("no state extension")?;
        extension.load(&handle, &mut state)?;
        self.serve_callbacks();
        Ok(())
    }

    /// Does what the plugin wants done on the main thread.
    pub fn serve_callbacks(&mut self) {
        while self.asked.callback.swap(false, SeqCst) {
            self.plugin.call_on_main_thread_callback();
        }
    }

    /// One block: `input` in, `output` filled. Both have one slice per channel,
    /// all of the same length.
    ///
    /// # Errors
    /// If it is not active, or the plugin reports an error.
    pub fn process(
        &mut self,
        input: &mut [&mut [f32]],
        output: &mut [&mut [f32]],
        events: &[ParamEvent],
    ) -> Result<()> {
        let mut list = EventBuffer::new();
        for event in events {
            event.add_to(&mut list);
        }
        let len = input.first().map_or(0, |channel| channel.len());
        let mut side = vec![vec![0.0; len]; self.channels];
        let mut side: Vec<&mut [f32]> = side.iter_mut().map(Vec::as_mut_slice).collect();
        let mut input: Vec<&mut [f32]> = input.iter_mut().map(|channel| &mut **channel).collect();
        self.process_with_side(&mut input, &mut side, output, &list)
    }

    /// [`Self::process`] with a side chain (as many channels as the input) and
    /// events of all kinds.
    ///
    /// # Errors
    /// As [`Self::process`].
    pub fn process_with_side<'a, 'b>(
        &mut self,
        input: &'a mut [&'b mut [f32]],
        side: &'a mut [&'b mut [f32]],
        output: &mut [&mut [f32]],
        events: &EventBuffer,
    ) -> Result<()> {
        let len = input.first().map_or(0, |channel| channel.len());
        self.answers.clear();
        let processor = self.processor.as_mut().context("not active")?;
        // What the plugin leaves unwritten must be seen, not taken for silence.
        output.iter_mut().for_each(|channel| channel.fill(f32::NAN));
        let input = self
            .inputs
            .with_input_buffers([input, side].map(|port| AudioPortBuffer {
                latency: 0,
                channels: AudioPortBufferType::f32_input_only(
                    port.iter_mut().map(|channel| InputChannel::variable(*channel)),
                ),
            }));
        let mut output = self.outputs.with_output_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_output_only(output.iter_mut().map(|channel| &mut **channel)),
        }]);
        let (events, mut answers) = (events.as_input(), self.answers.as_output());
        let time = Some(self.steady_time);
        let mut process = || {
            processor.process(
                &input,
                &mut output,
                &events,
                &mut answers,
                time,
                self.transport.as_ref(),
            )
        };
        // In an offline render the plugin may wait for its worker.
        let processed = if self.offline { process() } else { watched(process) };
        processed?;
        self.keep_told(len)?;
        self.steady_time += len as u64;
        self.serve_callbacks();
        Ok(())
    }
}

/// One block of silence with a side chain.
fn play_silence(processor: &mut StartedPluginAudioProcessor<Handlers>, channels: usize) -> Result<()> {
    const LEN: usize = 48;
    let mut silence = vec![[0.0; LEN]; 2 * channels];
    let (main, side) = silence.split_at_mut(channels);
    let mut output = vec![[f32::NAN; LEN]; channels];
    let mut inputs = AudioPorts::with_capacity(channels, 2);
    let mut outputs = AudioPorts::with_capacity(channels, 1);
    let input = inputs.with_input_buffers([main, side].map(|port| {
        AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_input_only(
                port.iter_mut()
                    .map(|channel| InputChannel::variable(&mut channel[..])),
            ),
        }
    }));
    let mut to = outputs.with_output_buffers([AudioPortBuffer {
        latency: 0,
        channels: AudioPortBufferType::f32_output_only(output.iter_mut().map(|channel| &mut channel[..])),
    }]);
    let (events, mut answers) = (EventBuffer::new(), EventBuffer::new());
    processor.process(
        &input,
        &mut to,
        &events.as_input(),
        &mut answers.as_output(),
        None,
        None,
    )?;
    Ok(())
}
