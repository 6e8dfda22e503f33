//! One instance: nice-plug's object, and what is added to it.

use super::channels::silence;
use super::input_events::InputEvents;
use super::output_events::OutputEvents;
use super::param_info::ParamInfo;
use super::reentrancy::Reentrancy;
use super::render_mode;
use crate::ExportedPlugin;
use crate::block::{Buffers, Continuity, Gate};
use crate::bridge::Shared;
use crate::bridge::construction::{Format, construct};
use crate::param_order::index_of;
use clap_sys::events::{clap_input_events, clap_output_events};
use clap_sys::ext::audio_ports::{CLAP_EXT_AUDIO_PORTS, clap_audio_port_info, clap_plugin_audio_ports};
use clap_sys::ext::gui::{CLAP_EXT_GUI, clap_plugin_gui};
use clap_sys::ext::params::{CLAP_EXT_PARAMS, clap_param_info, clap_plugin_params};
use clap_sys::ext::render::{CLAP_EXT_RENDER, clap_plugin_render, clap_plugin_render_mode};
use clap_sys::process::{CLAP_PROCESS_ERROR, clap_process, clap_process_status};
use nice_plug::nice_error;
use nice_plug::wrapper::clap::{Wrapper, clap_host, clap_plugin};
use std::ffi::{CStr, c_char, c_void};
use std::sync::Arc;

/// The object that the host gets a pointer to. nice-plug's functions find their object only by
/// `plugin.plugin_data`, so they work with this one too.
#[repr(C)]
pub(super) struct Instance {
    /// First field, so that a pointer to it is a pointer to the instance.
    plugin: clap_plugin,
    /// nice-plug's functions.
    pub(super) inner: clap_plugin,
    inner_params: clap_plugin_params,
    inner_audio_ports: Option<clap_plugin_audio_ports>,
    params: clap_plugin_params,
    /// nice-plug's `gui.destroy`, and the extension that the host gets instead.
    inner_gui_destroy: Option<unsafe extern "C" fn(*const clap_plugin)>,
    gui: Option<clap_plugin_gui>,
    /// nice-plug's render extension, and the one that the host gets instead.
    inner_render: Option<clap_plugin_render>,
    render: Option<clap_plugin_render>,
    reentrancy: Reentrancy,
    pub(super) param_info: ParamInfo,
    pub(super) shared: Arc<Shared>,
    /// Buffers of the blocks; closed during activation and deactivation.
    pub(super) block: Gate<Buffers>,
    pub(super) continuity: Continuity,
}

