//! Keys that a host receives before the window and passes on.

use nice_plug::editor::{Modifiers, VirtualKeyCode};
use nice_plug::wrapper::vst3::vst3::Steinberg::int16;

/// VST3's virtual keys in the order of their codes, the first of which is 1.
/// Codes above are characters; those reach the window as usual.
#[rustfmt::skip]
const KEYS: [VirtualKeyCode; 77] = {
    use VirtualKeyCode::*;
    [
        Backspace, Tab, Clear, Return, Pause, Escape, Space, Next, End, Home,
        ArrowLeft, ArrowUp, ArrowRight, ArrowDown, PageUp, PageDown, Select, Print, NumpadEnter, Snapshot,
        Insert, Delete, Help, Numpad0, Numpad1, Numpad2, Numpad3, Numpad4, Numpad5, Numpad6,
        Numpad7, Numpad8, Numpad9, NumpadMultiply, NumpadAdd, NumpadSeparator, NumpadSubtract, NumpadDecimal, NumpadDivide, F1,
        F2, F3, F4, F5, F6, F7, F8, F9, F10, F11,
        F12, NumLock, ScrollLock, Shift, Control, Alt, Equals, ContextMenu, MediaPlay, MediaStop,
        MediaPrevTrack, MediaNextTrack, VolumeUp, VolumeDown, F13, F14, F15, F16, F17, F18,
        F19, F20, F21, F22, F23, F24, Super,
    ]
};

/// The key with this VST3 code, if it is a virtual key.
#[must_use]
pub fn virtual_key(code: int16) -> Option<VirtualKeyCode> {
    let index = usize::try_from(code).ok()?.checked_sub(1)?;
    KEYS.get(index).copied()
}

/// VST3's modifier bits; unknown ones are dropped.
#[must_use]
pub fn modifiers(bits: int16) -> Modifiers {
    u8::try_from(bits & 0x0F).map_or(Modifiers::empty(), Modifiers::from_bits_truncate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_1_to_77_are_keys_and_all_others_are_none() {
        assert_eq!(virtual_key(0), None);
        assert_eq!(virtual_key(1), Some(VirtualKeyCode::Backspace));
        assert_eq!(virtual_key(7), Some(VirtualKeyCode::Space));
        assert_eq!(virtual_key(40), Some(VirtualKeyCode::F1));
        assert_eq!(virtual_key(77), Some(VirtualKeyCode::Super));
        assert_eq!(virtual_key(78), None);
        assert_eq!(virtual_key(-1), None);
    }
}
