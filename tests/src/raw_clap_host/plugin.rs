//! The plugin's C functions as methods: life cycle, parameters and blocks.

use super::events::Events;
use super::state::HostState;
use anyhow::{Context, Result, ensure};
use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::ext::latency::{CLAP_EXT_LATENCY, clap_plugin_latency};
use clap_sys::ext::params::{CLAP_EXT_PARAMS, clap_param_info, clap_plugin_params};
use clap_sys::ext::render::{CLAP_EXT_RENDER, CLAP_RENDER_OFFLINE, CLAP_RENDER_REALTIME, clap_plugin_render};
use clap_sys::plugin::clap_plugin;
use clap_sys::process::{CLAP_PROCESS_ERROR, clap_process};
use std::ffi::{CStr, c_char};

/// Pointers to one instance and its host; valid as long as the [`RawClapHost`](super::RawClapHost).
#[derive(Clone, Copy)]
pub struct RawPlugin {
    host: *const HostState,
    plugin: *const clap_plugin,
}

/// Calls a function of the plugin, or of one of its extensions; an error if the table has a null pointer.
macro_rules! call {
    ($table:expr, $name:ident $(, $argument:expr)*) => {{
        let function = $table.$name.context(concat!("no ", stringify!($name)))?;
        // SAFETY: the plugin's own function, by the standard's type; the arguments outlive the call.
        unsafe { function($($argument),*) }
    }};
}
pub(super) use call;

impl RawPlugin {
    pub(super) fn new(host: *const HostState) -> Self {
        // SAFETY: only a host that is alive creates these.
        let plugin = unsafe { (*host).plugin.get() };
        Self { host, plugin }
    }

    fn host(&self) -> &HostState {
        // SAFETY: the host outlives this value, as the type's documentation demands.
        unsafe { &*self.host }
    }

    pub(super) fn table(&self) -> &clap_plugin {
        // SAFETY: the plugin is alive as long as the host.
        unsafe { &*self.plugin }
    }

    /// The argument that all functions of the plugin and its extensions take first.
    pub(super) fn pointer(&self) -> *const clap_plugin {
        self.plugin
    }

    /// One of the plugin's extensions.
    pub(super) fn extension<T>(&self, id: &CStr) -> Result<&T> {
        let found = call!(self.table(), get_extension, self.plugin, id.as_ptr());
        // SAFETY: null or the extension of that id, alive as long as the plugin.
        unsafe { found.cast::<T>().as_ref() }
            .with_context(|| format!("no extension {}", id.to_string_lossy()))
    }

    /// Whether the plugin has the parameters extension. May be called on any thread.
    #[must_use]
    pub fn has_params(&self) -> bool {
        self.extension::<clap_plugin_params>(CLAP_EXT_PARAMS).is_ok()
    }

    /// Activates and starts processing.
    ///
    /// # Errors
    /// If the plugin reports a failure.
    pub fn start(&self, rate_hz: f64, max_block: u32) -> Result<()> {
        let activated = call!(self.table(), activate, self.plugin, rate_hz, 1, max_block);
        ensure!(activated, "activate failed");
        let started = self.as_audio_thread(|| Ok(call!(self.table(), start_processing, self.plugin)))?;
        ensure!(started, "start_processing failed");
        Ok(())
    }

    /// Stops processing and deactivates.
    ///
    /// # Errors
    /// If a function is missing.
    pub fn stop(&self) -> Result<()> {
        self.as_audio_thread(|| {
            call!(self.table(), stop_processing, self.plugin);
            Ok(())
        })?;
        call!(self.table(), deactivate, self.plugin);
        Ok(())
    }

    /// Restarts the stream at position 0.
    ///
    /// # Errors
    /// If the function is missing.
    pub fn reset(&self) -> Result<()> {
        self.as_audio_thread(|| {
            call!(self.table(), reset, self.plugin);
            Ok(())
        })
    }

    /// Calls `on_main_thread`.
    pub fn on_main_thread(&self) {
        if let Some(function) = self.table().on_main_thread {
            // SAFETY: the plugin's own function.
            unsafe { function(self.plugin) };
        }
    }

    /// The reported latency in samples.
    ///
    /// # Errors
    /// If the plugin lacks the extension.
    pub fn latency(&self) -> Result<u32> {
        let latency: &clap_plugin_latency = self.extension(CLAP_EXT_LATENCY)?;
        Ok(call!(latency, get, self.plugin))
    }

    /// All parameters: name, id, [minimum, maximum].
    ///
    /// # Errors
    /// If the plugin lacks the extension, or fails to describe a parameter.
    pub fn params(&self) -> Result<Vec<(String, u32, [f64; 2])>> {
        let params: &clap_plugin_params = self.extension(CLAP_EXT_PARAMS)?;
        let mut found = Vec::new();
        for index in 0..call!(params, count, self.plugin) {
            // SAFETY: all zero is a valid `clap_param_info`: numbers, characters, a pointer.
            let mut info: clap_param_info = unsafe { std::mem::zeroed() };
            ensure!(
                call!(params, get_info, self.plugin, index, &raw mut info),
                "get_info failed"
            );
            // SAFETY: the plugin has written a zero-terminated name.
            let name = unsafe { CStr::from_ptr(info.name.as_ptr()) };
            let range = [info.min_value, info.max_value];
            found.push((name.to_string_lossy().into_owned(), info.id, range));
        }
        Ok(found)
    }

