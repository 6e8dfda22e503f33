//! The plugin's functions, as they are.

use super::Inner;
use super::events::Events;
use anyhow::{Context, Result, ensure};
use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::ext::gui::{
    CLAP_EXT_GUI, CLAP_WINDOW_API_X11, clap_plugin_gui, clap_window, clap_window_handle,
};
use clap_sys::ext::latency::{CLAP_EXT_LATENCY, clap_plugin_latency};
use clap_sys::ext::params::{CLAP_EXT_PARAMS, clap_param_info, clap_plugin_params};
use clap_sys::ext::render::{CLAP_EXT_RENDER, CLAP_RENDER_OFFLINE, CLAP_RENDER_REALTIME, clap_plugin_render};
use clap_sys::ext::state::{CLAP_EXT_STATE, clap_plugin_state};
use clap_sys::plugin::clap_plugin;
use clap_sys::process::{CLAP_PROCESS_ERROR, clap_process};
use clap_sys::stream::{clap_istream, clap_ostream};
use std::cell::RefCell;
use std::ffi::{CStr, c_char, c_void};

/// One instance; a copy of its pointer, valid as long as its [`Bare`](super::Bare).
#[derive(Clone, Copy)]
pub struct Plug {
    host: *const Inner,
    pub(super) plugin: *const clap_plugin,
}

/// Calls a function of the plugin, or of one of its extensions.
macro_rules! call {
    ($table:expr, $name:ident $(, $argument:expr)*) => {{
        let function = $table.$name.context(concat!("no ", stringify!($name)))?;
        // SAFETY: the plugin's own function, by the standard's type; what it is
        // given outlives the call.
        unsafe { function($($argument),*) }
    }};
}

impl Plug {
    pub(super) fn new(host: *const Inner) -> Self {
        // SAFETY: the host is alive: it makes these.
        let plugin = unsafe { (*host).plugin.get() };
        Self { host, plugin }
    }

    pub(super) fn table(&self) -> &clap_plugin {
        // SAFETY: alive as long as the host.
        unsafe { &*self.plugin }
    }

    /// One of the plugin's extensions.
    pub(super) fn extension<T>(&self, id: &CStr) -> Result<&T> {
        let found = call!(self.table(), get_extension, self.plugin, id.as_ptr());
        // SAFETY: null or the extension of that id, alive as long as the plugin.
        unsafe { found.cast::<T>().as_ref() }.with_context(|| format!("no {}", id.to_string_lossy()))
    }

    /// Whether the plugin has an extension: a call for any thread.
    #[must_use]
    pub fn has_params(&self) -> bool {
        self.extension::<clap_plugin_params>(CLAP_EXT_PARAMS).is_ok()
    }

    /// Activates and starts processing.
    ///
    /// # Errors
    /// If it refuses.
    pub fn start(&self, rate_hz: f64, max_block: u32) -> Result<()> {
        let activated = call!(self.table(), activate, self.plugin, rate_hz, 1, max_block);
        ensure!(activated, "activate");
        let started = self.as_audio(|| Ok(call!(self.table(), start_processing, self.plugin)))?;
        ensure!(started, "start_processing");
        Ok(())
    }

    /// Stops processing and deactivates.
    ///
    /// # Errors
    /// If it cannot.
    pub fn stop(&self) -> Result<()> {
        self.as_audio(|| {
            call!(self.table(), stop_processing, self.plugin);
            Ok(())
        })?;
        call!(self.table(), deactivate, self.plugin);
        Ok(())
    }

    /// Starts the stream over.
    ///
    /// # Errors
    /// If it cannot.
    pub fn reset(&self) -> Result<()> {
        self.as_audio(|| {
            call!(self.table(), reset, self.plugin);
            Ok(())
        })
    }

    /// `on_main_thread`.
    pub fn on_main_thread(&self) {
        if let Some(function) = self.table().on_main_thread {
            // SAFETY: the plugin's own function.
            unsafe { function(self.plugin) };
        }
    }

    /// The latency in samples.
    ///
    /// # Errors
    /// If it has none.
    pub fn latency(&self) -> Result<u32> {
        let latency: &clap_plugin_latency = self.extension(CLAP_EXT_LATENCY)?;
        Ok(call!(latency, get, self.plugin))
    }

