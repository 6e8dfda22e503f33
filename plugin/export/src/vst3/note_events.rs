//! Gap of nice-plug 0.4.2: it reads an event even if the host's list did not give it, and panics at data without bytes.
//!
//! Here it gets a list of this instance, with copies of those events of the host's that are notes, pressure on a note or a
//! note's expression.
//!
//! To delete once nice-plug checks `getEvent` and ignores data without bytes: this file, and its call in `component/block.rs`.

use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::Event_::EventTypes_::{
    kNoteExpressionValueEvent, kNoteOffEvent, kNoteOnEvent, kPolyPressureEvent,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{Event, IEventList, IEventListTrait};
use nice_plug::wrapper::vst3::vst3::Steinberg::{int32, kInvalidArgument, kResultFalse, kResultOk, tresult};
use nice_plug::wrapper::vst3::vst3::{Class, ComPtr, ComRef, ComWrapper};
use std::cell::RefCell;
use std::ptr::null_mut;

/// Events per block that are passed on; nice-plug's own list has room for as many.
const MAX_EVENTS: usize = 512;

/// The events of a block.
struct List {
    events: RefCell<Vec<Event>>,
}

impl Class for List {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for List {
    unsafe fn getEventCount(&self) -> int32 {
        int32::try_from(self.events.borrow().len()).unwrap_or(0)
    }

    unsafe fn getEvent(&self, index: int32, event: *mut Event) -> tresult {
        let events = self.events.borrow();
        let found = usize::try_from(index).ok().and_then(|index| events.get(index));
        let (Some(found), false) = (found, event.is_null()) else {
            return kInvalidArgument;
        };
        // SAFETY: not null, and the caller's own.
        unsafe { *event = *found };
        kResultOk
    }

    unsafe fn addEvent(&self, _event: *mut Event) -> tresult {
        kResultFalse
    }
}

/// The notes of one block. Created once per instance; used on the audio thread.
pub struct NoteEvents {
    list: ComWrapper<List>,
    pointer: Option<ComPtr<IEventList>>,
}

impl Default for NoteEvents {
    fn default() -> Self {
        let list = ComWrapper::new(List {
            events: RefCell::new(Vec::with_capacity(MAX_EVENTS)),
        });
        Self {
            pointer: list.to_com_ptr(),
            list,
        }
    }
}

impl NoteEvents {
    /// The notes among a host's events of a block of `len` samples; events beyond the block count at its end. Valid until
    /// the next call.
    ///
    /// # Real-time
    /// Allocates nothing.
    ///
    /// # Safety
    /// `host` is null or the host's list, alive during the block.
    pub unsafe fn of(&self, host: *mut IEventList, len: usize) -> *mut IEventList {
        // SAFETY: the caller's promise.
        let (Some(given), Some(pointer)) = (unsafe { ComRef::from_raw(host) }, &self.pointer) else {
            return null_mut();
        };
        let Ok(mut events) = self.list.events.try_borrow_mut() else {
            return null_mut();
        };
        events.clear();
        let last = int32::try_from(len)
            .unwrap_or(int32::MAX)
            .saturating_sub(1)
            .max(0);
        // SAFETY: no arguments.
        for index in 0..unsafe { given.getEventCount() } {
            if events.len() == MAX_EVENTS {
                break;
            }
            // SAFETY: all zero is a valid event: numbers, and a pointer that is not followed.
            let mut event: Event = unsafe { std::mem::zeroed() };
            // SAFETY: an index in range; `event` may be written.
            let answer = unsafe { given.getEvent(index, &raw mut event) };
            if answer == kResultOk && is_of_a_note(&event) {
                event.sampleOffset = event.sampleOffset.clamp(0, last);
                events.push(event);
            }
        }
        pointer.as_ptr()
    }
}

fn is_of_a_note(event: &Event) -> bool {
    [
        kNoteOnEvent,
        kNoteOffEvent,
        kPolyPressureEvent,
        kNoteExpressionValueEvent,
    ]
    .into_iter()
    .any(|kind| i64::from(event.r#type) == i64::from(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host's list: every third event is not given, every fifth is data without bytes.
    struct Host;

    impl Class for Host {
        type Interfaces = (IEventList,);
    }

    impl IEventListTrait for Host {
        unsafe fn getEventCount(&self) -> int32 {
            2000
        }

        unsafe fn getEvent(&self, index: int32, event: *mut Event) -> tresult {
            if index % 3 == 0 {
                return kResultFalse;
            }
            // SAFETY: the test's own memory.
            let event = unsafe { &mut *event };
            event.sampleOffset = index - 10;
            // 2 = data, 0 = a struck note.
            event.r#type = if index % 5 == 0 { 2 } else { 0 };
            kResultOk
        }

        unsafe fn addEvent(&self, _event: *mut Event) -> tresult {
            kResultFalse
        }
    }

    #[test]
    fn only_notes_that_the_host_gives_are_passed_on_and_within_the_block() {
        let host = ComWrapper::new(Host)
            .to_com_ptr::<IEventList>()
            .expect("its interface");
        let events = NoteEvents::default();
        // SAFETY: the host's list is alive.
        assert!(unsafe { !events.of(host.as_ptr(), 64).is_null() });
        let passed = events.list.events.borrow();
        assert_eq!(passed.len(), MAX_EVENTS);
        assert!(passed.iter().all(is_of_a_note));
        let offsets: Vec<_> = passed.iter().map(|event| event.sampleOffset).collect();
        assert_eq!(offsets[..6], [0, 0, 0, 0, 0, 1]);
        assert_eq!(offsets.last(), Some(&63));
        drop(passed);
        // SAFETY: null is allowed.
        assert!(unsafe { events.of(null_mut(), 64) }.is_null());
    }
}
