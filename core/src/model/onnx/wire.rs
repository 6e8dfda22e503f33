//! The part of protobuf's wire format that is needed to change a few fields of a message
//! and keep every other byte.

/// Bytes that are not a protobuf message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file is not a complete protobuf message: copy or download it again")]
pub struct Malformed;

/// One field of a message.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// Its number in the schema.
    pub number: u64,
    /// Its value if it is length-delimited (message, string, bytes); else empty.
    pub bytes: &'a [u8],
    /// The whole field with tag and length, for copying.
    pub raw: &'a [u8],
}

impl Field<'_> {
    /// Its value if it is a varint; else 0.
    pub fn value(&self) -> u64 {
        let after_tag = varint(self.raw).and_then(|(tag, len)| (tag & 7 == 0).then(|| &self.raw[len..]));
        after_tag.and_then(varint).map_or(0, |(value, _)| value)
    }
}

/// Consecutive varints, as in a packed field.
pub fn packed(mut bytes: &[u8]) -> Vec<u64> {
    let mut values = Vec::new();
    while let Some((value, len)) = varint(bytes) {
        values.push(value);
        bytes = &bytes[len..];
    }
    values
}

/// The fields of a message, in order. Ends after the first malformed one.
pub fn fields(message: &[u8]) -> impl Iterator<Item = Result<Field<'_>, Malformed>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = next_field(rest);
        rest = match &field {
            Some(field) => &rest[field.raw.len()..],
            None => &[],
        };
        Some(field.ok_or(Malformed))
    })
}

fn next_field(bytes: &[u8]) -> Option<Field<'_>> {
    let (tag, tag_len) = varint(bytes)?;
    let after_tag = &bytes[tag_len..];
    let (content, len) = match tag & 7 {
        0 => (&after_tag[..0], varint(after_tag)?.1),
        1 => (&after_tag[..0], 8),
        2 => {
            let (len, len_len) = varint(after_tag)?;
            let end = len_len.checked_add(usize::try_from(len).ok()?)?;
            (after_tag.get(len_len..end)?, end)
        }
        5 => (&after_tag[..0], 4),
        _ => return None,
    };
    Some(Field {
        number: tag >> 3,
        bytes: content,
        raw: bytes.get(..tag_len + len)?,
    })
}

/// A varint and its length in bytes.
fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (n, &byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7F) << (7 * n);
        if byte < 0x80 {
            return Some((value, n + 1));
        }
    }
    None
}

/// Appends a field whose value is a number.
pub fn put_varint(message: &mut Vec<u8>, number: u64, value: u64) {
    put_number(message, number << 3);
    put_number(message, value);
}

/// Appends a field whose value has a length.
pub fn put_bytes(message: &mut Vec<u8>, number: u64, value: &[u8]) {
    put_number(message, number << 3 | 2);
    put_number(message, value.len() as u64);
    message.extend_from_slice(value);
}

fn put_number(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value.to_le_bytes()[0] & 0x7F | 0x80);
        value >>= 7;
    }
    message.push(value.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_fields_are_read_back_and_copied_unchanged() {
        let mut message = Vec::new();
        put_varint(&mut message, 3, 300);
        put_bytes(&mut message, 2, b"name");
        // 64 and 32 bit fields, as other writers may leave.
        message.extend([9 << 3 | 1, 1, 2, 3, 4, 5, 6, 7, 8, 9 << 3 | 5, 1, 2, 3, 4]);
        let all: Vec<Field<'_>> = fields(&message).map(|field| field.expect("whole")).collect();
        assert_eq!((all[0].number, all[0].raw), (3, &[3 << 3, 0xAC, 2][..]));
        assert_eq!((all[0].value(), all[1].value()), (300, 0));
        assert_eq!(packed(&[1, 0xAC, 2, 7]), [1, 300, 7]);
        assert_eq!((all[1].number, all[1].bytes), (2, &b"name"[..]));
        let copied: Vec<u8> = all.iter().flat_map(|field| field.raw).copied().collect();
        assert_eq!(copied, message);
    }

    #[test]
    fn truncated_or_oversized_fields_are_malformed_and_end_the_message() {
        let mut message = Vec::new();
        put_bytes(&mut message, 7, &[1; 40]);
        for len in 1..message.len() {
            assert_eq!(
                fields(&message[..len]).map(|f| f.is_err()).collect::<Vec<_>>(),
                [true]
            );
        }
        let endless = [0xFF; 30];
        assert!(fields(&endless).all(|field| field.is_err()));
        let huge = [
            7 << 3 | 2,
            0xFF,
            0xFF,
            0xFF,
            0xFF,
            0xFF,
            0xFF,
            0xFF,
            0xFF,
            0xFF,
            1,
        ];
        assert!(fields(&huge).all(|field| field.is_err()));
    }
}
