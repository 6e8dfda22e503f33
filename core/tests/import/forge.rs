//! Builds manipulated files: the old container with arbitrary tensor descriptions,
//! and a zip archive with changed directory entries.

/// A tensor as a pickle describes it.
pub struct Forged {
    pub name: &'static str,
    /// Number of values in the storage's description.
    pub claimed: i64,
    /// The actual values.
    pub real: usize,
    pub offset: i64,
    pub shape: Vec<i64>,
    pub strides: Vec<i64>,
}

impl Forged {
    pub fn plain(name: &'static str, len: i64) -> Self {
        Self {
            name,
            claimed: len,
            real: usize::try_from(len).unwrap_or(0),
            offset: 0,
            shape: vec![len],
            strides: vec![1],
        }
    }
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'X');
    out.extend(u32::try_from(text.len()).expect("short").to_le_bytes());
    out.extend(text.as_bytes());
}

fn int(out: &mut Vec<u8>, value: i64) {
    out.extend([0x8A, 8]);
    out.extend(value.to_le_bytes());
}

fn ints(out: &mut Vec<u8>, values: &[i64]) {
    out.push(b'(');
    values.iter().for_each(|&value| int(out, value));
    out.push(b't');
}

/// The old container around any object: `body` is its pickle without header and STOP.
pub fn legacy_of(body: &[u8], keys: &[&str], storages: &[u8]) -> Vec<u8> {
    let mut out = vec![0x80, 2, 0x8A, 10];
    out.extend([0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, b'.']);
    out.extend([0x80, 2, b'M', 0xE9, 0x03, b'.']);
    out.extend([0x80, 2, b'}', b'.']);
    out.extend([0x80, 2]);
    out.extend(body);
    out.push(b'.');
    out.extend([0x80, 2, b']', b'(']);
    keys.iter().for_each(|key| text(&mut out, key));
    out.extend(b"e.");
    out.extend(storages);
    out
}

/// The old container around a dictionary of tensors.
pub fn legacy(tensors: &[Forged]) -> Vec<u8> {
    let mut body = vec![b'}', b'('];
    let mut storages = Vec::new();
    for tensor in tensors {
        text(&mut body, tensor.name);
        body.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut body, "storage");
        body.extend(b"ctorch\nFloatStorage\n");
        text(&mut body, tensor.name);
        text(&mut body, "cpu");
        int(&mut body, tensor.claimed);
        body.extend(b"NtQ");
        int(&mut body, tensor.offset);
        ints(&mut body, &tensor.shape);
        ints(&mut body, &tensor.strides);
        body.extend([0x89, b'}', b't', b'R']);
        storages.extend(tensor.claimed.to_le_bytes());
        storages.extend(vec![0; 4 * tensor.real]);
    }
    body.push(b'u');
    let keys: Vec<&str> = tensors.iter().map(|tensor| tensor.name).collect();
    legacy_of(&body, &keys, &storages)
}

/// Positions of the entries in a zip archive's directory, with the members' names.
pub fn directory(archive: &[u8]) -> Vec<(usize, String)> {
    let starts = (0..archive.len().saturating_sub(46)).filter(|&at| archive[at..].starts_with(b"PK\x01\x02"));
    starts
        .map(|at| {
            let len = usize::from(u16::from_le_bytes([archive[at + 28], archive[at + 29]]));
            let name = archive.get(at + 46..at + 46 + len).unwrap_or(&[]);
            (at, String::from_utf8_lossy(name).into_owned())
        })
        .collect()
}

/// Writes a field of a directory entry: offset 10 method, 16 checksum, 20 and 24
/// sizes, 42 position.
pub fn put(archive: &mut [u8], entry: usize, field: usize, value: &[u8]) {
    archive[entry + field..entry + field + value.len()].copy_from_slice(value);
}