    /// All parameters: name, id, least and greatest value.
    ///
    /// # Errors
    /// If it has none.
    pub fn params(&self) -> Result<Vec<(String, u32, [f64; 2])>> {
        let params: &clap_plugin_params = self.extension(CLAP_EXT_PARAMS)?;
        let mut found = Vec::new();
        for index in 0..call!(params, count, self.plugin) {
            // SAFETY: all zero is a valid description: numbers, characters, a pointer.
            let mut info: clap_param_info = unsafe { std::mem::zeroed() };
            ensure!(
                call!(params, get_info, self.plugin, index, &raw mut info),
                "get_info"
            );
            // SAFETY: plugins end names with a zero.
            let name = unsafe { CStr::from_ptr(info.name.as_ptr()) };
            let range = [info.min_value, info.max_value];
            found.push((name.to_string_lossy().into_owned(), info.id, range));
        }
        Ok(found)
    }

    /// A parameter's value.
    ///
    /// # Errors
    /// If it has no such parameter.
    pub fn value(&self, id: u32) -> Result<f64> {
        let params: &clap_plugin_params = self.extension(CLAP_EXT_PARAMS)?;
        let mut value = 0.0;
        ensure!(
            call!(params, get_value, self.plugin, id, &raw mut value),
            "get_value"
        );
        Ok(value)
    }

