//! The matrix type for features: rows are frames.

/// `len` feature frames of `dim` values, row-major. Not audio: a frame is one
/// step of a feature sequence (20 ms for embeddings, 10 ms for synthesis).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Frames {
    dim: usize,
    data: Vec<f32>,
}

impl Frames {
    /// No frames yet, of `dim` values each.
    ///
    /// # Panics
    /// If `dim` is 0.
    #[must_use]
    pub fn new(dim: usize) -> Self {
        assert!(dim > 0, "a frame has at least one value");
        Self {
            dim,
            data: Vec::new(),
        }
    }

    /// Frames from row-major data.
    ///
    /// # Panics
    /// If the data is not a whole number of frames, or `dim` is 0.
    #[must_use]
    pub fn from_data(dim: usize, data: Vec<f32>) -> Self {
        assert!(
            dim > 0 && data.len().is_multiple_of(dim),
            "data holds whole frames"
        );
        Self { dim, data }
    }

    /// Values per frame.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Number of frames.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.len() / self.dim.max(1)
    }

    /// True if there is no frame.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// One frame.
    ///
    /// # Panics
    /// If `index` is out of range.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f32] {
        &self.data[index * self.dim..(index + 1) * self.dim]
    }

    /// One frame, to write.
    ///
    /// # Panics
    /// If `index` is out of range.
    pub fn row_mut(&mut self, index: usize) -> &mut [f32] {
        &mut self.data[index * self.dim..(index + 1) * self.dim]
    }

    /// All frames in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.data.chunks_exact(self.dim.max(1))
    }

    /// The row-major data.
    #[must_use]
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The row-major data, to write; the number of frames stays.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// Drops all frames, keeps the memory, and sets the frame size.
    ///
    /// # Panics
    /// If `dim` is 0.
    pub fn clear(&mut self, dim: usize) {
        assert!(dim > 0, "a frame has at least one value");
        self.dim = dim;
        self.data.clear();
    }

    /// Appends one frame.
    ///
    /// # Panics
    /// If its size differs.
    pub fn push(&mut self, row: &[f32]) {
        assert_eq!(row.len(), self.dim, "frame size");
        self.data.extend_from_slice(row);
    }

    /// Makes it `len` frames long; new frames are zero.
    pub fn resize(&mut self, len: usize) {
        self.data.resize(len * self.dim, 0.0);
    }

    /// Drops the oldest `count` frames.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn drop_front(&mut self, count: usize) {
        self.data.drain(..count * self.dim);
    }
}
