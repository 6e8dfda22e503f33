//! Where the sound of an MP4 track begins: its edit list, or what iTunes writes in its place. Symphonia reads neither.

use std::io::{self, Read, Seek, SeekFrom};

/// Largest `moov` box that is looked at: a day of AAC has 4 MB of tables.
const MAX_MOOV_BYTES: u64 = 64 << 20;

/// The part of a track that is played. Times are seconds, as numerator and denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub track_id: u32,
    /// Left out at the start: the encoder's delay.
    pub delay_s: (u64, u64),
    /// Played after that.
    pub length_s: Option<(u64, u64)>,
}

/// The edits of all sound tracks that have any. Damage gives none: symphonia has the say about the file itself.
pub(super) fn edits(file: &mut (impl Read + Seek + ?Sized)) -> io::Result<Vec<Edit>> {
    let Some(moov) = moov(file)? else {
        return Ok(Vec::new());
    };
    let movie_scale = find(&moov, b"mvhd")
        .and_then(|body| versioned_u32(body, 12, 20))
        .unwrap_or(0);
    let by_itunes = itunes(&moov);
    let tracks = boxes(&moov).filter(|(name, _)| *name == b"trak");
    Ok(tracks
        .filter_map(|(_, trak)| track_edit(trak, movie_scale, by_itunes))
        .collect())
}

/// The body of the `moov` box.
fn moov(file: &mut (impl Read + Seek + ?Sized)) -> io::Result<Option<Vec<u8>>> {
    let end = file.seek(SeekFrom::End(0))?;
    let mut at = 0;
    while end - at >= 8 {
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 16];
        let available = usize::try_from((end - at).min(16)).unwrap_or(0);
        file.read_exact(&mut head[..available])?;
        let (small, name) = (u64::from(be32(&head, 0).unwrap_or(0)), &head[4..8]);
        let (header, size) = match small {
            0 => (8, end - at),
            1 => (16, be64(&head, 8).unwrap_or(0)),
            size => (8, size),
        };
        if size < header || size > end - at {
            return Ok(None);
        }
        if name == b"moov" {
            let mut body = Vec::new();
            file.seek(SeekFrom::Start(at + header))?;
            file.take((size - header).min(MAX_MOOV_BYTES))
                .read_to_end(&mut body)?;
            return Ok(Some(body));
        }
        at += size;
    }
    Ok(None)
}

fn track_edit(trak: &[u8], movie_scale: u32, by_itunes: Option<(u64, u64)>) -> Option<Edit> {
    let track_id = versioned_u32(find(trak, b"tkhd")?, 12, 20)?;
    let media = find(trak, b"mdia")?;
    if find(media, b"hdlr")?.get(8..12)? != b"soun" {
        return None;
    }
    let scale = u64::from(versioned_u32(find(media, b"mdhd")?, 12, 20)?);
    if scale == 0 {
        return None;
    }
    if let Some((delay, length)) = by_itunes {
        return Some(Edit {
            track_id,
            delay_s: (delay, scale),
            length_s: (length > 0).then_some((length, scale)),
        });
    }
    let list = find(trak, b"edts").and_then(|edts| find(edts, b"elst"))?;
    let wide = list.first() == Some(&1);
    let count = usize::try_from(be32(list, 4)?).ok()?;
    let entry_len = if wide { 20 } else { 12 };
    let entries = list.get(8..)?.chunks_exact(entry_len).take(count);
    // An entry with media time -1 is a pause before the track begins.
    let mut played = entries.filter_map(|entry| {
        let (duration, start) = if wide {
            (be64(entry, 0)?, be64(entry, 8)?.cast_signed())
        } else {
            (
                u64::from(be32(entry, 0)?),
                i64::from(be32(entry, 4)?.cast_signed()),
            )
        };
        Some((duration, u64::try_from(start).ok()?))
    });
    let (duration, start) = played.next()?;
    let alone = played.next().is_none();
    Some(Edit {
        track_id,
        delay_s: (start, scale),
        length_s: (alone && duration > 0 && movie_scale > 0)
            // The movie's scale is often milliseconds: no sample may be lost by that.
            .then_some((
                duration + u64::from(movie_scale != u32::try_from(scale).unwrap_or(0)),
                movie_scale.into(),
            )),
    })
}

/// Delay and length in samples, of the tag that iTunes and others write.
fn itunes(moov: &[u8]) -> Option<(u64, u64)> {
    let meta = find(find(moov, b"udta")?, b"meta")?;
    let list = find(meta.get(4..)?, b"ilst")?;
    let free = boxes(list).filter(|(name, _)| *name == b"----");
    for (_, tag) in free {
        if find(tag, b"name").and_then(|name| name.get(4..)) != Some(b"iTunSMPB") {
            continue;
        }
        let text = std::str::from_utf8(find(tag, b"data")?.get(8..)?).ok()?;
        let mut fields = text
            .split_whitespace()
            .skip(1)
            .map(|field| u64::from_str_radix(field, 16));
        let (delay, _padding, length) = (fields.next()?.ok()?, fields.next()?.ok()?, fields.next()?.ok()?);
        return Some((delay, length));
    }
    None
}

/// The boxes in the body of another: name and body each, up to the first that is damaged.
fn boxes(body: &[u8]) -> impl Iterator<Item = (&[u8; 4], &[u8])> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let size = usize::try_from(be32(rest, 0)?).ok()?;
        let name = rest.get(4..8)?.first_chunk()?;
        let whole = if size == 0 { rest } else { rest.get(..size)? };
        let content = whole.get(8..)?;
        rest = &rest[whole.len()..];
        Some((name, content))
    })
}

fn find<'a>(body: &'a [u8], name: &[u8; 4]) -> Option<&'a [u8]> {
    boxes(body)
        .find(|(found, _)| *found == name)
        .map(|(_, content)| content)
}

/// A number whose place depends on the version, which is the body's first byte.
fn versioned_u32(body: &[u8], at: usize, at_version_1: usize) -> Option<u32> {
    be32(body, if body.first()? == &1 { at_version_1 } else { at })
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn be64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}
