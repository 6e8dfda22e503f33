//! The part of pickle that PyTorch's files use, without Python.
//!
//! The instructions build a [`Tree`] of plain values. Names of classes and
//! functions are looked up in the table of [`globals`]; an unknown name is an
//! error, and nothing is ever called. Work and memory are bounded by the
//! pickle's length: an instruction makes at most one value, and values are
//! shared by number, never copied or traversed recursively.

mod calls;
mod cursor;
mod globals;
mod machine;
mod stack;
mod tree;

pub use machine::load;
pub use tree::{Id, Node, Tree, Value};
