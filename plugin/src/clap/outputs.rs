//! What the plugin tells, among the events that nice-plug sends.

use crate::timeline::Timeline;
use clap_sys::events::{
    CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_PARAM_VALUE, clap_event_header, clap_event_param_value,
    clap_output_events,
};
use std::cell::Cell;
use std::ffi::c_void;

/// A list of output events around the host's own: hosts want events in order of
/// time, so before each that nice-plug sends come those of ours that are due.
///
/// # Real-time
/// Lives on the stack of one `process` call.
pub(super) struct Outputs<'a> {
    timeline: &'a Timeline,
    ids: [u32; 2],
    host: *const clap_output_events,
    /// Frames that were sent.
    sent: Cell<usize>,
}

impl<'a> Outputs<'a> {
    /// For a block that writes to the host's list, which may be null. `ids` are
    /// those of the ratio that was applied and of the confidence.
    pub fn new(timeline: &'a Timeline, ids: [u32; 2], host: *const clap_output_events) -> Self {
        Self {
            timeline,
            ids,
            host,
            sent: Cell::new(0),
        }
    }

    /// The list to be handed to nice-plug; valid as long as `self` is.
    pub fn list(&self) -> clap_output_events {
        clap_output_events {
            ctx: std::ptr::from_ref(self).cast::<c_void>().cast_mut(),
            try_push: Some(try_push),
        }
    }

    /// Sends what is left of the block.
    pub fn send_rest(&self) {
        self.send_until(u32::MAX);
    }

    /// Sends the frames that are heard up to (and with) sample `last`.
    fn send_until(&self, last: u32) {
        while let Some(heard) = self.timeline.heard(self.sent.get()) {
            if heard.offset > last {
                return;
            }
            self.sent.set(self.sent.get() + 1);
            for (id, value) in self.ids.into_iter().zip([heard.ratio, heard.confidence]) {
                let event = value_event(heard.offset, id, value);
                // A host whose list is full loses it, as it would any other.
                // SAFETY: the event outlives the call.
                unsafe { self.push(&raw const event.header) };
            }
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
    let (outputs, time) = unsafe { (&*(*list).ctx.cast::<Outputs>(), (*event).time) };
    outputs.send_until(time);
    // SAFETY: as above.
    unsafe { outputs.push(event) }
}

#[expect(clippy::cast_possible_truncation, reason = "some fifty bytes")]
const EVENT_SIZE: u32 = size_of::<clap_event_param_value>() as u32;

/// A value (0..=1) of a parameter, for all notes.
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
        value: f64::from(value.clamp(0.0, 1.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use voxmeld_core::rt::Told;

    /// Keeps (time, parameter) of what is pushed.
    unsafe extern "C" fn keep(list: *const clap_output_events, event: *const clap_event_header) -> bool {
        // SAFETY: the test's own list, and events of one kind only.
        unsafe {
            let seen = &*(*list).ctx.cast::<RefCell<Vec<(u32, u32)>>>();
            let value = &*event.cast::<clap_event_param_value>();
            seen.borrow_mut().push((value.header.time, value.param_id));
        }
        true
    }

    #[test]
    fn what_is_told_comes_in_order_with_what_nice_plug_sends() {
        let seen: RefCell<Vec<(u32, u32)>> = RefCell::default();
        let host = clap_output_events {
            ctx: (&raw const seen).cast_mut().cast(),
            try_push: Some(keep),
        };
        let timeline = Timeline::default();
        timeline.begin_block();
        for position in [10, 30, 50] {
            timeline.tell(&Told {
                position,
                ratio: 0.5,
                confidence: 0.5,
            });
        }
        let outputs = Outputs::new(&timeline, [1, 2], &raw const host);
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
    fn a_host_without_a_list_is_sent_nothing() {
        let timeline = Timeline::default();
        timeline.begin_block();
        let told = Told {
            position: 0,
            ratio: 1.0,
            confidence: 1.0,
        };
        timeline.tell(&told);
        Outputs::new(&timeline, [1, 2], std::ptr::null()).send_rest();
    }
}
