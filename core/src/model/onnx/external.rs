//! Weights in a file next to the model ("external data"), read into the model's bytes.

use super::wire::{Field, Malformed, fields, put_bytes};
use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path};

mod field {
    pub const MODEL_GRAPH: u64 = 7;
    pub const GRAPH_INITIALIZER: u64 = 5;
    pub const TENSOR_RAW_DATA: u64 = 9;
    pub const TENSOR_EXTERNAL_DATA: u64 = 13;
    pub const TENSOR_DATA_LOCATION: u64 = 14;
}
/// Largest size of a model in one piece.
const MAX_BYTES: u64 = (1 << 31) - (1 << 20);

/// Why the weights cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    /// Not a protobuf message.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The model names a file outside its own folder.
    #[error(
        "its weights should be in \"{0}\", which is not a file beside it: export the model again in one file"
    )]
    Outside(String),
    /// The file cannot be read.
    #[error(
        "its weights are in the separate file \"{name}\", which cannot be read ({why}): copy that file beside the model"
    )]
    Unreadable {
        /// The file.
        name: String,
        /// The system's reason.
        why: String,
    },
    /// The file ends too early.
    #[error("its weights are in the separate file \"{0}\", which is too short: copy it again")]
    Short(String),
    /// All weights together are too large.
    #[error("its weights are larger than 2 GB: choose a smaller model")]
    TooLarge,
}

/// The model's bytes with all weights inside; `None` if they are inside already. `path` is the model's.
///
/// # Errors
/// See [`ExternalError`].
pub fn with_weights(path: &Path, model: &[u8]) -> Result<Option<Vec<u8>>, ExternalError> {
    // A file that is not a protobuf message is rejected by the runtime, with its own message.
    if !has_external(model).unwrap_or(false) {
        return Ok(None);
    }
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut weights = Weights {
        folder,
        open: HashMap::new(),
        total: model.len() as u64,
    };
    inlined(model, &mut weights).map(Some)
}

