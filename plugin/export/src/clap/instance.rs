//! One instance: nice-plug's object, and what is added to it.

use super::output_events::OutputEvents;
use super::param_info::ParamInfo;
use super::reentrancy::Reentrancy;
use crate::ExportedPlugin;
use crate::bridge::Shared;
use crate::bridge::construction::{Format, construct};
use crate::param_order::index_of;
use clap_sys::events::{clap_input_events, clap_output_events};
use clap_sys::ext::gui::{CLAP_EXT_GUI, clap_plugin_gui};
use clap_sys::ext::params::{CLAP_EXT_PARAMS, clap_param_info, clap_plugin_params};
use clap_sys::process::{CLAP_PROCESS_ERROR, clap_process, clap_process_status};
use nice_plug::wrapper::clap::{Wrapper, clap_host, clap_plugin};
use std::ffi::{CStr, c_char, c_void};
use std::sync::Arc;

/// What the host gets a pointer to. nice-plug's functions find their object by
/// `plugin.plugin_data` and by nothing else, so they work on this one as well.
#[repr(C)]
struct Instance {
    /// First, so that a pointer to it is one to the whole.
    plugin: clap_plugin,
    /// nice-plug's functions.
    inner: clap_plugin,
    inner_params: clap_plugin_params,
    params: clap_plugin_params,
    /// nice-plug's `gui.destroy`, and the extension that the host gets in its place.
    inner_gui_destroy: Option<unsafe extern "C" fn(*const clap_plugin)>,
    gui: Option<clap_plugin_gui>,
    reentrancy: Reentrancy,
    param_info: ParamInfo,
    shared: Arc<Shared>,
}

/// Makes an instance for a host; null if the plugin made no bridge, or nice-plug
/// lacks the extension that it always has.
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
    // SAFETY: just made, and nobody else has it.
    let given = unsafe { (*wrapper).clap_plugin.as_ptr() };
    // SAFETY: initialised by the constructor.
    let inner = unsafe { *given };
    // SAFETY: `given` is nice-plug's own object, and the types are the extensions'.
    let (params, gui) = unsafe {
        (
            extension_of::<clap_plugin_params>(given, &inner, CLAP_EXT_PARAMS),
            extension_of::<clap_plugin_gui>(given, &inner, CLAP_EXT_GUI),
        )
    };
    let (Some(constructed), Some(inner_params)) = (constructed, params) else {
        if let Some(destroy) = inner.destroy {
            // SAFETY: made above, known to nobody.
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
            process: Some(process),
            get_extension: Some(get_extension),
            on_main_thread: Some(on_main_thread),
            ..inner
        },
        inner,
        inner_params,
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
        reentrancy: Reentrancy::default(),
        param_info,
        shared: constructed.shared,
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
        // SAFETY: reads `plugin_data` and nothing after its own object is gone.
        unsafe { destroy(&raw const instance.plugin) };
    }
}

/// # Real-time
/// Atomics, and the host's own list.
unsafe extern "C" fn process(
    plugin: *const clap_plugin,
    process: *const clap_process,
) -> clap_process_status {
    // SAFETY: the host's pointer to this instance.
    let instance = unsafe { instance(plugin) };
    // SAFETY: null or the host's, alive during the call.
    let (Some(inner), Some(given)) = (instance.inner.process, unsafe { process.as_ref() }) else {
        return CLAP_PROCESS_ERROR;
    };
    let Some(_events) = instance.reentrancy.lock_events() else {
        return CLAP_PROCESS_ERROR;
    };
    instance.shared.begin_block();
    let ids = instance.param_info.output_ids();
    let outputs = OutputEvents::new(&instance.shared.outputs, ids, given.out_events);
    let mut passed = *given;
    let list = outputs.list();
    if !given.out_events.is_null() {
        passed.out_events = &raw const list;
    }
    // SAFETY: the host's data with a list that is alive during the call.
    let status = unsafe { inner(plugin, &raw const passed) };
    outputs.send_rest();
    status
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
    match instance.inner.get_extension {
        // SAFETY: passed on under the same contract.
        Some(inner) => unsafe { inner(plugin, id) },
        None => std::ptr::null(),
    }
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
    if let (Some(inner), Some(_events)) = (instance.inner_params.flush, instance.reentrancy.lock_events()) {
        // SAFETY: passed on under the same contract.
        unsafe { inner(plugin, input, output) };
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
                // SAFETY: asked for by the host, on its main thread.
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
