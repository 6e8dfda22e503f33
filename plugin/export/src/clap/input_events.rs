//! Gap of nice-plug 0.4.2: it does not validate the host's event list. A null event in
//! `params.flush`, an event that is shorter than its type, or a list without functions
//! crashes the host, and an event after the block's last sample makes nice-plug read beyond the
//! host's buffers.
//!
//! So nice-plug gets a list that wraps the host's: events that are null or too short are replaced by
//! events of an unknown type, which nice-plug ignores, and late events move to the last sample.
//!
//! To delete once nice-plug checks events itself: this file, and its use in `block.rs`
//! and `instance.rs`.

use clap_sys::events::{
    CLAP_CORE_EVENT_SPACE_ID, CLAP_EVENT_MIDI, CLAP_EVENT_MIDI_SYSEX, CLAP_EVENT_MIDI2,
    CLAP_EVENT_NOTE_CHOKE, CLAP_EVENT_NOTE_END, CLAP_EVENT_NOTE_EXPRESSION, CLAP_EVENT_NOTE_OFF,
    CLAP_EVENT_NOTE_ON, CLAP_EVENT_PARAM_MOD, CLAP_EVENT_PARAM_VALUE, CLAP_EVENT_TRANSPORT,
    clap_event_header, clap_event_midi, clap_event_midi_sysex, clap_event_midi2, clap_event_note,
    clap_event_note_expression, clap_event_param_mod, clap_event_param_value, clap_event_transport,
    clap_input_events,
};
use std::cell::Cell;
use std::ffi::c_void;

/// Capacity for a moved event, in `u64`s: more than any type of event needs.
const MAX_EVENT_U64S: usize = 12;

/// An event of an unknown type, which is ignored.
const NO_EVENT: clap_event_header = clap_event_header {
    size: 16,
    time: 0,
    space_id: u16::MAX,
    type_: u16::MAX,
    flags: 0,
};

/// Wraps a host's list of input events.
///
/// # Real-time
/// Lives on the stack of one call.
pub(super) struct InputEvents {
    host: *const clap_input_events,
    /// The latest sample allowed for an event.
    last: u32,
    /// A copy of the newest event that was moved.
    moved: Cell<[u64; MAX_EVENT_U64S]>,
    nothing: clap_event_header,
}

impl InputEvents {
    /// For a block of `len` samples, with the host's list, which may be null.
    pub fn new(host: *const clap_input_events, len: u32) -> Self {
        Self {
            host,
            last: len.saturating_sub(1),
            moved: Cell::new([0; MAX_EVENT_U64S]),
            nothing: NO_EVENT,
        }
    }

    /// The list for nice-plug; valid as long as `self` stays where it is.
    pub fn list(&self) -> clap_input_events {
        clap_input_events {
            ctx: std::ptr::from_ref(self).cast::<c_void>().cast_mut(),
            size: Some(size),
            get: Some(get),
        }
    }

    /// Number of events; 0 for a list that is null or lacks a function.
    ///
    /// # Safety
    /// The host's list must be null or alive.
    unsafe fn size(&self) -> u32 {
        // SAFETY: the caller's promise.
        let list = unsafe { self.host.as_ref() }.filter(|list| list.get.is_some());
        match list.and_then(|list| list.size) {
            // SAFETY: the host's function on its own list.
            Some(size) => unsafe { size(self.host) },
            None => 0,
        }
    }

    /// # Safety
    /// As [`Self::size`].
    unsafe fn get(&self, index: u32) -> *const clap_event_header {
        // SAFETY: the caller's promise.
        let Some(get) = (unsafe { self.host.as_ref() }).and_then(|list| list.get) else {
            return &raw const self.nothing;
        };
        // SAFETY: the host's function on its own list.
        let event = unsafe { get(self.host, index) };
        // SAFETY: null or an event, which begins with a header and lives during the call.
        let Some(header) = (unsafe { event.as_ref() }) else {
            return &raw const self.nothing;
        };
        let Some(least) = size_of_kind(header) else {
            return &raw const self.nothing;
        };
        if (header.size as usize) < least {
            return &raw const self.nothing;
        }
        if header.time <= self.last {
            return event;
        }
        // nice-plug keeps a pointer to the transport beyond the call.
        if header.type_ == CLAP_EVENT_TRANSPORT || least > size_of_val(&self.moved) {
            return &raw const self.nothing;
        }
        // SAFETY: `least` bytes fit, and the event has as many.
        unsafe {
            let moved = self.moved.as_ptr().cast::<u8>();
            moved.copy_from_nonoverlapping(event.cast(), least);
            (*moved.cast::<clap_event_header>()).time = self.last;
        }
        self.moved.as_ptr().cast()
    }
}