fn has_external(model: &[u8]) -> Result<bool, Malformed> {
    for part in fields(model) {
        let part = part?;
        if part.number != field::MODEL_GRAPH {
            continue;
        }
        for part in fields(part.bytes) {
            let part = part?;
            if part.number == field::GRAPH_INITIALIZER && is_external(part.bytes)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn is_external(tensor: &[u8]) -> Result<bool, Malformed> {
    for part in fields(tensor) {
        let part = part?;
        if part.number == field::TENSOR_DATA_LOCATION {
            return Ok(part.value() == 1);
        }
    }
    Ok(false)
}

fn inlined(model: &[u8], weights: &mut Weights<'_>) -> Result<Vec<u8>, ExternalError> {
    let mut out = Vec::with_capacity(model.len());
    for part in fields(model) {
        let part = part?;
        if part.number != field::MODEL_GRAPH {
            out.extend_from_slice(part.raw);
            continue;
        }
        let mut graph = Vec::with_capacity(part.bytes.len());
        for part in fields(part.bytes) {
            let part = part?;
            if part.number == field::GRAPH_INITIALIZER && is_external(part.bytes)? {
                put_bytes(&mut graph, field::GRAPH_INITIALIZER, &tensor(part, weights)?);
            } else {
                graph.extend_from_slice(part.raw);
            }
        }
        put_bytes(&mut out, field::MODEL_GRAPH, &graph);
    }
    Ok(out)
}

/// One tensor with its weights inside.
fn tensor(whole: Field<'_>, weights: &mut Weights<'_>) -> Result<Vec<u8>, ExternalError> {
    let (mut out, mut place) = (Vec::new(), HashMap::new());
    for part in fields(whole.bytes) {
        let part = part?;
        match part.number {
            field::TENSOR_EXTERNAL_DATA => {
                let mut entry = [""; 2];
                for text in fields(part.bytes) {
                    let text = text?;
                    if let Some(slot) = usize::try_from(text.number).ok().filter(|n| (1..=2).contains(n)) {
                        entry[slot - 1] = std::str::from_utf8(text.bytes).map_err(|_| Malformed)?;
                    }
                }
                place.insert(entry[0], entry[1]);
            }
            field::TENSOR_DATA_LOCATION | field::TENSOR_RAW_DATA => {}
            _ => out.extend_from_slice(part.raw),
        }
    }
    let name = *place.get("location").ok_or(Malformed)?;
    let number = |key: &str| place.get(key).map(|text| text.parse::<u64>()).transpose();
    let offset = number("offset").map_err(|_| Malformed)?.unwrap_or(0);
    let length = number("length").map_err(|_| Malformed)?;
    let bytes = weights.read(name, offset, length)?;
    put_bytes(&mut out, field::TENSOR_RAW_DATA, &bytes);
    Ok(out)
}

/// The files next to a model.
struct Weights<'a> {
    folder: &'a Path,
    /// Open files and their lengths in bytes.
    open: HashMap<String, (File, u64)>,
    /// Bytes so far.
    total: u64,
}

impl Weights<'_> {
    fn read(&mut self, name: &str, offset: u64, length: Option<u64>) -> Result<Vec<u8>, ExternalError> {
        let unreadable = |error: std::io::Error| ExternalError::Unreadable {
            name: name.to_string(),
            why: error.to_string(),
        };
        let inside = Path::new(name)
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !inside || name.is_empty() {
            return Err(ExternalError::Outside(name.to_string()));
        }
        if !self.open.contains_key(name) {
            let file = File::open(self.folder.join(name)).map_err(unreadable)?;
            let len = file.metadata().map_err(unreadable)?.len();
            self.open.insert(name.to_string(), (file, len));
        }
        let short = || ExternalError::Short(name.to_string());
        let (file, len) = self.open.get_mut(name).ok_or_else(short)?;
        let rest = len.checked_sub(offset).ok_or_else(short)?;
        let length = length.unwrap_or(rest);
        if length > rest {
            return Err(short());
        }
        self.total += length;
        if self.total > MAX_BYTES {
            return Err(ExternalError::TooLarge);
        }
        let mut bytes = vec![0; usize::try_from(length).map_err(|_| ExternalError::TooLarge)?];
        file.seek(SeekFrom::Start(offset)).map_err(unreadable)?;
        file.read_exact(&mut bytes).map_err(unreadable)?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::super::wire::put_varint;
    use super::*;

    /// A model with one tensor whose bytes are elsewhere.
    fn model(location: &str, offset: &str, length: &str) -> Vec<u8> {
        let mut tensor = Vec::new();
        put_bytes(&mut tensor, 8, b"weights");
        for (key, value) in [("location", location), ("offset", offset), ("length", length)] {
            let mut entry = Vec::new();
            put_bytes(&mut entry, 1, key.as_bytes());
            put_bytes(&mut entry, 2, value.as_bytes());
            put_bytes(&mut tensor, field::TENSOR_EXTERNAL_DATA, &entry);
        }
        put_varint(&mut tensor, field::TENSOR_DATA_LOCATION, 1);
        let (mut graph, mut model) = (Vec::new(), Vec::new());
        put_bytes(&mut graph, field::GRAPH_INITIALIZER, &tensor);
        put_bytes(&mut model, field::MODEL_GRAPH, &graph);
        model
    }

    fn read(location: &str, offset: &str, length: &str) -> Result<Vec<u8>, String> {
        let folder = std::env::temp_dir().join(format!("voxmeld-external-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        std::fs::write(folder.join("model.data"), [1, 2, 3, 4, 5, 6]).expect("written");
        with_weights(&folder.join("model.onnx"), &model(location, offset, length))
            .map(|made| made.expect("weights beside the model"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn weights_beside_the_model_are_read_into_it() {
        let inlined = read("model.data", "2", "3").expect("readable");
        let mut tensor = Vec::new();
        put_bytes(&mut tensor, 8, b"weights");
        put_bytes(&mut tensor, field::TENSOR_RAW_DATA, &[3, 4, 5]);
        let (mut graph, mut expected) = (Vec::new(), Vec::new());
        put_bytes(&mut graph, field::GRAPH_INITIALIZER, &tensor);
        put_bytes(&mut expected, field::MODEL_GRAPH, &graph);
        assert_eq!(inlined, expected);
    }

    #[test]
    fn missing_short_and_outside_weights_are_refused_by_name() {
        for (location, offset, length, words) in [
            ("other.data", "0", "1", "copy that file beside the model"),
            ("model.data", "4", "3", "too short"),
            ("model.data", "7", "0", "too short"),
            ("../model.data", "0", "1", "not a file beside it"),
            ("/model.data", "0", "1", "not a file beside it"),
            ("", "0", "1", "not a file beside it"),
            ("model.data", "-1", "1", "not a complete protobuf"),
        ] {
            let error = read(location, offset, length).expect_err("refused");
            assert!(error.contains(words), "{location} {offset} {length}: {error}");
        }
    }
}
