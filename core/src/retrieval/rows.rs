//! Vectors that are read from end to end in every search, laid out for that.
//!
//! An exact search takes as long as its memory needs to answer. So vectors begin at a
//! cache line (with RVC's 256 or 768 values all of them do), and a large set asks for
//! large pages: with small ones the processor looks up where a page lies for every one
//! to five vectors.

/// A cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

const LINE: usize = 16;

/// Row-major vectors of `dim` values.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    lines: Vec<Line>,
    values: usize,
    dim: usize,
}

impl Rows {
    /// No vectors yet, of `dim` values; room for so many values in all.
    pub fn with_room_for(dim: usize, values: usize) -> Self {
        let mut lines = Vec::with_capacity(values.div_ceil(LINE));
        ask_for_large_pages(&mut lines);
        Self {
            lines,
            values: 0,
            dim,
        }
    }

    /// `len` vectors of zeros, of `dim` values.
    pub fn zeros(dim: usize, len: usize) -> Self {
        let mut rows = Self::with_room_for(dim, dim * len);
        rows.lines.resize((dim * len).div_ceil(LINE), Line([0.0; LINE]));
        rows.values = dim * len;
        rows
    }

    /// Appends values.
    pub fn extend(&mut self, mut values: &[f32]) {
        while let Some(&first) = values.first() {
            let at = self.values % LINE;
            if at == 0
                && let Some((line, rest)) = values.split_first_chunk()
            {
                self.lines.push(Line(*line));
                self.values += LINE;
                values = rest;
                continue;
            }
            if at == 0 {
                self.lines.push(Line([0.0; LINE]));
            }
            if let Some(line) = self.lines.last_mut() {
                line.0[at] = first;
            }
            self.values += 1;
            values = &values[1..];
        }
    }

    /// Values per vector.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Number of vectors.
    pub fn len(&self) -> usize {
        self.values / self.dim.max(1)
    }

    /// All of it, row by row.
    pub fn data(&self) -> &[f32] {
        // SAFETY: the lines lie one after the other and hold nothing but their values
        // (64 bytes, aligned to 64); `values` is never more than there are in them.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.values) }
    }

    /// All of it, row by row, to change.
    pub fn data_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `data`, and `&mut` excludes all other users.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.values) }
    }

    /// One vector, to change.
    ///
    /// # Panics
    /// If `index` is out of range.
    pub fn row_mut(&mut self, index: usize) -> &mut [f32] {
        let dim = self.dim;
        &mut self.data_mut()[index * dim..(index + 1) * dim]
    }

    /// One vector.
    ///
    /// # Panics
    /// If `index` is out of range.
    pub fn row(&self, index: usize) -> &[f32] {
        &self.data()[index * self.dim..(index + 1) * self.dim]
    }
}

/// Tells the system that large pages would be of use for the room behind the lines: where
/// it gives them only when asked (Linux's `madvise`), and before it has given small ones.
fn ask_for_large_pages(lines: &mut Vec<Line>) {
    #[cfg(target_os = "linux")]
    {
        /// Below, a whole large page might not even fit in.
        const LARGE: usize = 8 << 20;
        const PAGE: usize = 4096;
        let room = lines.spare_capacity_mut();
        let start = room.as_mut_ptr().cast::<u8>();
        let skipped = start.addr().next_multiple_of(PAGE) - start.addr();
        let bytes = size_of_val(room).saturating_sub(skipped) / PAGE * PAGE;
        if bytes >= LARGE {
            // SAFETY: whole pages of memory that the vector owns; a hint, which changes
            // nothing of what they hold. Refused, it changes nothing at all.
            unsafe { libc::madvise(start.add(skipped).cast(), bytes, libc::MADV_HUGEPAGE) };
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = lines;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_in_any_pieces_and_begin_at_a_cache_line() {
        let values: Vec<f32> = (0..1000_u16).map(f32::from).collect();
        for piece in [1, 3, 16, 40, 1000] {
            let mut rows = Rows::with_room_for(40, if piece == 3 { 0 } else { 1000 });
            values.chunks(piece).for_each(|piece| rows.extend(piece));
            assert_eq!(rows.data(), values);
            assert_eq!((rows.len(), rows.row(24)), (25, &values[960..]));
            assert!(rows.data().as_ptr().addr().is_multiple_of(64));
        }
    }

    #[test]
    fn zeros_can_be_changed_row_by_row() {
        let mut rows = Rows::zeros(5, 7);
        assert_eq!((rows.len(), rows.data()), (7, &[0.0; 35][..]));
        rows.row_mut(6).fill(2.0);
        rows.row_mut(0)[4] = 1.0;
        assert_eq!((rows.data()[4], rows.data()[29]), (1.0, 0.0));
        assert_eq!(rows.row(6), [2.0; 5]);
    }

    #[test]
    fn a_large_set_is_all_there() {
        let values: Vec<f32> = (0..3_000_000_u32).map(|n| (n % 65_521) as f32).collect();
        let mut rows = Rows::with_room_for(100, values.len());
        rows.extend(&values);
        assert!(rows.data() == values);
    }
}
