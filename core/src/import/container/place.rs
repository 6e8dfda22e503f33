//! Where numbers lie in a file.

/// Where a storage's bytes lie in the file.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub start: u64,
    pub len: u64,
    /// Checksum of all of them, where the container has one.
    pub crc32: Option<u32>,
}
