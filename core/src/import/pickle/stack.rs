//! The pickle machine's stack of value numbers, with its marks.

use super::super::error::ReadError;
use super::tree::Id;

/// Levels of lists in lists at most.
const MAX_MARKS: usize = 1000;

/// Numbers of values, and the heights at which marks stand.
#[derive(Default)]
pub struct Stack {
    ids: Vec<Id>,
    marks: Vec<usize>,
}

impl Stack {
    pub fn push(&mut self, id: Id) {
        self.ids.push(id);
    }

    pub fn mark(&mut self) -> Result<(), ReadError> {
        if self.marks.len() >= MAX_MARKS {
            return Err(ReadError::TooLarge {
                what: "the depth of its pickle",
                limit: format!("{MAX_MARKS} levels"),
            });
        }
        self.marks.push(self.ids.len());
        Ok(())
    }

    /// The number on top; nothing below the newest mark is given away.
    pub fn pop(&mut self) -> Result<Id, ReadError> {
        if self.marks.last() == Some(&self.ids.len()) {
            return Err(empty());
        }
        self.ids.pop().ok_or_else(empty)
    }

    /// The number on top, which stays.
    pub fn top(&self) -> Result<Id, ReadError> {
        if self.marks.last() == Some(&self.ids.len()) {
            return Err(empty());
        }
        self.ids.last().copied().ok_or_else(empty)
    }

    /// The newest `count` numbers, the oldest first.
    pub fn pop_many(&mut self, count: usize) -> Result<Vec<Id>, ReadError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let start = self.ids.len().checked_sub(count).filter(|&start| start >= floor);
        Ok(self.ids.split_off(start.ok_or_else(empty)?))
    }

    /// All numbers above the newest mark, which goes.
    pub fn pop_mark(&mut self) -> Result<Vec<Id>, ReadError> {
        let mark = self.marks.pop().ok_or_else(empty)?;
        if mark > self.ids.len() {
            return Err(empty());
        }
        Ok(self.ids.split_off(mark))
    }

    /// `POP`: the number on top, or a mark that stands there.
    pub fn discard(&mut self) -> Result<(), ReadError> {
        if self.marks.last() == Some(&self.ids.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(|_| ())
    }
}

fn empty() -> ReadError {
    ReadError::damaged("its pickle takes more than it has made")
}