    /// A value as the plugin writes it. It allocates for that.
    ///
    /// # Errors
    /// If it has no such parameter.
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
        ensure!(written, "value_to_text");
        // SAFETY: ended with a zero by the plugin.
        Ok(unsafe { CStr::from_ptr(text.as_ptr()) }
            .to_string_lossy()
            .into_owned())
    }

    /// `params.flush` with these values.
    ///
    /// # Errors
    /// If it cannot.
    pub fn flush(&self, values: &[(u32, f64)]) -> Result<()> {
        let params: &clap_plugin_params = self.extension(CLAP_EXT_PARAMS)?;
        let values: Vec<_> = values.iter().map(|&(id, value)| (0, id, value)).collect();
        let events = Events::new(self.host, &values);
        let (given, told) = (events.input(), events.output());
        call!(params, flush, self.plugin, &raw const given, &raw const told);
        Ok(())
    }

    /// The state.
    ///
    /// # Errors
    /// If it refuses.
    pub fn save(&self) -> Result<Vec<u8>> {
        unsafe extern "C" fn write(stream: *const clap_ostream, from: *const c_void, size: u64) -> i64 {
            // SAFETY: the plugin writes to our stream, from as many bytes as it says.
            unsafe {
                let bytes = std::slice::from_raw_parts(from.cast::<u8>(), size as usize);
                let kept = &*(*stream).ctx.cast::<RefCell<Vec<u8>>>();
                kept.borrow_mut().extend_from_slice(bytes);
            }
            size as i64
        }
        let state: &clap_plugin_state = self.extension(CLAP_EXT_STATE)?;
        let bytes = RefCell::new(Vec::new());
        let stream = clap_ostream {
            ctx: (&raw const bytes).cast_mut().cast(),
            write: Some(write),
        };
        ensure!(call!(state, save, self.plugin, &raw const stream), "save");
        Ok(bytes.into_inner())
    }

    /// Restores a state.
    ///
    /// # Errors
    /// If it refuses.
    pub fn load(&self, bytes: &[u8]) -> Result<()> {
        unsafe extern "C" fn read(stream: *const clap_istream, to: *mut c_void, size: u64) -> i64 {
            // SAFETY: the plugin reads our stream, to as many bytes as it says.
            unsafe {
                let rest = &*(*stream).ctx.cast::<RefCell<&[u8]>>();
                let mut rest = rest.borrow_mut();
                let len = rest.len().min(size as usize);
                let (now, later) = rest.split_at(len);
                std::ptr::copy_nonoverlapping(now.as_ptr(), to.cast::<u8>(), len);
                *rest = later;
                len as i64
            }
        }
        let state: &clap_plugin_state = self.extension(CLAP_EXT_STATE)?;
        let rest = RefCell::new(bytes);
        let stream = clap_istream {
            ctx: (&raw const rest).cast_mut().cast(),
            read: Some(read),
        };
        ensure!(call!(state, load, self.plugin, &raw const stream), "load");
        Ok(())
    }

    /// [`Self::load`] while the host says that this is its audio thread: sloppy
    /// hosts restore from wherever they are.
    ///
    /// # Errors
    /// If it refuses.
    pub fn load_as_audio(&self, bytes: &[u8]) -> Result<()> {
        self.as_audio(|| self.load(bytes))
    }

    /// Says whether it renders offline.
    ///
    /// # Errors
    /// If it does not want to know.
    pub fn set_offline(&self, offline: bool) -> Result<()> {
        let render: &clap_plugin_render = self.extension(CLAP_EXT_RENDER)?;
        let mode = if offline {
            CLAP_RENDER_OFFLINE
        } else {
            CLAP_RENDER_REALTIME
        };
        ensure!(call!(render, set, self.plugin, mode), "render.set");
        Ok(())
    }

    /// One block of stereo, with a silent side chain and values at samples:
    /// (sample, id, value). Gives the left channel.
    ///
    /// # Errors
    /// If the plugin says that it failed.
    pub fn process(&self, input: &[f32], values: &[(u32, u32, f64)]) -> Result<Vec<f32>> {
        self.process_at(-1, input, values)
    }

    /// [`Self::process`] at a steady time of the host's; negative: unknown.
    ///
    /// # Errors
    /// As there.
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
        let (given, told) = (events.input(), events.output());
        let block = clap_process {
            steady_time,
            frames_count: len as u32,
            transport: std::ptr::null(),
            audio_inputs: inputs.as_ptr(),
            audio_outputs: &raw mut out_port,
            audio_inputs_count: 2,
            audio_outputs_count: 1,
            in_events: &raw const given,
            out_events: &raw const told,
        };
        let status = self.as_audio(|| Ok(call!(self.table(), process, self.plugin, &raw const block)))?;
        ensure!(status != CLAP_PROCESS_ERROR, "process");
        let [left, _] = output;
        Ok(left)
    }

    /// This thread is the audio thread during `work`.
    pub(super) fn as_audio<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        // SAFETY: the host is alive.
        let audio = unsafe { &(*self.host).audio };
        let before = audio.replace(true);
        let result = work();
        audio.set(before);
        result
    }

    /// Opens the editor in an X11 window.
    ///
    /// # Errors
    /// If it refuses.
    pub fn open_editor(&self, window: u32) -> Result<()> {
        let gui: &clap_plugin_gui = self.extension(CLAP_EXT_GUI)?;
        let api = CLAP_WINDOW_API_X11.as_ptr();
        ensure!(call!(gui, create, self.plugin, api, false), "gui.create");
        let parent = clap_window {
            api,
            specific: clap_window_handle { x11: window.into() },
        };
        ensure!(
            call!(gui, set_parent, self.plugin, &raw const parent),
            "gui.set_parent"
        );
        ensure!(call!(gui, show, self.plugin), "gui.show");
        Ok(())
    }

    /// Its size in pixels.
    ///
    /// # Errors
    /// If it has no editor.
    pub fn editor_size(&self) -> Result<[u32; 2]> {
        let gui: &clap_plugin_gui = self.extension(CLAP_EXT_GUI)?;
        let [mut width, mut height] = [0, 0];
        let told = call!(gui, get_size, self.plugin, &raw mut width, &raw mut height);
        ensure!(told, "gui.get_size");
        Ok([width, height])
    }

    /// Gives it another size.
    ///
    /// # Errors
    /// If it has no editor.
    pub fn size_editor(&self, width: u32, height: u32) -> Result<bool> {
        let gui: &clap_plugin_gui = self.extension(CLAP_EXT_GUI)?;
        Ok(call!(gui, set_size, self.plugin, width, height))
    }

    /// Closes the editor.
    ///
    /// # Errors
    /// If it has none.
    pub fn close_editor(&self) -> Result<()> {
        let gui: &clap_plugin_gui = self.extension(CLAP_EXT_GUI)?;
        call!(gui, destroy, self.plugin);
        Ok(())
    }
}
