//! Gap of nice-plug 0.4.2: while audio runs, its `setParamNormalized` does nothing,
//! because the host is expected to send the value again with the next block. A
//! host that has stopped may save or read before that block arrives, and would get
//! the old value.
//!
//! So the value is stored until the next block, and only until then: while
//! blocks arrive, values change where the blocks' events say.
//!
//! To delete once nice-plug's `getParamNormalized` and `getState` return such values:
//! this file, and its calls in `component/` and `gui_context.rs`.

use super::parameters::Parameters;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{ParamID, ParamValue};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

/// Values that the host has set since the last block.
#[derive(Default)]
pub struct PendingValues {
    /// Blocks processed so far.
    blocks: AtomicU64,
    pending: Mutex<Pending>,
}

#[derive(Default)]
struct Pending {
    at_block: u64,
    values: HashMap<ParamID, f32>,
}

impl PendingValues {
    /// Counts a block: stored values become invalid.
    ///
    /// # Real-time
    /// One atomic addition.
    pub fn count_block(&self) {
        self.blocks.fetch_add(1, Ordering::Relaxed);
    }

    /// Stores a normalised value that the host or the editor set.
    pub fn remember(&self, id: ParamID, value: ParamValue) {
        let now = self.blocks.load(Ordering::Relaxed);
        let mut pending = self.pending.lock();
        if pending.at_block != now {
            pending.values.clear();
            pending.at_block = now;
        }
        #[expect(clippy::cast_possible_truncation, reason = "parameters are f32")]
        pending.values.insert(id, value as f32);
    }

    /// The stored value, rounded to the parameter's steps, if no block was processed since.
    #[must_use]
    pub fn value(&self, parameters: &Parameters, id: ParamID) -> Option<ParamValue> {
        let pending = self.pending.lock();
        if pending.at_block != self.blocks.load(Ordering::Relaxed) {
            return None;
        }
        let value = *pending.values.get(&id).filter(|value| value.is_finite())?;
        parameters.on_steps(id, value)
    }

    /// Drops stored values: a restored state is newer.
    pub fn clear(&self) {
        self.pending.lock().values.clear();
    }

    /// Applies the stored values if no block was processed since, and drops them.
    pub fn apply(&self, parameters: &Parameters) {
        let mut pending = self.pending.lock();
        if pending.at_block == self.blocks.load(Ordering::Relaxed) {
            parameters.set_each(|id| pending.values.get(&id).copied().filter(|value| value.is_finite()));
        }
        pending.values.clear();
    }
}
