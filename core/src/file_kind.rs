//! What a file is, by its first bytes: for files that were chosen where others belong.
//!
//! Pure, except for [`FileKind::of_file`]. Thread: any but the audio thread.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes that [`FileKind::of_bytes`] looks at.
pub const HEAD_BYTES: usize = 4096;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// It has no bytes.
    Empty,
    /// A pointer of Git LFS in place of the file.
    LfsPointer,
    /// A web page.
    WebPage,
    /// JSON or other text.
    Text,
    /// A faiss index.
    FaissIndex,
    /// An ONNX model.
    Onnx,
    /// PyTorch weights (`.pth`, `.pt`).
    PyTorch,
    /// Weights in a `.safetensors` file.
    Safetensors,
    /// A numpy array (`.npy`).
    Npy,
    /// Numpy arrays (`.npz`).
    Npz,
    /// Another zip archive.
    Zip,
    /// gzip, tar, 7z or RAR.
    Archive,
    /// A recording or video.
    Recording,
    /// A picture or document.
    Document,
    /// A GGUF model.
    Gguf,
    /// A program or library.
    Program,
    /// None of these.
    Unknown,
}

/// Where a file was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// As the index.
    Index,
    /// As an ONNX model: encoder, voice or pitch tracker.
    Onnx,
}

