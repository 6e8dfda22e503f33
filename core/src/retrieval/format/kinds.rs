//! Names for the faiss indices that we refuse.

/// What a fourcc stands for, in words; `None` if no index begins like this.
pub(super) fn name(fourcc: [u8; 4]) -> Option<String> {
    let known = match &fourcc {
        b"IwPQ" | b"IwQR" | b"IvPQ" | b"IvQR" => "IVF with product quantisation",
        b"IwPf" => "IVF with fast-scan product quantisation but without the vectors; build it with `,RFlat`",
        b"IxPQ" | b"IxPo" | b"IxPq" | b"IPfs" => "product quantisation",
        b"IxRF" => "a refined index",
        b"IwSQ" | b"IwSq" | b"IvSQ" => "IVF with scalar quantisation",
        b"IxSQ" => "scalar quantisation",
        b"IvFl" | b"IvFL" => "IVF-Flat of a very old faiss",
        b"IwFd" => "IVF-Flat without duplicates",
        b"IxPT" => "an index with a transform before it",
        b"IxMp" | b"IxM2" => "an index with custom ids",
        [b'I', b'H', b'N' | b'c', _] => "HNSW",
        [b'I', b'B', _, _] => "a binary index",
        [b'I', b'w' | b'v' | b'V', _, _] => "an IVF index",
        [b'I', rest @ ..] if rest.iter().all(u8::is_ascii_alphanumeric) => "an index",
        _ => return None,
    };
    Some(format!("{known}, `{}`", String::from_utf8_lossy(&fourcc)))
}
