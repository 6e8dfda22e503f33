//! Any bytes, as a file of weights: opened, recognised, built.
#![no_main]

use libfuzzer_sys::fuzz_target;
use voxmeld_core::import::{ModelKind, WeightsFile, rvc};

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut file) = WeightsFile::from_bytes(bytes.to_vec()) else {
        return;
    };
    if let Ok(ModelKind::Voice(voice)) = ModelKind::of(&file) {
        let _ = rvc::build(&voice, &mut file);
    }
});
