//! Any bytes, as a file of weights: opened, recognised, built.
#![no_main]

use libfuzzer_sys::fuzz_target;
use voxmeld_core::import::{ModelKind, WeightsFile, hubert, rvc};

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut file) = WeightsFile::from_bytes(bytes.to_vec()) else {
        return;
    };
    match ModelKind::of(&file) {
        Ok(ModelKind::Voice(voice)) => drop(rvc::build(&voice, &mut file)),
        Ok(ModelKind::Encoder(_)) => drop(hubert::build(&mut file, None)),
        _ => {}
    }
});