/// Creates an instance for a host; null if the plugin made no bridge, or nice-plug
/// lacks an extension that it normally has.
///
/// # Safety
/// `host` must be a host's object that outlives the instance.
pub(super) unsafe fn create<P: ExportedPlugin>(host: *const clap_host) -> *const clap_plugin {
    let (wrapper, constructed) = construct::<P, _>(Format::Clap, || {
        // SAFETY: the caller's promise.
        unsafe { Wrapper::<P>::new(host) }
    });
    // nice-plug's `destroy` takes this reference back.
    let wrapper = Arc::into_raw(wrapper);
    // SAFETY: just made, and not shared yet.
    let given = unsafe { (*wrapper).clap_plugin.as_ptr() };
    // SAFETY: initialised by the constructor.
    let inner = unsafe { *given };
    // SAFETY: `given` is nice-plug's own object, and the types are the extensions'.
    let (params, gui, inner_audio_ports, inner_render) = unsafe {
        (
            extension_of::<clap_plugin_params>(given, &inner, CLAP_EXT_PARAMS),
            extension_of::<clap_plugin_gui>(given, &inner, CLAP_EXT_GUI),
            extension_of::<clap_plugin_audio_ports>(given, &inner, CLAP_EXT_AUDIO_PORTS),
            extension_of::<clap_plugin_render>(given, &inner, CLAP_EXT_RENDER),
        )
    };
    let (Some(constructed), Some(inner_params)) = (constructed, params) else {
        if let Some(destroy) = inner.destroy {
            // SAFETY: made above, and not shared yet.
            unsafe { destroy(given) };
        }
        return std::ptr::null();
    };
    let outputs = P::OUTPUT_PARAMS
        .iter()
        .map(|id| index_of(&*constructed.params, id));
    // SAFETY: nice-plug's own object and extension.
    let param_info = unsafe { ParamInfo::new(given, inner_params, outputs) };
    let instance = Box::new(Instance {
        plugin: clap_plugin {
            destroy: Some(destroy),
            activate: Some(activate),
            deactivate: Some(deactivate),
            start_processing: Some(start_processing),
            reset: Some(reset),
            process: Some(process),
            get_extension: Some(get_extension),
            on_main_thread: Some(on_main_thread),
            ..inner
        },
        inner,
        inner_params,
        inner_audio_ports,
        params: clap_plugin_params {
            get_info: Some(get_info),
            flush: Some(flush),
            ..inner_params
        },
        inner_gui_destroy: gui.and_then(|gui| gui.destroy),
        gui: gui.map(|gui| clap_plugin_gui {
            destroy: Some(gui_destroy),
            ..gui
        }),
        inner_render,
        render: inner_render.map(|render| clap_plugin_render {
            set: Some(set_render_mode),
            ..render
        }),
        reentrancy: Reentrancy::default(),
        param_info,
        shared: constructed.shared,
        block: Gate::default(),
        continuity: Continuity::default(),
    });
    Box::into_raw(instance).cast()
}

/// A copy of one of nice-plug's extensions.
///
/// # Safety
/// `plugin` must be nice-plug's object, or one with its `plugin_data`, and `T`
/// the type that belongs to `id`.
unsafe fn extension_of<T: Copy>(plugin: *const clap_plugin, inner: &clap_plugin, id: &CStr) -> Option<T> {
    let get_extension = inner.get_extension?;
    // SAFETY: the caller's promise; the answer is null or a part of the object.
    unsafe { get_extension(plugin, id.as_ptr()).cast::<T>().as_ref() }.copied()
}

/// The instance behind a host's pointer.
///
/// # Safety
/// `plugin` must come from [`create`] and not be destroyed.
unsafe fn instance<'a>(plugin: *const clap_plugin) -> &'a Instance {
    // SAFETY: the caller's promise; the plugin is the instance's first field.
    unsafe { &*plugin.cast::<Instance>() }
}

unsafe extern "C" fn destroy(plugin: *const clap_plugin) {
    // SAFETY: the host destroys what it was given, once.
    let instance = unsafe { Box::from_raw(plugin.cast_mut().cast::<Instance>()) };
    if let Some(destroy) = instance.inner.destroy {
        // SAFETY: reads `plugin_data`, and nothing after its own object has been freed.
        unsafe { destroy(&raw const instance.plugin) };
    }
}

impl Instance {
    /// Channels of the main bus and of the side chain in the current layout.
    ///
    /// # Safety
    /// `plugin` must be the host's pointer to this instance.
    unsafe fn channels(&self, plugin: *const clap_plugin) -> [usize; 2] {
        let channels = |index, is_input| {
            // SAFETY: all zero is a valid description: numbers, characters and a pointer.
            let mut info: clap_audio_port_info = unsafe { std::mem::zeroed() };
            let get = self.inner_audio_ports.and_then(|ports| ports.get);
            // SAFETY: nice-plug's own function; `info` outlives the call.
            let found = get.is_some_and(|get| unsafe { get(plugin, index, is_input, &raw mut info) });
            if found { info.channel_count as usize } else { 0 }
        };
        // nice-plug checks the index, but logs an error if there is no such port.
        let count = self.inner_audio_ports.and_then(|ports| ports.count);
        // SAFETY: nice-plug's own function.
        let inputs = count.map_or(0, |count| unsafe { count(plugin, true) });
        [channels(0, false), if inputs > 1 { channels(1, true) } else { 0 }]
    }

