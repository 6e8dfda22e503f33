//! The instructions that name and call classes and functions.

use super::super::error::ReadError;
use super::super::tensor::{ElementType, Storage, Tensor};
use super::globals::{self, Global};
use super::machine::{MAX_VALUES, Machine, too_many};
use super::tree::{Id, Value};

impl Machine<'_> {
    /// `GLOBAL`, `STACK_GLOBAL`.
    pub fn global(&mut self, code: u8) -> Result<(), ReadError> {
        let global = if code == b'c' {
            let module = self.code.line()?;
            let name = self.code.line()?;
            globals::find(module, name)?
        } else {
            let parts = self.stack.pop_many(2)?;
            let (Value::Text(module), Value::Text(name)) = (self.value(parts[0]), self.value(parts[1]))
            else {
                return Err(ReadError::damaged("a name in its pickle is not text"));
            };
            globals::find(module, name)?
        };
        self.push(Value::Global(global))
    }

    /// `REDUCE`, `NEWOBJ`: pushes the value that the call would return.
    pub fn reduce(&mut self) -> Result<(), ReadError> {
        let arguments = self.stack.pop()?;
        let callee = self.stack.pop()?;
        let Value::Tuple(arguments) = self.value(arguments) else {
            return Err(ReadError::damaged("a call in its pickle has no arguments"));
        };
        // None of the known functions uses more.
        let arguments: Vec<Id> = arguments.iter().take(4).copied().collect();
        let Value::Global(global) = *self.value(callee) else {
            return Err(ReadError::Unsupported {
                what: "a call of something that is not a known function".into(),
            });
        };
        let value = match global {
            Global::Opaque => Value::Opaque,
            Global::Dict => Value::Dict(self.pairs(&arguments)?),
            Global::List => Value::List(self.items(&arguments)?),
            Global::RebuildParameter => match arguments.first() {
                Some(&tensor) => {
                    self.stack.push(tensor);
                    return Ok(());
                }
                None => return Err(ReadError::damaged("a parameter without a tensor")),
            },
            Global::RebuildTensor => self.tensor(&arguments)?,
            Global::Storage(_) => {
                return Err(ReadError::Unsupported {
                    what: "a storage inside the pickle".into(),
                });
            }
        };
        self.push(value)
    }

    /// `set([…])`: a copy of the list. Copied elements are counted, so that a short
    /// pickle cannot create many long copies.
    fn items(&mut self, arguments: &[Id]) -> Result<Vec<Id>, ReadError> {
        // The argument of `defaultdict(factory)` is not a list.
        let (Some(Value::List(items)) | Some(Value::Tuple(items))) =
            arguments.first().map(|&id| self.value(id))
        else {
            return Ok(Vec::new());
        };
        let items = items.clone();
        self.copied += items.len();
        if self.copied > MAX_VALUES {
            return Err(too_many());
        }
        Ok(items)
    }

    /// `OrderedDict([(key, value), …])`.
    fn pairs(&mut self, arguments: &[Id]) -> Result<Vec<(Id, Id)>, ReadError> {
        let items = self.items(arguments)?;
        let pairs = items.iter().map(|&item| match self.value(item) {
            Value::List(pair) | Value::Tuple(pair) => {
                pair.first_chunk::<2>().map(|&[key, value]| (key, value))
            }
            _ => None,
        });
        Ok(pairs.flatten().collect())
    }

    /// `(storage, offset, shape, strides, …)`.
    fn tensor(&mut self, arguments: &[Id]) -> Result<Value, ReadError> {
        let wrong = || ReadError::damaged("a tensor in its pickle has invalid arguments");
        let &[storage, offset, shape, strides] = arguments.first_chunk::<4>().ok_or_else(wrong)?;
        let Value::Storage(number) = *self.value(storage) else {
            return Err(wrong());
        };
        let sizes = |id: Id| -> Option<Vec<u64>> {
            match self.value(id) {
                // Longer shapes are rejected by their rank in any case.
                Value::Tuple(sizes) | Value::List(sizes) if sizes.len() <= 64 => {
                    sizes.iter().map(|&size| self.unsigned(size)).collect()
                }
                _ => None,
            }
        };
        let offset = self.unsigned(offset).ok_or_else(wrong)?;
        let (shape, strides) = (sizes(shape).ok_or_else(wrong)?, sizes(strides).ok_or_else(wrong)?);
        let storage = self.tree.storages.get(number).ok_or_else(wrong)?;
        let tensor = Tensor::checked(number, storage, offset, shape, strides)?;
        self.tree.tensors.push(tensor);
        Ok(Value::Tensor(self.tree.tensors.len() - 1))
    }

    /// `BINPERSID`: `("storage", class, key, device, elements[, view])`.
    pub fn persistent(&mut self) -> Result<(), ReadError> {
        let wrong = || ReadError::damaged("a storage in its pickle has an invalid description");
        let id = self.stack.pop()?;
        let Value::Tuple(parts) = self.value(id) else {
            return Err(wrong());
        };
        let [kind, class, key, _device, len, view @ ..] = &parts[..] else {
            return Err(wrong());
        };
        if !matches!(self.value(*kind), Value::Text(kind) if &**kind == "storage") {
            return Err(ReadError::Unsupported {
                what: "a whole module instead of its weights".into(),
            });
        }
        if view.first().is_some_and(|&view| *self.value(view) != Value::None) {
            return Err(ReadError::Unsupported {
                what: "a view of a storage (PyTorch before 0.4)".into(),
            });
        }
        let (Value::Global(Global::Storage(element)), Value::Text(key)) =
            (self.value(*class), self.value(*key))
        else {
            return Err(wrong());
        };
        let len = self.unsigned(*len).ok_or_else(wrong)?;
        let number = self.storage(*element, key.clone(), len)?;
        self.push(Value::Storage(number))
    }

    fn storage(&mut self, element: ElementType, key: Box<str>, len: u64) -> Result<usize, ReadError> {
        if let Some(&number) = self.storages.get(&key) {
            let known = &self.tree.storages[number];
            if known.element != element || known.len != len {
                return Err(ReadError::damaged("one storage has two descriptions"));
            }
            return Ok(number);
        }
        let number = self.tree.storages.len();
        self.storages.insert(key.clone(), number);
        self.tree.storages.push(Storage { key, element, len });
        Ok(number)
    }

    /// `BUILD`: sets the state of an object. A dictionary's attributes and a
    /// parameter's hooks are ignored.
    pub fn build(&mut self) -> Result<(), ReadError> {
        self.stack.pop()?;
        match self.top()? {
            Value::Dict(_) | Value::Opaque | Value::Tensor(_) => Ok(()),
            _ => Err(ReadError::damaged(
                "its pickle sets the state of a value without one",
            )),
        }
    }
}
