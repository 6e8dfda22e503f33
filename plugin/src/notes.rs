//! What MIDI events do: notes, bend, pressure, the modulation wheel.

use crate::params::{PitchParams, VoxmeldParams};
use nice_plug::midi::{Channel, Key, NoteEvent};
use voxmeld_core::rt::HeldNotes;

/// The modulation wheel.
const MOD_WHEEL: u8 = 1;
/// "All sound off" and "all notes off".
const ALL_OFF: [u8; 2] = [120, 123];

/// Applies one event.
///
/// # Real-time
/// Yes.
pub fn apply(event: &NoteEvent<()>, params: &VoxmeldParams, held: &mut HeldNotes) {
    let pitch = &params.pitch;
    match *event {
        NoteEvent::NoteOn {
            channel,
            key: Key::Number(key),
            ..
        } => held.strike(channel.number().unwrap_or(0), key),
        NoteEvent::NoteOff { channel, key, .. } | NoteEvent::Choke { channel, key, .. } => {
            held.release(channel.number(), key.number());
        }
        NoteEvent::PolyTuning {
            channel, key, tuning, ..
        } => held.tune(channel.number(), key.number(), tuning),
        NoteEvent::PolyPressure {
            channel,
            key,
            pressure,
            ..
        } if held.sounds(channel.number(), key.number()) => {
            PitchParams::set_from_midi(&pitch.pressure, pressure)
        }
        NoteEvent::MidiChannelPressure {
            channel, pressure, ..
        } if held.note().is_none() || sounds_on(held, channel) => {
            PitchParams::set_from_midi(&pitch.pressure, pressure);
        }
        NoteEvent::MidiPitchBend { channel, value, .. }
            if held.note().is_none() || sounds_on(held, channel) =>
        {
            PitchParams::set_from_midi(&pitch.bend, value);
        }
        NoteEvent::MidiCC { cc, channel, .. } if ALL_OFF.contains(&cc) => held.release(Some(channel), None),
        NoteEvent::MidiCC {
            cc: MOD_WHEEL, value, ..
        } => params.blend.set_wheel(value),
        _ => {}
    }
}

/// True if the note that sounds was struck on this channel, or on the channel that is for all notes (MPE's first).
fn sounds_on(held: &HeldNotes, channel: u8) -> bool {
    channel == 0 || held.sounds(Channel::Number(channel).number(), None)
}
