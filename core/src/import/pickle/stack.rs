//! The pickle machine's stack of value numbers, and its marks.

use super::super::error::ReadError;
use super::tree::Id;

/// Maximum nesting of lists.
const MAX_MARKS: usize = 1000;

/// Value numbers, and the stack heights of the marks.
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

    /// Pops the top number; an error at the newest mark.
    pub fn pop(&mut self) -> Result<Id, ReadError> {
        if self.marks.last() == Some(&self.ids.len()) {
            return Err(empty());
        }
        self.ids.pop().ok_or_else(empty)
    }

    /// The top number, without popping it.
    pub fn top(&self) -> Result<Id, ReadError> {
        if self.marks.last() == Some(&self.ids.len()) {
            return Err(empty());
        }
        self.ids.last().copied().ok_or_else(empty)
    }

    /// Pops the newest `count` numbers; returns the oldest first.
    pub fn pop_many(&mut self, count: usize) -> Result<Vec<Id>, ReadError> {
        let floor = self.marks.last().copied().unwrap_or(0);
        let start = self.ids.len().checked_sub(count).filter(|&start| start >= floor);
        Ok(self.ids.split_off(start.ok_or_else(empty)?))
    }

    /// Pops all numbers above the newest mark, and the mark.
    pub fn pop_mark(&mut self) -> Result<Vec<Id>, ReadError> {
        let mark = self.marks.pop().ok_or_else(empty)?;
        if mark > self.ids.len() {
            return Err(empty());
        }
        Ok(self.ids.split_off(mark))
    }

    /// `POP`: drops the top number or mark.
    pub fn discard(&mut self) -> Result<(), ReadError> {
        if self.marks.last() == Some(&self.ids.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(|_| ())
    }
}

fn empty() -> ReadError {
    ReadError::damaged("its pickle pops more values than it pushed")
}
