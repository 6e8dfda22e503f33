//! A fixed delay line.

/// Delays a signal by a constant number of samples; starts silent.
///
/// Samples may be pushed ahead of the pops by up to [`Delay::SLACK`].
pub struct Delay {
    ring: Vec<f32>,
    write: usize,
    read: usize,
}

impl Delay {
    /// How far pushes may run ahead of pops.
    pub const SLACK: usize = 256;

    /// A silent delay of `samples`; 0 passes through.
    pub fn new(samples: usize) -> Self {
        Self {
            ring: vec![0.0; samples + Self::SLACK],
            write: samples,
            read: 0,
        }
    }

    /// As new, with `value` for all past samples.
    pub fn reset(&mut self, value: f32) {
        self.ring.fill(value);
        self.write = self.ring.len() - Self::SLACK;
        self.read = 0;
    }

    /// Appends a sample.
    pub fn push(&mut self, sample: f32) {
        self.ring[self.write] = sample;
        self.write = self.next(self.write);
    }

    /// The sample pushed `samples` pushes ago, counted from the next push.
    pub fn pop(&mut self) -> f32 {
        let sample = self.ring[self.read];
        self.read = self.next(self.read);
        sample
    }

    fn next(&self, index: usize) -> usize {
        if index + 1 == self.ring.len() {
            0
        } else {
            index + 1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_the_input_delayed_by_0_to_300_samples() {
        for samples in [0, 1, 7, 300] {
            let mut delay = Delay::new(samples);
            for round in 0..2 {
                for n in 0..1000_u16 {
                    delay.push(f32::from(n) + 1.0);
                    let expected = usize::from(n)
                        .checked_sub(samples)
                        .map_or(0.0, |m| m as f32 + 1.0);
                    assert_eq!(delay.pop(), expected, "round {round}");
                }
                delay.reset(0.0);
            }
        }
    }
}
