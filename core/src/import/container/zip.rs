//! PyTorch's zip archive: `NAME/data.pkl`, and `NAME/data/KEY` for each storage.

use super::super::error::ReadError;
use super::super::pickle::{self, Tree};
use super::place::Place;
use super::source::Source;
use rawzip::{CompressionMethod, ZipArchive, ZipLocator};
use std::collections::HashMap;

/// Maximum number of members; a large training checkpoint has 3,000.
const MAX_MEMBERS: usize = 1 << 16;
/// Largest `data.pkl` in bytes; a large training checkpoint's has 1 MB.
pub const MAX_PICKLE_BYTES: u64 = 16 << 20;

/// Reads the pickle and locates the storages.
pub fn open(source: &Source) -> Result<(Tree, Vec<Place>), ReadError> {
    let members = members(source)?;
    let mut pickles = members.keys().filter_map(|name| name.strip_suffix("data.pkl"));
    let (Some(prefix), None) = (pickles.next(), pickles.next()) else {
        return Err(ReadError::NoPickle);
    };
    if !prefix.is_empty() && !prefix.ends_with('/') {
        return Err(ReadError::NoPickle);
    }
    let member = |name: &str| members.get(&format!("{prefix}{name}")).copied();
    if member("constants.pkl").is_some() {
        return Err(ReadError::OtherFormat {
            found: "a TorchScript program",
        });
    }
    if let Some(place) = member("byteorder")
        && read(source, place, "byteorder", 16)? != b"little"
    {
        return Err(ReadError::Unsupported {
            what: "big-endian numbers".into(),
        });
    }
    let place = member("data.pkl").ok_or(ReadError::NoPickle)?;
    let bytes = read(source, place, "data.pkl", MAX_PICKLE_BYTES)?;
    let tree = pickle::load(&bytes)?.tree;
    let places = tree.storages.iter().map(|storage| {
        let key = &storage.key;
        let place = member(&format!("data/{key}"));
        let place =
            place.ok_or_else(|| ReadError::truncated(format!("its archive: storage {key} is missing")))?;
        let needed = storage.len.checked_mul(storage.element.bytes());
        if needed.is_none_or(|needed| needed > place.len) {
            return Err(ReadError::damaged(format!(
                "storage {key} has {} bytes, too few for {} values of {}",
                place.len,
                storage.len,
                storage.element.name()
            )));
        }
        Ok(place)
    });
    let places = places.collect::<Result<_, _>>()?;
    Ok((tree, places))
}

fn read(source: &Source, place: Place, name: &'static str, at_most: u64) -> Result<Vec<u8>, ReadError> {
    if place.len > at_most {
        return Err(ReadError::TooLarge {
            what: "its pickle",
            limit: format!("{at_most} bytes"),
        });
    }
    let bytes = source.read(place.start, place.len, name)?;
    if place.crc32.is_some_and(|crc32| crc32 != rawzip::crc32(&bytes)) {
        return Err(ReadError::damaged(format!(
            "the checksum of its member {name} is wrong"
        )));
    }
    Ok(bytes)
}

/// All members. Checks that they are uncompressed, inside the file, and do not overlap.
fn members(source: &Source) -> Result<HashMap<String, Place>, ReadError> {
    let mut buffer = vec![0; rawzip::RECOMMENDED_BUFFER_SIZE];
    let archive = ZipLocator::new()
        .locate_in_reader(source.reader(), &mut buffer, source.len())
        .map_err(|(_, error)| wrong(&error))?;
    let mut members = HashMap::new();
    let mut headers = Vec::new();
    let mut entries = archive.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().map_err(|error| wrong(&error))? {
        let path = entry.file_path();
        let name = String::from_utf8_lossy(path.as_ref()).into_owned();
        if entry.compression_method() != CompressionMethod::STORE || entry.flags().is_encrypted() {
            // For example an archive that a user made of a voice and its index.
            let ours = name.ends_with("data.pkl") || name.contains("/data/");
            if ours {
                return Err(ReadError::Compressed { member: name });
            }
            continue;
        }
        if entry.compressed_size_hint() != entry.uncompressed_size_hint() {
            return Err(ReadError::damaged(format!(
                "the sizes of its member {name} differ"
            )));
        }
        headers.push((name, entry.wayfinder(), entry.crc32()));
        if headers.len() > MAX_MEMBERS {
            return Err(ReadError::TooLarge {
                what: "the number of its members",
                limit: MAX_MEMBERS.to_string(),
            });
        }
    }
    for (name, wayfinder, crc32) in headers {
        let place = place(&archive, source.len(), wayfinder, crc32)
            .ok_or_else(|| ReadError::truncated(format!("its member {name}")))?;
        if let Some(_twice) = members.insert(name, place) {
            return Err(ReadError::damaged("two of its members have the same name"));
        }
    }
    let mut places: Vec<&Place> = members.values().filter(|place| place.len > 0).collect();
    places.sort_by_key(|place| place.start);
    if places
        .windows(2)
        .any(|pair| pair[0].start + pair[0].len > pair[1].start)
    {
        return Err(ReadError::damaged("members of its archive overlap"));
    }
    Ok(members)
}

fn place<R: rawzip::ReaderAt>(
    archive: &ZipArchive<R>,
    file_len: u64,
    wayfinder: rawzip::ZipArchiveEntryWayfinder,
    crc32: u32,
) -> Option<Place> {
    let (start, end) = archive.get_entry(wayfinder).ok()?.compressed_data_range();
    (end <= file_len).then_some(Place {
        start,
        len: end.checked_sub(start)?,
        crc32: Some(crc32),
    })
}

fn wrong(error: &rawzip::Error) -> ReadError {
    match error.kind() {
        rawzip::ErrorKind::MissingEndOfCentralDirectory | rawzip::ErrorKind::Eof => {
            ReadError::truncated("its archive: the directory at the end is missing")
        }
        _ => ReadError::damaged(format!("the directory of its archive: {error}")),
    }
}
