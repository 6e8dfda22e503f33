//! What a file is, by its first bytes.

/// Bytes that [`of`] looks at.
pub(super) const HEAD_BYTES: u64 = 512;

/// Which reader a file needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileKind {
    /// RIFF, RIFX, RF64, BW64 or W64 with WAVE in it.
    Wav,
    /// MP4 and its relatives (m4a, mov, 3gp).
    Mp4,
    /// Matroska, WebM.
    Matroska,
    /// Left to symphonia to recognise.
    Other,
    /// No recording, or of a kind that is not decoded; the text completes "cannot be decoded: …".
    Unsupported(&'static str),
}

/// Sony Wave64 files begin with this GUID.
pub(super) const W64_RIFF: [u8; 16] = *b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00";

/// First bytes of kinds that are named rather than tried.
const UNSUPPORTED: [(&[u8], &str); 20] = [
    (
        b"version https://git-lfs",
        "it is a Git LFS pointer, not the recording; run `git lfs pull`",
    ),
    (
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
        "WMA and ASF are not decoded; convert it to WAV or FLAC",
    ),
    (b"#!AMR", "AMR is not decoded; convert it to WAV or FLAC"),
    (
        b"MAC ",
        "Monkey's Audio is not decoded; convert it to WAV or FLAC",
    ),
    (b"wvpk", "WavPack is not decoded; convert it to WAV or FLAC"),
    (b"TTA", "TTA is not decoded; convert it to WAV or FLAC"),
    (b"MPCK", "Musepack is not decoded; convert it to WAV or FLAC"),
    (b"MP+", "Musepack is not decoded; convert it to WAV or FLAC"),
    (b"DSD ", "DSD is not decoded; convert it to WAV or FLAC"),
    (b"FRM8", "DSD is not decoded; convert it to WAV or FLAC"),
    (b".snd", "AU is not decoded; convert it to WAV or FLAC"),
    (b".RMF", "RealMedia is not decoded; convert it to WAV or FLAC"),
    (b"\x0b\x77", "AC-3 is not decoded; convert it to WAV or FLAC"),
    (b"MThd", "it is a MIDI file, which holds notes and no sound"),
    (b"PK\x03\x04", "it is a ZIP archive; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "it is a 7z archive; unpack it first"),
    (b"Rar!", "it is a RAR archive; unpack it first"),
    (b"%PDF", "it is a PDF document"),
    (b"\x89PNG", "it is a picture"),
    (b"\xff\xd8\xff", "it is a picture"),
];

pub(super) fn of(head: &[u8]) -> FileKind {
    if head.is_empty() {
        return FileKind::Unsupported("it is empty");
    }
    if head.iter().all(|&byte| byte == 0) && head.len() as u64 == HEAD_BYTES {
        return FileKind::Unsupported("it begins with nothing but zeros");
    }
    let riff = [&b"RIFF"[..], b"RIFX", b"RF64", b"BW64"];
    if riff.iter().any(|magic| head.starts_with(magic)) {
        return match head.get(8..12) {
            Some(b"AVI ") => FileKind::Unsupported("AVI is not decoded; extract its sound as WAV or FLAC"),
            Some(b"WAVE") | None => FileKind::Wav,
            Some(_) => FileKind::Unsupported("it is a RIFF file without sound"),
        };
    }
    if head.starts_with(&W64_RIFF) {
        return FileKind::Wav;
    }
    if head.starts_with(b"\x1a\x45\xdf\xa3") {
        return FileKind::Matroska;
    }
    let atoms = [&b"ftyp"[..], b"moov", b"mdat", b"wide", b"free", b"skip"];
    if head.get(4..8).is_some_and(|atom| atoms.contains(&atom)) {
        return FileKind::Mp4;
    }
    if let Some((_, what)) = UNSUPPORTED.iter().find(|(magic, _)| head.starts_with(magic)) {
        return FileKind::Unsupported(what);
    }
    if is_html(head) {
        return FileKind::Unsupported("it is a web page, not the recording; download it again");
    }
    FileKind::Other
}

fn is_html(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let starts = |tag: &[u8]| text.len() >= tag.len() && text[..tag.len()].eq_ignore_ascii_case(tag);
    starts(b"<!doctype") || starts(b"<html") || starts(b"<?xml")
}
