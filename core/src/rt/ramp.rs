//! A value that moves linearly to its target.

/// Reaches a new target in a fixed number of samples from the one at which the target
/// was set; the value does not depend on how blocks are cut.
pub struct Ramp {
    value: f32,
    target: f32,
    step: f32,
    remaining: usize,
    length: usize,
}

impl Ramp {
    /// At rest on `value`; ramps take `length` samples (at least 1).
    pub fn new(value: f32, length: usize) -> Self {
        Self {
            value,
            target: value,
            step: 0.0,
            remaining: 0,
            length: length.max(1),
        }
    }

    /// Sets the target. Setting the same target again changes nothing.
    #[expect(clippy::float_cmp, reason = "compares with the very value that was set")]
    pub fn set(&mut self, target: f32) {
        if target == self.target || !target.is_finite() {
            return;
        }
        self.target = target;
        self.remaining = self.length;
        #[expect(clippy::cast_precision_loss, reason = "a few thousand samples at most")]
        let length = self.length as f32;
        self.step = (target - self.value) / length;
    }

    /// Sets the value to the target at once.
    pub fn snap(&mut self, target: f32) {
        *self = Self::new(target, self.length);
    }

    /// The current value.
    pub fn value(&self) -> f32 {
        self.value
    }

    /// The next sample's value; exactly the target once it is reached.
    pub fn tick(&mut self) -> f32 {
        if self.remaining > 0 {
            self.remaining -= 1;
            self.value = if self.remaining == 0 {
                self.target
            } else {
                self.value + self.step
            };
        }
        self.value
    }
}
