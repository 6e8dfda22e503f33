//! How a file was converted when it was opened, and what that cost.

use std::fmt;

/// Vectors above which a flat index is worth a warning.
const MANY: usize = 50_000;

/// How a file was converted when it was opened; shown as a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversion {
    /// Description of the file's index kind, for the user.
    pub from: String,
    /// True for an IVF-Flat index with the file's lists, false for a flat one.
    pub to_ivf: bool,
    /// Number of vectors.
    pub vectors: usize,
    /// Time that it took.
    pub seconds: f32,
    /// Memory of the result, in bytes.
    pub memory_bytes: usize,
    /// Description of the approximation, for the user; empty if the vectors are exact.
    pub losses: Vec<String>,
    /// The file has ids of its own, which were replaced by 0 to n - 1 in their order.
    pub renumbered: bool,
    /// The file keeps directions only (`L2norm`).
    pub unit_length: bool,
}

impl fmt::Display for Conversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[expect(clippy::cast_precision_loss, reason = "megabytes, for display")]
        let megabytes = self.memory_bytes as f64 / 1e6;
        let to = if self.to_ivf { "IVF-Flat" } else { "Flat" };
        write!(
            f,
            "converted from {} to {to} when it was opened ({} vectors, {:.2} s, {megabytes:.1} MB of memory)",
            self.from, self.vectors, self.seconds
        )?;
        if !self.losses.is_empty() {
            write!(
                f,
                "; its vectors are approximated by {}",
                self.losses.join(" and ")
            )?;
        }
        if self.renumbered {
            write!(f, "; its own ids are replaced by 0, 1, 2, ... in their order")?;
        }
        if !self.to_ivf && self.vectors > MANY {
            write!(
                f,
                "; each frame is compared with all vectors: an index like `IVF256,Flat` is faster"
            )?;
        }
        Ok(())
    }
}
