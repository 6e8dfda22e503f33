//! The values of a pickle, or of a file that is read into the same form.

use super::super::tensor::{Storage, Tensor};
use super::globals::Global;

/// Number of a value in its tree.
pub type Id = u32;

/// A value of a pickle.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`.
    None,
    /// `True`, `False`.
    Bool(bool),
    /// An integer of at most 64 bits.
    Int(i64),
    /// A longer one: its little-endian bytes.
    Long(Box<[u8]>),
    /// A float.
    Float(f64),
    /// A string.
    Text(Box<str>),
    /// Bytes.
    Bytes(Box<[u8]>),
    /// A list, or a set.
    List(Vec<Id>),
    /// A tuple.
    Tuple(Vec<Id>),
    /// A dictionary, in the order of the file; of equal keys the last one counts.
    Dict(Vec<(Id, Id)>),
    /// A storage, by its number.
    Storage(usize),
    /// A tensor, by its number.
    Tensor(usize),
    /// A class or function in the table.
    Global(Global),
    /// An object of a known class whose content is not needed.
    Opaque,
}

/// All values of a pickle, or of a file that is read into the same form.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// Values by number.
    pub values: Vec<Value>,
    /// The storages that the values refer to.
    pub storages: Vec<Storage>,
    /// The tensors in them.
    pub tensors: Vec<Tensor>,
    /// Number of the outermost value.
    pub root: Id,
}

/// A value in its tree.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    tree: &'a Tree,
    value: &'a Value,
}

impl Tree {
    /// The outermost value.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        self.node(self.root)
    }

    /// Adds a value.
    pub fn add(&mut self, value: Value) -> Id {
        self.values.push(value);
        Id::try_from(self.values.len() - 1).unwrap_or(Id::MAX)
    }

    fn node(&self, id: Id) -> Node<'_> {
        let value = usize::try_from(id).ok().and_then(|at| self.values.get(at));
        Node {
            tree: self,
            value: value.unwrap_or(&Value::None),
        }
    }
}

impl<'a> Node<'a> {
    /// Keys that are strings, with their values; nothing for other values.
    pub fn entries(self) -> impl Iterator<Item = (&'a str, Node<'a>)> {
        let pairs = match self.value {
            Value::Dict(pairs) => &pairs[..],
            _ => &[],
        };
        pairs.iter().filter_map(move |&(key, value)| {
            let key = self.tree.node(key).text()?;
            Some((key, self.tree.node(value)))
        })
    }

    /// The value of a key.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        self.entries()
            .filter(|(name, _)| *name == key)
            .last()
            .map(|(_, value)| value)
    }

    /// Elements of a list or tuple.
    #[must_use]
    pub fn items(self) -> Option<impl ExactSizeIterator<Item = Node<'a>>> {
        match self.value {
            Value::List(items) | Value::Tuple(items) => Some(items.iter().map(move |&id| self.tree.node(id))),
            _ => None,
        }
    }

    /// True for a dictionary.
    #[must_use]
    pub fn is_dict(self) -> bool {
        matches!(self.value, Value::Dict(_))
    }

    /// A string.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        match self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An integer or boolean; a float that is a whole number counts as one.
    #[must_use]
    pub fn int(self) -> Option<i64> {
        match *self.value {
            Value::Int(int) => Some(int),
            Value::Bool(bool) => Some(i64::from(bool)),
            #[expect(clippy::cast_possible_truncation, reason = "whole, and below 2^53")]
            Value::Float(float) if float.fract() == 0.0 && float.abs() < 9e15 => Some(float as i64),
            _ => None,
        }
    }

    /// The bytes of an integer that is too long for [`Self::int`].
    #[must_use]
    pub fn long(self) -> Option<&'a [u8]> {
        match self.value {
            Value::Long(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// A tensor.
    #[must_use]
    pub fn tensor(self) -> Option<&'a Tensor> {
        match self.value {
            Value::Tensor(number) => self.tree.tensors.get(*number),
            _ => None,
        }
    }
}
