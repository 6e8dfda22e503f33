//! The container that PyTorch wrote before 1.6: five pickles (magic number, protocol version,
//! system information, the object, the keys of its storages), then each storage as a
//! count and its bytes.

use super::super::error::ReadError;
use super::super::pickle::{self, Tree};
use super::place::Place;
use super::source::Source;
use super::zip::MAX_PICKLE_BYTES;
use std::collections::HashMap;

/// 0x1950a86a20f9469cfc6c, little-endian.
const MAGIC: [u8; 10] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19];
const PROTOCOL: i64 = 1001;

/// Reads the pickles and locates the storages.
pub fn open(source: &Source) -> Result<(Tree, Vec<Place>), ReadError> {
    let head = source.read_up_to(0, MAX_PICKLE_BYTES, "its pickles")?;
    let mut at = 0;
    let mut next = || -> Result<Tree, ReadError> {
        let loaded = pickle::load(&head[at..])?;
        at += loaded.len;
        Ok(loaded.tree)
    };
    if next()?.root().long() != Some(&MAGIC[..]) {
        return Err(ReadError::OtherFormat {
            found: "a pickle of another program",
        });
    }
    if next()?.root().int() != Some(PROTOCOL) {
        return Err(ReadError::Unsupported {
            what: "an unknown version of the old container".into(),
        });
    }
    if next()?.root().get("little_endian").and_then(pickle::Node::int) == Some(0) {
        return Err(ReadError::Unsupported {
            what: "big-endian numbers".into(),
        });
    }
    let tree = next()?;
    let keys = next()?;
    let wrong = || ReadError::damaged("the list of its storages is invalid");
    let keys = keys.root().items().ok_or_else(wrong)?;
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    numbers.extend(
        tree.storages
            .iter()
            .enumerate()
            .map(|(n, storage)| (&*storage.key, n)),
    );
    let mut places = vec![None; tree.storages.len()];
    let mut start = u64::try_from(at).unwrap_or(u64::MAX);
    for key in keys {
        let number = key.text().and_then(|key| numbers.get(key));
        let number = *number.ok_or_else(wrong)?;
        let storage = &tree.storages[number];
        let count = source.read(start, 8, &format!("storage {}", storage.key))?;
        let count = count
            .first_chunk::<8>()
            .map_or(0, |count| u64::from_le_bytes(*count));
        if count != storage.len {
            return Err(ReadError::damaged(format!(
                "storage {} has {count} values, but its pickle says {}",
                storage.key, storage.len
            )));
        }
        start += 8;
        let len = count.checked_mul(storage.element.bytes());
        let end = len
            .and_then(|len| start.checked_add(len))
            .filter(|&end| end <= source.len());
        let end = end.ok_or_else(|| ReadError::truncated(format!("storage {}", storage.key)))?;
        places[number] = Some(Place {
            start,
            len: end - start,
            crc32: None,
        });
        start = end;
    }
    let places: Option<Vec<Place>> = places.into_iter().collect();
    Ok((tree, places.ok_or_else(wrong)?))
}
