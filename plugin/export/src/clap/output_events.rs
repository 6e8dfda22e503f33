//! Gap of nice-plug 0.4.2: it sends the host only the parameter values that the editor
//! sets. Here the values that the plugin publishes are sent too, at
//! the samples from which they apply, merged with nice-plug's events in order of time.
//!
//! To delete once nice-plug lets a plugin send parameter values from `process`:
//! this file, and its use in `block.rs` and `instance.rs`.

use crate::bridge::OutputQueue;
use clap_sys::events::{
    CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_PARAM_VALUE, clap_event_header, clap_event_param_value,
    clap_output_events,
};
use std::cell::Cell;
use std::ffi::c_void;

/// Wraps the host's list of output events: events must be in order of
/// time, so before each of nice-plug's events the published values that are
/// due are sent.
///
/// # Real-time
/// Lives on the stack of one `process` call.
pub(super) struct OutputEvents<'a> {
    outputs: &'a OutputQueue,
    /// Numeric ids of the output parameters; values of a `None` are not sent.
    ids: &'a [Option<u32>],
    host: *const clap_output_events,
    /// Number of values of the queue that have been sent.
    sent: Cell<usize>,
}

impl<'a> OutputEvents<'a> {
    /// For one block. The host's list may be null.
    pub fn new(outputs: &'a OutputQueue, ids: &'a [Option<u32>], host: *const clap_output_events) -> Self {
        Self {
            outputs,
            ids,
            host,
            sent: Cell::new(0),
        }
    }

    /// The list for nice-plug; valid as long as `self` is.
    pub fn list(&self) -> clap_output_events {
        clap_output_events {
            ctx: std::ptr::from_ref(self).cast::<c_void>().cast_mut(),
            try_push: Some(try_push),
        }
    }

    /// Sends the block's remaining values.
    pub fn send_rest(&self) {
        self.send_until(u32::MAX);
    }

    /// Sends the values at offsets up to and including `last`.
    fn send_until(&self, last: u32) {
        while let Some(value) = self.outputs.get(self.sent.get()) {
            if value.offset > last {
                return;
            }
            self.sent.set(self.sent.get() + 1);
            let Some(&Some(id)) = self.ids.get(value.output) else {
                continue;
            };
            let event = value_event(value.offset, id, value.value);
            // If the host's list is full the event is lost, like any other.
            // SAFETY: the event outlives the call.
            unsafe { self.push(&raw const event.header) };
        }
    }

    /// # Safety
    /// `event` must be a whole event, alive during the call.
    unsafe fn push(&self, event: *const clap_event_header) -> bool {
        // SAFETY: null or the host's list, alive during its `process` call.
        let Some(try_push) = (unsafe { self.host.as_ref() }).and_then(|host| host.try_push) else {
            return false;
        };
        // SAFETY: the host's function on its own list.
        unsafe { try_push(self.host, event) }
    }
}

unsafe extern "C" fn try_push(list: *const clap_output_events, event: *const clap_event_header) -> bool {
    // SAFETY: nice-plug passes the list and events that it was given or made.
    let (outputs, time) = unsafe { (&*(*list).ctx.cast::<OutputEvents>(), (*event).time) };
    outputs.send_until(time);
    // SAFETY: as above.
    unsafe { outputs.push(event) }
}

#[expect(clippy::cast_possible_truncation, reason = "some fifty bytes")]
const EVENT_SIZE: u32 = size_of::<clap_event_param_value>() as u32;

/// A normalised value of a parameter, for all notes.
fn value_event(time: u32, id: u32, value: f32) -> clap_event_param_value {
    clap_event_param_value {
        header: clap_event_header {
            size: EVENT_SIZE,
            time,
            space_id: CLAP_CORE_EVENT_SPACE_ID,
            type_: CLAP_EVENT_PARAM_VALUE,
            flags: 0,
        },
        param_id: id,
        cookie: std::ptr::null_mut(),
        note_id: -1,
        port_index: -1,
        channel: -1,
        key: -1,
        value: f64::from(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::Shared;
    use std::cell::RefCell;

    /// Records (time, parameter) of each pushed event.
    unsafe extern "C" fn keep(list: *const clap_output_events, event: *const clap_event_header) -> bool {
        // SAFETY: the test's own list, and events of one kind only.
        unsafe {
            let seen = &*(*list).ctx.cast::<RefCell<Vec<(u32, u32)>>>();
            let value = &*event.cast::<clap_event_param_value>();
            seen.borrow_mut().push((value.header.time, value.param_id));
        }
        true
    }

    /// A block that began at 0, with values of two outputs at each position.
    fn published(positions: &[u64]) -> Shared {
        let shared = Shared::default();
        shared.begin_block();
        for &position in positions {
            shared.publish(position, &[0.5, 0.5]);
        }
        shared
    }

    #[test]
    fn published_values_and_nice_plugs_events_are_sent_in_order_of_time() {
        let seen: RefCell<Vec<(u32, u32)>> = RefCell::default();
        let host = clap_output_events {
            ctx: (&raw const seen).cast_mut().cast(),
            try_push: Some(keep),
        };
        let shared = published(&[10, 30, 50]);
        let outputs = OutputEvents::new(&shared.outputs, &[Some(1), Some(2)], &raw const host);
        let list = outputs.list();
        for time in [0, 30, 40] {
            let event = value_event(time, 9, 0.0);
            // SAFETY: both live.
            assert!(unsafe { try_push(&raw const list, &raw const event.header) });
        }
        outputs.send_rest();
        let expected = [
            (0, 9),
            (10, 1),
            (10, 2),
            (30, 1),
            (30, 2),
            (30, 9),
            (40, 9),
            (50, 1),
            (50, 2),
        ];
        assert_eq!(*seen.borrow(), expected);
    }

    #[test]
    fn output_without_an_id_is_not_sent() {
        let seen: RefCell<Vec<(u32, u32)>> = RefCell::default();
        let host = clap_output_events {
            ctx: (&raw const seen).cast_mut().cast(),
            try_push: Some(keep),
        };
        let shared = published(&[10]);
        OutputEvents::new(&shared.outputs, &[None, Some(2)], &raw const host).send_rest();
        assert_eq!(*seen.borrow(), [(10, 2)]);
    }

    #[test]
    fn null_event_list_of_the_host_is_not_written_to() {
        let shared = published(&[0]);
        OutputEvents::new(&shared.outputs, &[Some(1), Some(2)], std::ptr::null()).send_rest();
    }
}
