//! Which vectors of an index may be found.

/// A set of ids, one bit each, in the layout that faiss reads: id `n` is bit
/// `n % 8` of byte `n / 8`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdFilter {
    bits: Vec<u8>,
}

impl IdFilter {
    /// Lets ids below `len` pass for which `passes` says so.
    pub fn new(len: usize, passes: impl Fn(usize) -> bool) -> Self {
        let mut bits = vec![0_u8; len.div_ceil(8)];
        for id in (0..len).filter(|&id| passes(id)) {
            bits[id / 8] |= 1 << (id % 8);
        }
        Self { bits }
    }

    /// Whether an id may be found.
    #[must_use]
    pub fn allows(&self, id: i64) -> bool {
        usize::try_from(id).is_ok_and(|id| {
            self.bits
                .get(id / 8)
                .is_some_and(|byte| byte >> (id % 8) & 1 == 1)
        })
    }

    /// The bytes.
    #[must_use]
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }
}
