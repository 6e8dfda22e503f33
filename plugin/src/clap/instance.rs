//! One instance: nice-plug's object, and what is added to it.

use super::outputs::Outputs;
use super::reentry::Reentry;
use crate::plugin::Voxmeld;
use crate::timeline::{Timeline, take_newest};
use clap_sys::events::{clap_input_events, clap_output_events};
use clap_sys::ext::gui::{CLAP_EXT_GUI, clap_plugin_gui};
use clap_sys::ext::params::{CLAP_EXT_PARAMS, CLAP_PARAM_IS_READONLY, clap_param_info, clap_plugin_params};
use clap_sys::process::{CLAP_PROCESS_ERROR, clap_process, clap_process_status};
use nice_plug::wrapper::clap::{Wrapper, clap_host, clap_plugin};
use std::ffi::{CStr, c_char, c_void};
use std::sync::Arc;

/// What the host gets a pointer to. nice-plug's functions find their object by
/// `plugin.plugin_data` and by nothing else, so they work on this one as well.
#[repr(C)]
struct Instance {
    /// First, so that a pointer to it is one to all.
    plugin: clap_plugin,
    /// nice-plug's functions.
    inner: clap_plugin,
    inner_params: clap_plugin_params,
    params: clap_plugin_params,
    /// nice-plug's `gui.destroy`, and what the host gets in its place.
    inner_gui_destroy: Option<unsafe extern "C" fn(*const clap_plugin)>,
    gui: Option<clap_plugin_gui>,
    reentry: Reentry,
    timeline: Arc<Timeline>,
    /// Ids of the parameters that the plugin tells: ratio, confidence.
    output_ids: [u32; 2],
}

/// Names of the parameters that the plugin tells, in the order of [`Outputs`].
const OUTPUTS: [&str; 2] = ["Ratio applied", "Confidence"];

/// Makes an instance for a host; null if nice-plug lacks what it always has.
///
/// # Safety
/// `host` must be a host's object that outlives the instance.
pub(super) unsafe fn create(host: *const clap_host) -> *const clap_plugin {
    // SAFETY: the caller's promise. nice-plug's `destroy` takes this reference back.
    let wrapper = Arc::into_raw(unsafe { Wrapper::<Voxmeld>::new(host) });
    // SAFETY: just made, and nobody else has it.
    let given = unsafe { (*wrapper).clap_plugin.as_ptr() };
    // SAFETY: initialised by the constructor.
    let inner = unsafe { *given };
    let timeline = take_newest();
    // SAFETY: `given` is nice-plug's own object, and the types are the extensions'.
    let (params, gui) = unsafe {
        (
            extension_of::<clap_plugin_params>(given, &inner, CLAP_EXT_PARAMS),
            extension_of::<clap_plugin_gui>(given, &inner, CLAP_EXT_GUI),
        )
    };
    let (Some(timeline), Some(inner_params)) = (timeline, params) else {
        if let Some(destroy) = inner.destroy {
            // SAFETY: made above, known to nobody.
            unsafe { destroy(given) };
        }
        return std::ptr::null();
    };
    // SAFETY: as above.
    let output_ids = OUTPUTS.map(|name| unsafe { id_of(given, &inner_params, name) });
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
        reentry: Reentry::default(),
        timeline,
        output_ids,
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

/// The id that nice-plug made for a parameter of this name; 0 if there is none.
///
/// # Safety
/// As [`extension_of`].
unsafe fn id_of(plugin: *const clap_plugin, params: &clap_plugin_params, name: &str) -> u32 {
    let (Some(count), Some(get_info)) = (params.count, params.get_info) else {
        return 0;
    };
    // SAFETY: the caller's promise.
    let count = unsafe { count(plugin) };
    (0..count)
        .find_map(|index| {
            // SAFETY: all zero is a valid description: numbers, characters and a pointer.
            let mut info: clap_param_info = unsafe { std::mem::zeroed() };
            // SAFETY: the caller's promise; `info` outlives the call.
            let told = unsafe { get_info(plugin, index, &raw mut info) };
            // SAFETY: nice-plug ends the name with a zero.
            let same = told && unsafe { CStr::from_ptr(info.name.as_ptr()) }.to_bytes() == name.as_bytes();
            same.then_some(info.id)
        })
        .unwrap_or(0)
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
    let Some(_events) = instance.reentry.events() else {
        return CLAP_PROCESS_ERROR;
    };
    instance.timeline.begin_block();
    let outputs = Outputs::new(&instance.timeline, instance.output_ids, given.out_events);
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
    let (Some(count), Some(inner)) = (instance.inner_params.count, instance.inner_params.get_info) else {
        return false;
    };
    // nice-plug lets the index one past the end through and panics.
    // SAFETY: passed on under the same contract.
    if index >= unsafe { count(plugin) } || !unsafe { inner(plugin, index, info) } {
        return false;
    }
    // SAFETY: nice-plug has written to it, so it is not null.
    let info = unsafe { &mut *info };
    if instance.output_ids.contains(&info.id) {
        info.flags = CLAP_PARAM_IS_READONLY;
    }
    true
}

unsafe extern "C" fn flush(
    plugin: *const clap_plugin,
    given: *const clap_input_events,
    told: *const clap_output_events,
) {
    // SAFETY: the host's pointer to this instance.
    let instance = unsafe { instance(plugin) };
    if let (Some(inner), Some(_events)) = (instance.inner_params.flush, instance.reentry.events()) {
        // SAFETY: passed on under the same contract.
        unsafe { inner(plugin, given, told) };
    }
}

unsafe extern "C" fn on_main_thread(plugin: *const clap_plugin) {
    // SAFETY: the host's pointer to this instance.
    let instance = unsafe { instance(plugin) };
    instance.reentry.on_main_thread(
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
        && !instance.reentry.puts_off_destroying_the_editor()
    {
        // SAFETY: passed on under the same contract.
        unsafe { destroy(plugin) };
    }
}