    /// A parameter's value.
    ///
    /// # Errors
    /// If there is no such parameter.
    pub fn value(&self, id: u32) -> Result<f64> {
        let params: &clap_plugin_params = self.extension(CLAP_EXT_PARAMS)?;
        let mut value = 0.0;
        ensure!(
            call!(params, get_value, self.plugin, id, &raw mut value),
            "get_value failed"
        );
        Ok(value)
    }

    /// A value as text. The plugin allocates for this.
    ///
    /// # Errors
    /// If there is no such parameter.
    pub fn text(&self, id: u32, value: f64) -> Result<String> {
        let params: &clap_plugin_params = self.extension(CLAP_EXT_PARAMS)?;
        let mut text: [c_char; 256] = [0; 256];
        let written = call!(
            params,
            value_to_text,
            self.plugin,
            id,
            value,
            text.as_mut_ptr(),
            256
        );
        ensure!(written, "value_to_text failed");
        // SAFETY: the plugin has written a zero-terminated text.
        Ok(unsafe { CStr::from_ptr(text.as_ptr()) }
            .to_string_lossy()
            .into_owned())
    }

    /// Calls `params.flush` with values: (id, value).
    ///
    /// # Errors
    /// If the plugin lacks the extension.
    pub fn flush(&self, values: &[(u32, f64)]) -> Result<()> {
        let params: &clap_plugin_params = self.extension(CLAP_EXT_PARAMS)?;
        let values: Vec<_> = values.iter().map(|&(id, value)| (0, id, value)).collect();
        let events = Events::new(self.host, &values);
        let (input, output) = (events.input(), events.output());
        call!(params, flush, self.plugin, &raw const input, &raw const output);
        Ok(())
    }

    /// Sets the render mode: offline or real-time.
    ///
    /// # Errors
    /// If the plugin lacks the extension, or rejects the mode.
    pub fn set_offline(&self, offline: bool) -> Result<()> {
        let render: &clap_plugin_render = self.extension(CLAP_EXT_RENDER)?;
        let mode = if offline {
            CLAP_RENDER_OFFLINE
        } else {
            CLAP_RENDER_REALTIME
        };
        ensure!(call!(render, set, self.plugin, mode), "render.set failed");
        Ok(())
    }

    /// Processes one stereo block with a silent side chain and parameter events: (sample, id, value). Returns the
    /// left channel.
    ///
    /// # Errors
    /// If the plugin returns `CLAP_PROCESS_ERROR`.
    pub fn process(&self, input: &[f32], values: &[(u32, u32, f64)]) -> Result<Vec<f32>> {
        self.process_at(-1, input, values)
    }

    /// [`Self::process`] at a `steady_time`; negative: unknown.
    ///
    /// # Errors
    /// If the plugin returns `CLAP_PROCESS_ERROR`.
    pub fn process_at(
        &self,
        steady_time: i64,
        input: &[f32],
        values: &[(u32, u32, f64)],
    ) -> Result<Vec<f32>> {
        let len = input.len();
        let (mut main, mut side) = ([input.to_vec(), input.to_vec()], vec![0.0; len]);
        let mut output = [vec![f32::NAN; len], vec![f32::NAN; len]];
        let mut pointers = [
            [main[0].as_mut_ptr(), main[1].as_mut_ptr()],
            [side.as_mut_ptr(), side.as_mut_ptr()],
            [output[0].as_mut_ptr(), output[1].as_mut_ptr()],
        ];
        let [main_port, side_port, mut out_port] = pointers.each_mut().map(|port| clap_audio_buffer {
            data32: port.as_mut_ptr(),
            data64: std::ptr::null_mut(),
            channel_count: 2,
            latency: 0,
            constant_mask: 0,
        });
        let inputs = [main_port, side_port];
        let events = Events::new(self.host, values);
        let (in_events, out_events) = (events.input(), events.output());
        let block = clap_process {
            steady_time,
            frames_count: len as u32,
            transport: std::ptr::null(),
            audio_inputs: inputs.as_ptr(),
            audio_outputs: &raw mut out_port,
            audio_inputs_count: 2,
            audio_outputs_count: 1,
            in_events: &raw const in_events,
            out_events: &raw const out_events,
        };
        let status =
            self.as_audio_thread(|| Ok(call!(self.table(), process, self.plugin, &raw const block)))?;
        ensure!(status != CLAP_PROCESS_ERROR, "process failed");
        let [left, _] = output;
        Ok(left)
    }

    /// Runs `work` with this thread in the role of the audio thread.
    pub(super) fn as_audio_thread<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.host().as_audio_thread(work)
    }
}
