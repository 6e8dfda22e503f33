//! Executes the pickle instructions.

use super::super::error::ReadError;
use super::cursor::Cursor;
use super::stack::Stack;
use super::tree::{Id, Tree, Value};
use std::collections::HashMap;

/// Maximum number of values in a pickle; a large training checkpoint has 100,000.
pub const MAX_VALUES: usize = 2_000_000;

/// A pickle that has been read.
pub struct Loaded {
    /// Its values.
    pub tree: Tree,
    /// Its length in bytes.
    pub len: usize,
}

/// Reads the pickle at the beginning of `bytes`.
///
/// # Errors
/// See [`ReadError`].
pub fn load(bytes: &[u8]) -> Result<Loaded, ReadError> {
    let mut machine = Machine {
        code: Cursor::new(bytes),
        stack: Stack::default(),
        memo: HashMap::new(),
        storages: HashMap::new(),
        tree: Tree::default(),
        copied: 0,
    };
    while machine.step()? {}
    machine.tree.root = machine.stack.pop()?;
    Ok(Loaded {
        tree: machine.tree,
        len: machine.code.taken(),
    })
}

/// A pickle that is being read.
pub struct Machine<'a> {
    pub code: Cursor<'a>,
    pub stack: Stack,
    memo: HashMap<u32, Id>,
    /// Storage numbers by key.
    pub storages: HashMap<Box<str>, usize>,
    pub tree: Tree,
    /// Number of list elements copied so far.
    pub copied: usize,
}

impl<'a> Machine<'a> {
    /// One instruction; false after the last one.
    fn step(&mut self) -> Result<bool, ReadError> {
        let [code] = self.code.array()?;
        match code {
            b'.' => return Ok(false),
            // PROTO, FRAME: nothing to do.
            0x80 => drop(self.code.take(1)?),
            0x95 => drop(self.code.take(8)?),
            b'(' => self.stack.mark()?,
            b'0' => self.stack.discard()?,
            b'1' => drop(self.stack.pop_mark()?),
            b'N' => self.push(Value::None)?,
            0x88 => self.push(Value::Bool(true))?,
            0x89 => self.push(Value::Bool(false))?,
            b'J' | b'K' | b'M' | 0x8A | 0x8B | b'I' | b'L' | b'G' | b'F' => self.number(code)?,
            b'X' | 0x8C | 0x8D | b'U' | b'T' | b'B' | b'C' | 0x8E => self.string(code)?,
            b')' | 0x85..=0x87 | b't' => self.tuple(code)?,
            b']' | 0x8F => self.push(Value::List(Vec::new()))?,
            b'}' => self.push(Value::Dict(Vec::new()))?,
            b'l' | b'a' | b'e' | 0x90 | 0x91 => self.list(code)?,
            b'd' | b's' | b'u' => self.dict(code)?,
            b'q' | b'r' | b'p' | 0x94 => self.put(code)?,
            b'h' | b'j' | b'g' => self.get(code)?,
            b'c' | 0x93 => self.global(code)?,
            b'R' | 0x81 => self.reduce()?,
            b'b' => self.build()?,
            b'Q' => self.persistent()?,
            _ => {
                return Err(ReadError::Unsupported {
                    what: format!("the pickle instruction 0x{code:02X}"),
                });
            }
        }
        Ok(true)
    }

    fn number(&mut self, code: u8) -> Result<(), ReadError> {
        let value = match code {
            b'J' => Value::Int(i64::from(i32::from_le_bytes(self.code.array()?))),
            b'K' => Value::Int(i64::from(self.code.array::<1>()?[0])),
            b'M' => Value::Int(i64::from(u16::from_le_bytes(self.code.array()?))),
            b'G' => Value::Float(f64::from_be_bytes(self.code.array()?)),
            0x8A | 0x8B => {
                let len = if code == 0x8A {
                    usize::from(self.code.array::<1>()?[0])
                } else {
                    self.code.length(4)?
                };
                long(self.code.take(len)?)
            }
            _ => {
                let line = self.code.line()?;
                let no_number = || ReadError::damaged("a number in its pickle is invalid");
                match (code, line) {
                    (b'I', "00") => Value::Bool(false),
                    (b'I', "01") => Value::Bool(true),
                    (b'F', line) => Value::Float(line.parse().map_err(|_| no_number())?),
                    (_, line) => {
                        let digits = line.strip_suffix('L').unwrap_or(line);
                        Value::Int(digits.parse().map_err(|_| no_number())?)
                    }
                }
            }
        };
        self.push(value)
    }

