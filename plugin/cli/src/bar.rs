//! The progress bar.

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};

/// A bar on the terminal; it is taken away when it is dropped, so that no message sticks to it.
pub struct Bar(ProgressBar);

impl Bar {
    const STEPS: f32 = 1000.0;

    pub fn new() -> Result<Self> {
        let bar = ProgressBar::new(1000);
        bar.set_style(ProgressStyle::with_template("{wide_bar} {percent:>3} %  {msg}")?);
        Ok(Self(bar))
    }

    /// Shows a fraction from 0 to 1, and what is being done.
    pub fn show(&self, fraction: f32, what: impl Into<String>) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 1000"
        )]
        self.0
            .set_position((fraction.clamp(0.0, 1.0) * Self::STEPS) as u64);
        self.0.set_message(what.into());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
