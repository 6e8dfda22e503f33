//! Position of a storage in a file.

/// Position of a storage's bytes in the file.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub start: u64,
    pub len: u64,
    /// Checksum of these bytes, if the container has one.
    pub crc32: Option<u32>,
}
