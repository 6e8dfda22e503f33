//! Passes one block to the engine.

use crate::notes;
use crate::params::VoxmeldParams;
use nice_plug::midi::NoteEvent;
use voxmeld_core::rt::{AudioSide, HeldNotes};

/// Processes one (sub-)block, in pieces between MIDI events.
///
/// # Real-time
/// Yes.
pub fn run(
    audio: &mut AudioSide,
    params: &VoxmeldParams,
    held: &mut HeldNotes,
    main: &mut [&mut [f32]],
    side: Option<&mut [&mut [f32]]>,
    mut next_event: impl FnMut() -> Option<NoteEvent<()>>,
) {
    let len = main.first().map_or(0, |channel| channel.len());
    let side: [&[f32]; 2] = match side {
        Some([left, right]) => [left, right],
        Some([mono]) => [mono, &[]],
        _ => [&[], &[]],
    };
    let mut event = next_event();
    let mut start = 0;
    loop {
        while let Some(due) = event.take_if(|event| event.timing() as usize <= start) {
            notes::apply(&due, params, held);
            event = next_event();
        }
        if start >= len {
            // Apply the remaining events after the last sample.
            if event.is_none() {
                return;
            }
            start = usize::MAX;
            continue;
        }
        let end = event
            .as_ref()
            .map_or(len, |event| (event.timing() as usize).min(len));
        let side = side.map(|channel| channel.get(start..end).unwrap_or_default());
        let mut controls = params.controls();
        if params.pitch.midi_pitch.value() {
            controls.voice.pitch.note = held.note();
        }
        match main {
            [left, right] => {
                let mut channels = [&mut left[start..end], &mut right[start..end]];
                audio.process_with_side(&mut channels, &side, &controls);
            }
            [mono] => audio.process_with_side(&mut [&mut mono[start..end]], &side, &controls),
            _ => return,
        }
        start = end;
    }
}
