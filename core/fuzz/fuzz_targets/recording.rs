//! Any bytes, as a recording: opened, decoded to its end.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::path::Path;
use voxmeld_core::indexing::SoundReader;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut reader) = SoundReader::from_bytes(bytes.to_vec(), Path::new("fuzz")) else {
        return;
    };
    let mut samples = Vec::new();
    while let Ok(true) = reader.read(&mut samples) {
        samples.clear();
    }
});