    fn string(&mut self, code: u8) -> Result<(), ReadError> {
        let len = match code {
            0x8C | b'U' | b'C' => self.code.length(1)?,
            b'X' | b'T' | b'B' => self.code.length(4)?,
            _ => self.code.length(8)?,
        };
        let bytes = self.code.take(len)?;
        let value = match (code, std::str::from_utf8(bytes)) {
            (b'C' | b'B' | 0x8E, _) => Value::Bytes(bytes.into()),
            (_, Ok(text)) => Value::Text(text.into()),
            // Python 2's strings are bytes.
            (b'U' | b'T', Err(_)) => Value::Bytes(bytes.into()),
            (_, Err(_)) => return Err(ReadError::damaged("a string in its pickle is not UTF-8")),
        };
        self.push(value)
    }

    fn tuple(&mut self, code: u8) -> Result<(), ReadError> {
        let items = match code {
            b')' => Vec::new(),
            b't' => self.stack.pop_mark()?,
            _ => self.stack.pop_many(usize::from(code - 0x84))?,
        };
        self.push(Value::Tuple(items))
    }

    /// `LIST`, `APPEND`, `APPENDS`, and the same for sets.
    fn list(&mut self, code: u8) -> Result<(), ReadError> {
        let mut items = match code {
            b'a' => vec![self.stack.pop()?],
            _ => self.stack.pop_mark()?,
        };
        if matches!(code, b'l' | 0x91) {
            return self.push(Value::List(items));
        }
        match self.top()? {
            Value::List(list) => list.append(&mut items),
            Value::Opaque => {}
            _ => {
                return Err(ReadError::damaged(
                    "its pickle appends to a value that is not a list",
                ));
            }
        }
        Ok(())
    }

    /// `DICT`, `SETITEM`, `SETITEMS`.
    fn dict(&mut self, code: u8) -> Result<(), ReadError> {
        let items = match code {
            b's' => self.stack.pop_many(2)?,
            _ => self.stack.pop_mark()?,
        };
        if !items.len().is_multiple_of(2) {
            return Err(ReadError::damaged("its pickle has a key without a value"));
        }
        let pairs = items.as_chunks::<2>().0.iter().map(|&[key, value]| (key, value));
        if code == b'd' {
            let pairs = pairs.collect();
            return self.push(Value::Dict(pairs));
        }
        match self.top()? {
            Value::Dict(dict) => dict.extend(pairs),
            Value::Opaque => {}
            _ => {
                return Err(ReadError::damaged(
                    "its pickle sets a key of a value that is not a dictionary",
                ));
            }
        }
        Ok(())
    }

    fn put(&mut self, code: u8) -> Result<(), ReadError> {
        let number = match code {
            b'q' => u32::from(self.code.array::<1>()?[0]),
            b'r' => u32::from_le_bytes(self.code.array()?),
            b'p' => self.line_number()?,
            _ => u32::try_from(self.memo.len()).unwrap_or(u32::MAX),
        };
        let id = self.stack.top()?;
        self.memo.insert(number, id);
        if self.memo.len() > MAX_VALUES {
            return Err(too_many());
        }
        Ok(())
    }

    fn get(&mut self, code: u8) -> Result<(), ReadError> {
        let number = match code {
            b'h' => u32::from(self.code.array::<1>()?[0]),
            b'j' => u32::from_le_bytes(self.code.array()?),
            _ => self.line_number()?,
        };
        let id = self.memo.get(&number);
        let id =
            *id.ok_or_else(|| ReadError::damaged("its pickle reads a memo entry that it never wrote"))?;
        self.stack.push(id);
        Ok(())
    }

    pub fn push(&mut self, value: Value) -> Result<(), ReadError> {
        if self.tree.values.len() >= MAX_VALUES {
            return Err(too_many());
        }
        let id = self.tree.add(value);
        self.stack.push(id);
        Ok(())
    }

    pub fn value(&self, id: Id) -> &Value {
        usize::try_from(id)
            .ok()
            .and_then(|at| self.tree.values.get(at))
            .unwrap_or(&Value::None)
    }

    pub fn top(&mut self) -> Result<&mut Value, ReadError> {
        let id = self.stack.top()?;
        let value = usize::try_from(id)
            .ok()
            .and_then(|at| self.tree.values.get_mut(at));
        value.ok_or_else(|| ReadError::damaged("a value of its pickle is missing"))
    }

    pub fn unsigned(&self, id: Id) -> Option<u64> {
        match self.value(id) {
            Value::Int(int) => u64::try_from(*int).ok(),
            _ => None,
        }
    }

    fn line_number(&mut self) -> Result<u32, ReadError> {
        let line = self.code.line()?;
        line.parse()
            .map_err(|_| ReadError::damaged("a number in its pickle is invalid"))
    }
}

pub fn too_many() -> ReadError {
    ReadError::TooLarge {
        what: "its pickle",
        limit: format!("{MAX_VALUES} values"),
    }
}

/// A little-endian two's complement number.
fn long(bytes: &[u8]) -> Value {
    if bytes.len() > 8 {
        return Value::Long(bytes.into());
    }
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut wide = if negative { [0xFF; 8] } else { [0; 8] };
    wide[..bytes.len()].copy_from_slice(bytes);
    Value::Int(i64::from_le_bytes(wide))
}