    /// Makes nice-plug reset the plugin.
    ///
    /// # Real-time
    /// As real-time safe as nice-plug.
    ///
    /// # Safety
    /// `plugin` must be the host's pointer to this instance.
    pub(super) unsafe fn start_over(&self, plugin: *const clap_plugin) {
        if let Some(reset) = self.inner.reset {
            // SAFETY: the caller's promise.
            self.shared.start_over(|| unsafe { reset(plugin) });
        }
    }

    /// Passes events to nice-plug without audio. Not while nice-plug uses its event list.
    ///
    /// # Safety
    /// `plugin` must be the host's pointer to this instance; the lists are null or alive.
    pub(super) unsafe fn flush_to_nice_plug(
        &self,
        plugin: *const clap_plugin,
        input: *const clap_input_events,
        output: *const clap_output_events,
    ) {
        let Some(flush) = self.inner_params.flush else {
            return;
        };
        let events = InputEvents::new(input, 0);
        // The outputs of the newest block have already been sent.
        let outputs = OutputEvents::new(&self.shared.outputs, &[], output);
        let (in_list, out_list) = (events.list(), outputs.list());
        let out_list: *const clap_output_events = if output.is_null() {
            std::ptr::null()
        } else {
            &raw const out_list
        };
        // SAFETY: lists that are alive during the call.
        unsafe { flush(plugin, &raw const in_list, out_list) };
    }
}

unsafe extern "C" fn activate(
    plugin: *const clap_plugin,
    sample_rate: f64,
    min_frames: u32,
    max_frames: u32,
) -> bool {
    // SAFETY: the host's pointer to this instance.
    let instance = unsafe { instance(plugin) };
    let (Some(inner), Some(closed)) = (instance.inner.activate, instance.block.close()) else {
        return false;
    };
    // SAFETY: passed on under the same contract.
    if !unsafe { inner(plugin, sample_rate, min_frames, max_frames) } {
        return false;
    }
    instance.continuity.restart();
    // SAFETY: as above.
    let [main, side] = unsafe { instance.channels(plugin) };
    closed
        .with(|buffers| buffers.prepare(main, side, max_frames as usize))
        .is_some()
}

unsafe extern "C" fn deactivate(plugin: *const clap_plugin) {
    // SAFETY: the host's pointer to this instance.
    let instance = unsafe { instance(plugin) };
    let Some(closed) = instance.block.close() else {
        nice_error!("The plugin stays active: the host deactivated it from inside a block");
        return;
    };
    if let Some(inner) = instance.inner.deactivate {
        // SAFETY: passed on under the same contract.
        unsafe { inner(plugin) };
    }
    closed.with(Buffers::clear);
}

unsafe extern "C" fn start_processing(plugin: *const clap_plugin) -> bool {
    // SAFETY: the host's pointer to this instance.
    let instance = unsafe { instance(plugin) };
    instance.continuity.start();
    // SAFETY: passed on under the same contract.
    instance
        .inner
        .start_processing
        .is_some_and(|inner| unsafe { inner(plugin) })
}

unsafe extern "C" fn reset(plugin: *const clap_plugin) {
    // SAFETY: the host's pointer to this instance.
    let instance = unsafe { instance(plugin) };
    instance.continuity.restart();
    // SAFETY: passed on under the same contract.
    unsafe { instance.start_over(plugin) };
}

