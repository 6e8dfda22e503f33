//! A value that moves linearly to its target.

/// Steps to a new target in a fixed number of samples, counted from the sample
/// at which the target was set; so it does not matter how blocks are cut.
pub struct Ramp {
    value: f32,
    target: f32,
    step: f32,
    left: usize,
    length: usize,
}

impl Ramp {
    /// At rest on `value`; ramps take `length` samples (at least 1).
    pub fn new(value: f32, length: usize) -> Self {
        Self {
            value,
            target: value,
            step: 0.0,
            left: 0,
            length: length.max(1),
        }
    }

    /// Sets where to go. The same target again changes nothing.
    #[expect(clippy::float_cmp, reason = "asks whether the very same target was set")]
    pub fn set(&mut self, target: f32) {
        if target == self.target || !target.is_finite() {
            return;
        }
        self.target = target;
        self.left = self.length;
        #[expect(clippy::cast_precision_loss, reason = "a few thousand samples at most")]
        let length = self.length as f32;
        self.step = (target - self.value) / length;
    }

    /// Goes to the target at once.
    pub fn snap(&mut self, target: f32) {
        *self = Self::new(target, self.length);
    }

    /// Where it is.
    pub fn value(&self) -> f32 {
        self.value
    }

    /// The next sample's value; exactly the target once it is reached.
    pub fn tick(&mut self) -> f32 {
        if self.left > 0 {
            self.left -= 1;
            self.value = if self.left == 0 {
                self.target
            } else {
                self.value + self.step
            };
        }
        self.value
    }
}
