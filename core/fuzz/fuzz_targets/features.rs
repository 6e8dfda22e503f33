//! Any bytes, as a NumPy file of features.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(frames) = voxmeld_core::indexing::parse_npy(bytes) {
        assert!(2 * frames.len() * frames.dim() <= bytes.len());
    }
});