impl FileKind {
    /// Looks at the beginning of a file.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        let mut head = Vec::new();
        File::open(path)?.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        Ok(Self::of_bytes(&head))
    }

    /// What a file is that begins with these bytes: all of a short file, or at least
    /// [`HEAD_BYTES`].
    #[must_use]
    pub fn of_bytes(head: &[u8]) -> Self {
        let begins = |with: &[u8]| head.starts_with(with);
        let has = |name: &[u8]| head.windows(name.len()).any(|piece| piece == name);
        if head.is_empty() {
            return Self::Empty;
        }
        if begins(b"version https://git-lfs") {
            return Self::LfsPointer;
        }
        if begins(b"PK\x03\x04") {
            return match () {
                () if has(b"data.pkl") => Self::PyTorch,
                () if has(b".npy") => Self::Npz,
                () => Self::Zip,
            };
        }
        if let Some(kind) = by_magic(head) {
            return kind;
        }
        if let Some(kind) = by_layout(head) {
            return kind;
        }
        text(head).unwrap_or(Self::Unknown)
    }

    /// What it is, as a noun: "a web page".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Empty => "an empty file",
            Self::LfsPointer => "a pointer of Git LFS, not the file itself",
            Self::WebPage => "a web page, not the file itself",
            Self::Text => "a text file",
            Self::FaissIndex => "a faiss index",
            Self::Onnx => "an ONNX model",
            Self::PyTorch => "a file of PyTorch weights (.pth)",
            Self::Safetensors => "a file of weights (.safetensors)",
            Self::Npy => "a numpy array (.npy)",
            Self::Npz => "an archive of numpy arrays (.npz)",
            Self::Zip => "a zip archive",
            Self::Archive => "a packed archive",
            Self::Recording => "a recording",
            Self::Document => "a picture or document",
            Self::Gguf => "a GGUF model",
            Self::Program => "a program",
            Self::Unknown => "a file of an unknown kind, or a damaged one",
        }
    }

    /// What to do with it where it was chosen as `place`, as a sentence's end.
    #[must_use]
    pub fn advice(self, place: Place) -> &'static str {
        match (self, place) {
            (Self::Empty, _) => "copy or download it again",
            (Self::LfsPointer, _) => {
                "run `git lfs pull` where it came from, or download the file itself from its page"
            }
            (Self::WebPage, _) => "download the file itself: open the page and use its download button",
            (Self::Zip | Self::Archive, Place::Index) => {
                "unpack it and choose the `added_*.index` file in it"
            }
            (Self::Zip | Self::Archive, Place::Onnx) => "unpack it and choose the .onnx file in it",
            (Self::Onnx, Place::Index) => {
                "choose it as the voice or the encoder, and here the `added_*.index` file that the training of the voice wrote"
            }
            (Self::PyTorch | Self::Safetensors, Place::Index) => {
                "it belongs to the voice; choose the `added_*.index` file that was beside it"
            }
            (Self::Npy | Self::Npz, Place::Index) => {
                "build an index of features with `voxmeld-cli index build --npy`, or choose an `added_*.index` file"
            }
            (Self::Recording, Place::Index) => {
                "make an index of recordings with \"From a folder…\" or `voxmeld-cli index build`"
            }
            (_, Place::Index) => "choose the `added_*.index` file that the training of the voice wrote",
            (Self::FaissIndex, Place::Onnx) => "choose it as the index, and an .onnx file here",
            (_, Place::Onnx) => "choose an .onnx file",
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// Kinds that begin with fixed bytes.
fn by_magic(head: &[u8]) -> Option<FileKind> {
    const MAGIC: &[(&[u8], FileKind)] = &[
        (b"\x93NUMPY", FileKind::Npy),
        (b"RIFF", FileKind::Recording),
        (b"RIFX", FileKind::Recording),
        (b"RF64", FileKind::Recording),
        (b"fLaC", FileKind::Recording),
        (b"OggS", FileKind::Recording),
        (b"FORM", FileKind::Recording),
        (b"caff", FileKind::Recording),
        (b"ID3", FileKind::Recording),
        (b"\xFF\xFB", FileKind::Recording),
        (b"\xFF\xF3", FileKind::Recording),
        (b"\xFF\xF1", FileKind::Recording),
        (b"\x1A\x45\xDF\xA3", FileKind::Recording),
        (b"GGUF", FileKind::Gguf),
        (b"\x1F\x8B", FileKind::Archive),
        (b"7z\xBC\xAF", FileKind::Archive),
        (b"Rar!", FileKind::Archive),
        (b"BZh", FileKind::Archive),
        (b"\xFD7zXZ", FileKind::Archive),
        (b"PK", FileKind::Zip),
        (b"%PDF", FileKind::Document),
        (b"\x89PNG", FileKind::Document),
        (b"\xFF\xD8\xFF", FileKind::Document),
        (b"GIF8", FileKind::Document),
        (b"\x7FELF", FileKind::Program),
        (b"MZ", FileKind::Program),
    ];
    let at = |at: usize, with: &[u8]| head.get(at..at + with.len()) == Some(with);
    MAGIC
        .iter()
        .find(|(magic, _)| head.starts_with(magic))
        .map(|(_, kind)| *kind)
        .or_else(|| at(4, b"ftyp").then_some(FileKind::Recording))
        .or_else(|| at(257, b"ustar").then_some(FileKind::Archive))
}

/// Kinds whose first fields are numbers of a certain range.
fn by_layout(head: &[u8]) -> Option<FileKind> {
    match head {
        // A fourcc and a dimension.
        [b'I', second, third, fourth, rest @ ..]
            if b"xwvVHNBPRLm".contains(second)
                && third.is_ascii_alphanumeric()
                && fourth.is_ascii_alphanumeric()
                && rest.get(2).is_none_or(|&byte| byte <= 1)
                && rest.get(3).is_none_or(|&byte| byte == 0) =>
        {
            Some(FileKind::FaissIndex)
        }
        // A pickle of protocol 2 to 5.
        [0x80, 2..=5, ..] => Some(FileKind::PyTorch),
        // A length of 64 bits, then JSON.
        [_, _, _, _, 0, 0, 0, 0, b'{', ..] => Some(FileKind::Safetensors),
        // Version of the format (field 1), then any other field of a model.
        [
            0x08,
            1..=32,
            0x12 | 0x1A | 0x22 | 0x28 | 0x32 | 0x3A | 0x42 | 0x72,
            ..,
        ] => Some(FileKind::Onnx),
        _ => None,
    }
}

/// Text, and web pages among it.
fn text(head: &[u8]) -> Option<FileKind> {
    // A letter may be cut at the end of what was read.
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return None;
    }
    let start = text
        .trim_start_matches('\u{FEFF}')
        .trim_start()
        .to_ascii_lowercase();
    let page = ["<!doctype", "<html", "<head", "<body", "<?xml", "<script"];
    Some(
        if page.iter().any(|tag| start.starts_with(tag)) || start.contains("<html") {
            FileKind::WebPage
        } else {
            FileKind::Text
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_many_kinds_are_named() {
        let cases: &[(&[u8], FileKind)] = &[
            (b"", FileKind::Empty),
            (
                b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
                FileKind::LfsPointer,
            ),
            (b"<!DOCTYPE html><html lang=\"en\">", FileKind::WebPage),
            (b"\n\n  <html><head><title>404</title>", FileKind::WebPage),
            (b"{\"error\": \"Entry not found\"}", FileKind::Text),
            (b"Entry not found", FileKind::Text),
            (b"IwFl\x00\x03\x00\x00rest", FileKind::FaissIndex),
            (b"IHNf\x00\x01\x00\x00rest", FileKind::FaissIndex),
            (b"\x08\x08\x12\x07pytorch", FileKind::Onnx),
            (b"PK\x03\x04........archive/data.pkl", FileKind::PyTorch),
            (b"PK\x03\x04........vectors.npy", FileKind::Npz),
            (b"PK\x03\x04........readme.txt", FileKind::Zip),
            (b"\x80\x02}q\x00", FileKind::PyTorch),
            (b"\x40\x00\x00\x00\x00\x00\x00\x00{\"a\":", FileKind::Safetensors),
            (b"\x93NUMPY\x01\x00", FileKind::Npy),
            (b"RIFF\x00\x00\x00\x00WAVEfmt ", FileKind::Recording),
            (b"\x00\x00\x00\x20ftypM4A ", FileKind::Recording),
            (b"\x00\x01\x02\x03\x04", FileKind::Unknown),
        ];
        for (bytes, kind) in cases {
            assert_eq!(
                FileKind::of_bytes(bytes),
                *kind,
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
        let cut_in_a_letter = [vec![b'a'; 4095], vec![0xC3]].concat();
        assert_eq!(FileKind::of_bytes(&cut_in_a_letter), FileKind::Text);
    }

    #[test]
    fn every_kind_has_advice_for_every_place() {
        for place in [Place::Index, Place::Onnx] {
            for kind in [
                FileKind::LfsPointer,
                FileKind::WebPage,
                FileKind::Recording,
                FileKind::Unknown,
            ] {
                assert!(kind.advice(place).len() > 15);
            }
        }
        assert!(FileKind::PyTorch.advice(Place::Index).contains("added_*.index"));
        assert!(FileKind::FaissIndex.advice(Place::Onnx).contains("as the index"));
    }
}
