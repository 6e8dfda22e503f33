//! safetensors: a JSON header with every tensor's type, shape and position.
//!
//! The resulting tree is a dictionary of the tensors and the
//! metadata.

use super::super::error::ReadError;
use super::super::pickle::{Id, Tree, Value};
use super::super::tensor::{ElementType, Storage, Tensor};
use super::place::Place;
use super::source::Source;
use safetensors::tensor::{Dtype, Metadata};

/// Largest header in bytes; a HuBERT's has 25 kB.
const MAX_HEADER_BYTES: u64 = 8 << 20;
/// Length of the number before the header, which is the header's length.
const PREFIX_BYTES: u64 = 8;

/// Reads the header.
pub fn open(source: &Source) -> Result<(Tree, Vec<Place>), ReadError> {
    let prefix = source.read(0, PREFIX_BYTES, "its header")?;
    let header_len = prefix
        .first_chunk::<8>()
        .map_or(0, |len| u64::from_le_bytes(*len));
    if header_len > MAX_HEADER_BYTES {
        return Err(ReadError::TooLarge {
            what: "its header",
            limit: format!("{MAX_HEADER_BYTES} bytes"),
        });
    }
    let header = source.read(PREFIX_BYTES, header_len, "its header")?;
    let metadata: Metadata = serde_json::from_slice(&header)
        .map_err(|error| ReadError::damaged(format!("its header: {error}")))?;
    let data_start = PREFIX_BYTES + header_len;
    let mut tree = Tree::default();
    let mut places = Vec::new();
    let mut entries = Vec::new();
    let mut named: Vec<_> = metadata.tensors().into_iter().collect();
    named.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (name, info) in named {
        let (start, end) = info.data_offsets;
        let place = place(data_start, start, end, source.len())
            .ok_or_else(|| ReadError::truncated(format!("`{name}`")))?;
        let element = element(info.dtype).ok_or_else(|| ReadError::DataType {
            tensor: name.clone(),
            found: "numbers of a type for GPUs",
        })?;
        let shape: Vec<u64> = info.shape.iter().map(|&size| size as u64).collect();
        let len = shape.iter().try_fold(1_u64, |len, &size| len.checked_mul(size));
        if len.and_then(|len| len.checked_mul(element.bytes())) != Some(place.len) {
            return Err(ReadError::damaged(format!(
                "`{name}` of shape {shape:?} has {} bytes",
                place.len
            )));
        }
        let number = places.len();
        let storage = Storage {
            key: name.as_str().into(),
            element,
            len: place.len / element.bytes(),
        };
        let strides = row_major(&shape);
        tree.tensors
            .push(Tensor::checked(number, &storage, 0, shape, strides)?);
        tree.storages.push(storage);
        places.push(place);
        let key = tree.add(Value::Text(name.into()));
        let value = tree.add(Value::Tensor(number));
        entries.push((key, value));
    }
    for (key, text) in metadata.metadata().iter().flatten() {
        // Metadata values are strings; lists and numbers are written as JSON in them.
        let value = match serde_json::from_str(text) {
            Ok(json) => from_json(&mut tree, &json),
            Err(_) => tree.add(Value::Text(text.as_str().into())),
        };
        let key = tree.add(Value::Text(key.as_str().into()));
        entries.push((key, value));
    }
    tree.root = tree.add(Value::Dict(entries));
    Ok((tree, places))
}

/// The recursion is bounded: the parser rejects more than 128 levels.
fn from_json(tree: &mut Tree, json: &serde_json::Value) -> Id {
    let value = match json {
        serde_json::Value::String(text) => Value::Text(text.as_str().into()),
        serde_json::Value::Bool(bool) => Value::Bool(*bool),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(int) => Value::Int(int),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::Array(items) => {
            Value::List(items.iter().map(|item| from_json(tree, item)).collect())
        }
        serde_json::Value::Null | serde_json::Value::Object(_) => Value::None,
    };
    tree.add(value)
}

fn place(data_start: u64, start: usize, end: usize, file_len: u64) -> Option<Place> {
    let (start, end) = (u64::try_from(start).ok()?, u64::try_from(end).ok()?);
    let len = end.checked_sub(start)?;
    let start = data_start.checked_add(start)?;
    (start.checked_add(len)? <= file_len).then_some(Place {
        start,
        len,
        crc32: None,
    })
}

fn row_major(shape: &[u64]) -> Vec<u64> {
    let mut strides = vec![1_u64; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis].saturating_mul(shape[axis].max(1));
    }
    strides
}

fn element(dtype: Dtype) -> Option<ElementType> {
    Some(match dtype {
        Dtype::F64 => ElementType::F64,
        Dtype::F32 => ElementType::F32,
        Dtype::F16 => ElementType::F16,
        Dtype::BF16 => ElementType::Bf16,
        Dtype::I64 | Dtype::U64 => ElementType::Integer(8),
        Dtype::I32 | Dtype::U32 => ElementType::Integer(4),
        Dtype::I16 | Dtype::U16 => ElementType::Integer(2),
        Dtype::I8 | Dtype::U8 | Dtype::BOOL => ElementType::Integer(1),
        _ => return None,
    })
}
