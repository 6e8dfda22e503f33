//! Sentences, and one line that is drawn again and again where the terminal can do that.

use std::cell::Cell;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Time between two drawings of the line.
const REDRAW: Duration = Duration::from_millis(500);

pub struct Terminal {
    /// The line is drawn on a terminal only; elsewhere it would fill a log.
    draws: bool,
    drawn: Cell<Option<Instant>>,
}

impl Terminal {
    pub fn new() -> Self {
        Self {
            draws: std::io::stderr().is_terminal(),
            drawn: Cell::new(None),
        }
    }

    /// A sentence on a line of its own.
    pub fn say(&self, sentence: &str) {
        self.clear();
        eprintln!("{sentence}");
    }

    /// Draws the line again if it is time.
    pub fn show(&self, line: impl FnOnce() -> String) {
        let due = self.drawn.get().is_none_or(|drawn| drawn.elapsed() > REDRAW);
        if self.draws && due {
            eprint!("\r\x1b[K{}", line());
            let _ = std::io::stderr().flush();
            self.drawn.set(Some(Instant::now()));
        }
    }

    fn clear(&self) {
        if self.drawn.take().is_some() {
            eprint!("\r\x1b[K");
        }
    }

    /// Leaves the cursor on a new line.
    pub fn end(&self) {
        self.clear();
    }
}