/// # Real-time
/// Atomics, copies, and the host's own lists.
unsafe extern "C" fn process(
    plugin: *const clap_plugin,
    process: *const clap_process,
) -> clap_process_status {
    // SAFETY: the host's pointer to this instance.
    let instance = unsafe { instance(plugin) };
    // SAFETY: null or the host's, alive during the call.
    let Some(given) = (unsafe { process.as_ref() }) else {
        return CLAP_PROCESS_ERROR;
    };
    let events = instance.reentrancy.lock_events();
    // SAFETY: passed on under the same contract.
    let played = events.and_then(|_events| unsafe { instance.process_block(plugin, given) });
    match played {
        Some(status) => status,
        None => {
            // SAFETY: as above.
            unsafe { silence(given) };
            CLAP_PROCESS_ERROR
        }
    }
}

unsafe extern "C" fn get_extension(plugin: *const clap_plugin, id: *const c_char) -> *const c_void {
    // SAFETY: the host's pointer to this instance.
    let instance = unsafe { instance(plugin) };
    // SAFETY: hosts pass null or a string.
    if !id.is_null() && unsafe { CStr::from_ptr(id) } == CLAP_EXT_PARAMS {
        return (&raw const instance.params).cast();
    }
    // SAFETY: as above.
    if !id.is_null() && unsafe { CStr::from_ptr(id) } == CLAP_EXT_GUI {
        let gui = instance.gui.as_ref();
        return gui.map_or(std::ptr::null(), |gui| std::ptr::from_ref(gui).cast());
    }
    // SAFETY: as above.
    if !id.is_null() && unsafe { CStr::from_ptr(id) } == CLAP_EXT_RENDER {
        let render = instance.render.as_ref();
        return render.map_or(std::ptr::null(), |render| std::ptr::from_ref(render).cast());
    }
    match instance.inner.get_extension {
        // SAFETY: passed on under the same contract.
        Some(inner) => unsafe { inner(plugin, id) },
        None => std::ptr::null(),
    }
}

unsafe extern "C" fn set_render_mode(plugin: *const clap_plugin, mode: clap_plugin_render_mode) -> bool {
    // SAFETY: the host's pointer to this instance.
    let instance = unsafe { instance(plugin) };
    let inner = instance.inner_render.and_then(|render| render.set);
    // SAFETY: passed on under the same contract.
    let accepted = inner.is_some_and(|inner| unsafe { inner(plugin, mode) });
    if accepted {
        render_mode::publish(&instance.shared, mode);
    }
    accepted
}

unsafe extern "C" fn get_info(plugin: *const clap_plugin, index: u32, info: *mut clap_param_info) -> bool {
    // SAFETY: the host's pointer to this instance.
    let instance = unsafe { instance(plugin) };
    // SAFETY: passed on under the same contract.
    unsafe { instance.param_info.get(plugin, index, info) }
}

unsafe extern "C" fn flush(
    plugin: *const clap_plugin,
    input: *const clap_input_events,
    output: *const clap_output_events,
) {
    // SAFETY: the host's pointer to this instance.
    let instance = unsafe { instance(plugin) };
    if let Some(_events) = instance.reentrancy.lock_events() {
        // SAFETY: passed on under the same contract.
        unsafe { instance.flush_to_nice_plug(plugin, input, output) };
    }
}

unsafe extern "C" fn on_main_thread(plugin: *const clap_plugin) {
    // SAFETY: the host's pointer to this instance.
    let instance = unsafe { instance(plugin) };
    instance.reentrancy.on_main_thread(
        || {
            if let Some(inner) = instance.inner.on_main_thread {
                // SAFETY: passed on under the same contract.
                unsafe { inner(plugin) };
            }
        },
        || {
            if let Some(destroy) = instance.inner_gui_destroy {
                // SAFETY: the host requested this, on its main thread.
                unsafe { destroy(plugin) };
            }
        },
    );
}

unsafe extern "C" fn gui_destroy(plugin: *const clap_plugin) {
    // SAFETY: the host's pointer to this instance.
    let instance = unsafe { instance(plugin) };
    if let Some(destroy) = instance.inner_gui_destroy
        && !instance.reentrancy.defers_destroying_the_editor()
    {
        // SAFETY: passed on under the same contract.
        unsafe { destroy(plugin) };
    }
}
