//! How much the codec of a Matroska track delays (`CodecDelay`). Symphonia rounds it to the track's milliseconds.

use std::io::{self, Read, Seek, SeekFrom};

/// Largest element with tracks that is looked at.
const MAX_TRACKS_BYTES: u64 = 16 << 20;

/// Elements looked at before the tracks are given up.
const MAX_ELEMENTS: usize = 10_000;

const SEGMENT: u64 = 0x1853_8067;
const CLUSTER: u64 = 0x1f43_b675;
const TRACKS: u64 = 0x1654_ae6b;
const TRACK_ENTRY: u64 = 0xae;
const TRACK_NUMBER: u64 = 0xd7;
const CODEC_DELAY: u64 = 0x56aa;

/// The delay of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CodecDelay {
    pub track_number: u64,
    pub delay_ns: u64,
}

/// The delays of all tracks that state one. Damage gives none: symphonia has the say about the file itself.
pub(super) fn codec_delays(file: &mut (impl Read + Seek + ?Sized)) -> io::Result<Vec<CodecDelay>> {
    let end = file.seek(SeekFrom::End(0))?;
    let mut at = 0;
    for _ in 0..MAX_ELEMENTS {
        file.seek(SeekFrom::Start(at))?;
        let mut head = Vec::new();
        file.take(12).read_to_end(&mut head)?;
        let Some(element) = header(&head) else { break };
        let body = at + element.header_len;
        match (element.id, element.size) {
            (SEGMENT, _) => at = body,
            (TRACKS, Some(size)) => {
                let mut tracks = Vec::new();
                file.seek(SeekFrom::Start(body))?;
                file.take(size.min(MAX_TRACKS_BYTES)).read_to_end(&mut tracks)?;
                return Ok(children(&tracks)
                    .filter_map(|(id, entry)| delay(id, entry))
                    .collect());
            }
            (CLUSTER, _) | (_, None) => break,
            (_, Some(size)) => match body.checked_add(size) {
                Some(next) if next <= end => at = next,
                _ => break,
            },
        }
    }
    Ok(Vec::new())
}

fn delay(id: u64, entry: &[u8]) -> Option<CodecDelay> {
    let number = |wanted: u64| {
        let (_, body) = children(entry).find(|(id, _)| *id == wanted)?;
        (body.len() <= 8).then(|| body.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    };
    (id == TRACK_ENTRY).then_some(())?;
    Some(CodecDelay {
        track_number: number(TRACK_NUMBER)?,
        delay_ns: number(CODEC_DELAY)?,
    })
}

/// The elements in the body of another: id and body each, up to the first that is damaged.
fn children(body: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let element = header(rest)?;
        let start = usize::try_from(element.header_len).ok()?;
        let end = start.checked_add(usize::try_from(element.size?).ok()?)?;
        let content = rest.get(start..end)?;
        rest = &rest[end..];
        Some((element.id, content))
    })
}

struct Element {
    id: u64,
    /// `None`: not known, as in live streams.
    size: Option<u64>,
    header_len: u64,
}

fn header(bytes: &[u8]) -> Option<Element> {
    let (id, id_len) = vint(bytes, 4, false)?;
    let (size, size_len) = vint(&bytes[id_len..], 8, true)?;
    let unknown = (1_u64 << (7 * size_len)) - 1;
    Some(Element {
        id,
        size: (size != unknown).then_some(size),
        header_len: (id_len + size_len) as u64,
    })
}

/// A number of variable length, and its length; its marker bit is part of ids, not of sizes.
fn vint(bytes: &[u8], max_len: usize, drops_marker: bool) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let len = first.leading_zeros() as usize + 1;
    if len > max_len {
        return None;
    }
    let number = bytes
        .get(..len)?
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte));
    let marker = 1_u64 << (7 * len);
    Some((if drops_marker { number & !marker } else { number }, len))
}
