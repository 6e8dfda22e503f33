//! Names of kinds of faiss indices, for error messages.

/// Description of a fourcc's index kind, for the user; `None` if no index begins like this.
pub(in crate::retrieval) fn name(fourcc: [u8; 4]) -> Option<String> {
    let known = match &fourcc {
        b"IvPQ" | b"IvQR" | b"IvSQ" | b"IvFl" | b"IvFL" => {
            "an IVF index of a faiss before 1.3; read it with faiss and write it again"
        }
        b"IwLS" | b"IwRQ" | b"IwPL" | b"IwPR" | b"IVLf" | b"IVRf" | b"NPLf" | b"NPRf" => {
            "IVF with additive codes (residual or local search quantisation)"
        }
        b"IxRQ" | b"IxRq" | b"IxLS" | b"IxPR" | b"IxPL" | b"ILfs" | b"IRfs" | b"IPLf" | b"IPRf" | b"ImRQ" => {
            "additive codes (residual or local search quantisation)"
        }
        b"Iwrq" | b"Ixrq" => "RaBitQ, one bit a value",
        b"IwSh" => "IVF with spectral hashes",
        b"IxHE" | b"IxHe" => "LSH, hashes of the vectors",
        b"IHN2" | b"Ix2L" => "HNSW with two-level codes",
        b"IRMf" | b"IRMh" => "an index of vectors that are scaled row by row",
        b"IxLa" => "a lattice index",
        b"Imiq" => "a coarse quantiser alone",
        [b'I', b'B', _, _] => "a binary index",
        [b'I', b'w' | b'v' | b'V', _, _] => "an IVF index",
        b"IxF2" | b"IxFI" | b"IxFl" => "a flat index",
        b"IxPT" => "an index behind a transform",
        b"IxMp" | b"IxM2" => "an index with ids of its own",
        [b'I', b'H', b'N' | b'c', _] => "HNSW",
        [b'I', rest @ ..] if rest.iter().all(u8::is_ascii_alphanumeric) => "an index",
        _ => return None,
    };
    Some(format!("{known}, `{}`", String::from_utf8_lossy(&fourcc)))
}
