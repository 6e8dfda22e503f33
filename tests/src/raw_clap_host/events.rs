//! A block's event lists. Every read and write is reported to the host's state, as a [`HostCall`].

use super::state::{HostCall, HostState};
use clap_sys::events::{
    CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_PARAM_VALUE, clap_event_header, clap_event_param_value,
    clap_input_events, clap_output_events,
};
use std::ffi::c_void;

/// Parameter values for the plugin, in order of time. What it writes is only reported.
pub(super) struct Events {
    events: Vec<clap_event_param_value>,
    host: *const HostState,
}

impl Events {
    /// From (sample, id, value).
    pub fn new(host: *const HostState, values: &[(u32, u32, f64)]) -> Self {
        let event = |&(time, param_id, value): &(u32, u32, f64)| clap_event_param_value {
            header: clap_event_header {
                size: size_of::<clap_event_param_value>() as u32,
                time,
                space_id: CLAP_CORE_EVENT_SPACE_ID,
                type_: CLAP_EVENT_PARAM_VALUE,
                flags: 0,
            },
            param_id,
            cookie: std::ptr::null_mut(),
            note_id: -1,
            port_index: -1,
            channel: -1,
            key: -1,
            value,
        };
        Self {
            events: values.iter().map(event).collect(),
            host,
        }
    }

    /// The list that the plugin reads; valid as long as `self` is not moved.
    pub fn input(&self) -> clap_input_events {
        clap_input_events {
            ctx: self.context(),
            size: Some(size),
            get: Some(get),
        }
    }

    /// The list that the plugin writes; valid as long as `self` is not moved.
    pub fn output(&self) -> clap_output_events {
        clap_output_events {
            ctx: self.context(),
            try_push: Some(try_push),
        }
    }

    fn context(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    fn called(&self, call: HostCall) {
        // SAFETY: the host outlives every call into the plugin.
        unsafe { &*self.host }.called(call);
    }
}

unsafe extern "C" fn size(list: *const clap_input_events) -> u32 {
    // SAFETY: the list is one of ours, alive during the call.
    unsafe { (*(*list).ctx.cast::<Events>()).events.len() as u32 }
}

unsafe extern "C" fn get(list: *const clap_input_events, index: u32) -> *const clap_event_header {
    // SAFETY: the list is one of ours, alive during the call.
    let events = unsafe { &*(*list).ctx.cast::<Events>() };
    events.called(HostCall::EventRead);
    let event = events.events.get(index as usize);
    event.map_or(std::ptr::null(), |event| &raw const event.header)
}

unsafe extern "C" fn try_push(list: *const clap_output_events, _event: *const clap_event_header) -> bool {
    // SAFETY: the list is one of ours, alive during the call.
    let events = unsafe { &*(*list).ctx.cast::<Events>() };
    events.called(HostCall::EventWritten);
    true
}
