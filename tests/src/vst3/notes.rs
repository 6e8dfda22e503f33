//! The host's list of notes of a block.

use vst3::Steinberg::Vst::{Event, IEventList, IEventListTrait, NoteOffEvent, NoteOnEvent};
use vst3::Steinberg::{int32, kInvalidArgument, kResultFalse, kResultOk, tresult};
use vst3::{Class, ComWrapper};

/// A key is struck or released at a sample of a block.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    /// Sample of the block.
    pub at: i32,
    /// MIDI's number of the key.
    pub key: i16,
    /// True if it is struck.
    pub is_struck: bool,
}

/// The notes of a block.
pub(super) struct NoteList(Vec<Event>);

impl NoteList {
    /// A list that the plugin may read.
    pub fn of(notes: &[Note]) -> ComWrapper<Self> {
        ComWrapper::new(Self(notes.iter().map(event).collect()))
    }
}

fn event(note: &Note) -> Event {
    // SAFETY: all zero is a valid event: numbers, and a pointer that is not followed.
    let mut event: Event = unsafe { std::mem::zeroed() };
    event.sampleOffset = note.at;
    // 0 = struck, 1 = released.
    event.r#type = u16::from(!note.is_struck);
    if note.is_struck {
        event.__field0.noteOn = NoteOnEvent {
            channel: 0,
            pitch: note.key,
            tuning: 0.0,
            velocity: 0.8,
            length: 0,
            noteId: -1,
        };
    } else {
        event.__field0.noteOff = NoteOffEvent {
            channel: 0,
            pitch: note.key,
            velocity: 0.0,
            noteId: -1,
            tuning: 0.0,
        };
    }
    event
}

impl Class for NoteList {
    type Interfaces = (IEventList,);
}

impl IEventListTrait for NoteList {
    unsafe fn getEventCount(&self) -> int32 {
        self.0.len() as int32
    }

    unsafe fn getEvent(&self, index: int32, event: *mut Event) -> tresult {
        let Some(found) = self.0.get(index as usize) else {
            return kInvalidArgument;
        };
        // SAFETY: a pointer to the plugin's variable, valid during the call.
        unsafe { *event = *found };
        kResultOk
    }

    unsafe fn addEvent(&self, _event: *mut Event) -> tresult {
        kResultFalse
    }
}