/// Number of bytes that nice-plug reads of an event of this type; `None` if it reads none.
fn size_of_kind(header: &clap_event_header) -> Option<usize> {
    if header.space_id != CLAP_CORE_EVENT_SPACE_ID {
        return None;
    }
    Some(match header.type_ {
        CLAP_EVENT_NOTE_ON | CLAP_EVENT_NOTE_OFF | CLAP_EVENT_NOTE_CHOKE | CLAP_EVENT_NOTE_END => {
            size_of::<clap_event_note>()
        }
        CLAP_EVENT_NOTE_EXPRESSION => size_of::<clap_event_note_expression>(),
        CLAP_EVENT_PARAM_VALUE => size_of::<clap_event_param_value>(),
        CLAP_EVENT_PARAM_MOD => size_of::<clap_event_param_mod>(),
        CLAP_EVENT_TRANSPORT => size_of::<clap_event_transport>(),
        CLAP_EVENT_MIDI => size_of::<clap_event_midi>(),
        CLAP_EVENT_MIDI_SYSEX => size_of::<clap_event_midi_sysex>(),
        CLAP_EVENT_MIDI2 => size_of::<clap_event_midi2>(),
        _ => return None,
    })
}

unsafe extern "C" fn size(list: *const clap_input_events) -> u32 {
    // SAFETY: nice-plug passes the list that it got, during a host call.
    unsafe { (*(*list).ctx.cast::<InputEvents>()).size() }
}

unsafe extern "C" fn get(list: *const clap_input_events, index: u32) -> *const clap_event_header {
    // SAFETY: as above.
    unsafe { (*(*list).ctx.cast::<InputEvents>()).get(index) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ptr::null;

    fn value_event(time: u32, size: usize) -> clap_event_param_value {
        clap_event_param_value {
            header: clap_event_header {
                size: u32::try_from(size).expect("small"),
                time,
                space_id: CLAP_CORE_EVENT_SPACE_ID,
                type_: CLAP_EVENT_PARAM_VALUE,
                flags: 0,
            },
            param_id: 7,
            cookie: std::ptr::null_mut(),
            note_id: -1,
            port_index: -1,
            channel: -1,
            key: -1,
            value: 0.5,
        }
    }

    unsafe extern "C" fn host_size(list: *const clap_input_events) -> u32 {
        // SAFETY: the test's own list.
        let events = unsafe { &*(*list).ctx.cast::<Vec<*const clap_event_header>>() };
        u32::try_from(events.len()).expect("a few")
    }

    unsafe extern "C" fn host_get(list: *const clap_input_events, index: u32) -> *const clap_event_header {
        // SAFETY: as above.
        let events = unsafe { &*(*list).ctx.cast::<Vec<*const clap_event_header>>() };
        events[index as usize]
    }

    #[test]
    fn null_and_short_events_get_an_unknown_type_and_late_ones_the_last_sample() {
        let whole = size_of::<clap_event_param_value>();
        let (early, late, short) = (
            value_event(3, whole),
            value_event(900, whole),
            value_event(3, whole - 1),
        );
        let mut events: Vec<*const clap_event_header> = vec![
            &raw const early.header,
            null(),
            &raw const late.header,
            &raw const short.header,
        ];
        let host = clap_input_events {
            ctx: (&raw mut events).cast(),
            size: Some(host_size),
            get: Some(host_get),
        };
        let input = InputEvents::new(&raw const host, 64);
        let list = input.list();
        // SAFETY: all of it lives here.
        unsafe {
            assert_eq!(size(&raw const list), 4);
            assert_eq!(get(&raw const list, 0), &raw const early.header);
            for of_no_kind in [1, 3] {
                assert_eq!((*get(&raw const list, of_no_kind)).space_id, u16::MAX);
            }
            let moved = &*get(&raw const list, 2).cast::<clap_event_param_value>();
            assert_eq!((moved.header.time, moved.param_id, moved.value), (63, 7, 0.5));
        }
    }

    #[test]
    fn lists_that_are_null_or_lack_a_function_are_empty() {
        let incomplete = clap_input_events {
            ctx: std::ptr::null_mut(),
            size: Some(host_size),
            get: None,
        };
        for host in [null(), &raw const incomplete] {
            // SAFETY: null or alive.
            assert_eq!(unsafe { InputEvents::new(host, 64).size() }, 0);
        }
    }
}
