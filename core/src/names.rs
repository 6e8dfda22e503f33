//! File names as text.
//!
//! File names may contain any bytes: line breaks, bytes that are not UTF-8. In sidecars and lists a name is stored without loss:
//! each byte that is not UTF-8 becomes one character of a private range, so that the name can be restored. Where a
//! name is displayed, such characters are escaped.

use std::ffi::OsStr;
use std::path::Path;

/// Stands for byte 0 of a name that is not UTF-8; only 0x80 to 0xff occur.
const BYTE_BASE: u32 = 0xef00;

/// A file name as text, without loss.
#[must_use]
pub fn name_of(name: &OsStr) -> String {
    let mut text = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        let bytes = chunk.invalid().iter();
        text.extend(bytes.filter_map(|&byte| char::from_u32(BYTE_BASE + u32::from(byte))));
    }
    text
}

/// A name from [`name_of`], or a path as text, for display: line breaks, control characters and bytes that are not UTF-8 are escaped, and
/// a name that begins or ends with a space is quoted.
#[must_use]
pub fn shown(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for character in name.chars() {
        let code = u32::from(character);
        match character {
            '\u{ef80}'..='\u{efff}' => text.push_str(&format!("\\x{:02x}", code - BYTE_BASE)),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            // Also the marks that change the direction of text, and those without width.
            character
                if character.is_control()
                    || matches!(code, 0x200b..=0x200c | 0x200e..=0x200f | 0x2028..=0x202e | 0x2066..=0x2069 | 0xfeff) =>
            {
                text.push_str(&format!("\\u{{{code:x}}}"));
            }
            character => text.push(character),
        }
    }
    if name.starts_with(' ') || name.ends_with(' ') {
        format!("\"{text}\"")
    } else {
        text
    }
}

/// A path for display; see [`shown`].
#[must_use]
pub fn shown_path(path: &Path) -> String {
    shown(&name_of(path.as_os_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_escaped_and_outer_spaces_quoted() {
        assert_eq!(shown(&name_of(OsStr::new("🎤 speech.wav"))), "🎤 speech.wav");
        assert_eq!(shown("a\nb\u{202e}c.wav"), "a\\nb\\u{202e}c.wav");
        assert_eq!(shown("end "), "\"end \"");
    }

    #[cfg(unix)]
    #[test]
    fn names_that_differ_in_non_utf8_bytes_stay_different() {
        use std::os::unix::ffi::OsStrExt;
        let (one, other) = (OsStr::from_bytes(b"a\xff.wav"), OsStr::from_bytes(b"a\xfe.wav"));
        assert_ne!(name_of(one), name_of(other));
        assert_eq!(shown(&name_of(one)), "a\\xff.wav");
    }
}
