//! Any bytes, as an index file: checked, converted, searched.
#![no_main]

use libfuzzer_sys::fuzz_target;
use voxmeld_core::frames::Frames;
use voxmeld_core::retrieval::{Neighbours, SearchParams, open_bytes};

fuzz_target!(|bytes: &[u8]| {
    let Ok(index) = open_bytes(bytes.to_vec(), None) else {
        return;
    };
    let query = Frames::from_data(index.dim(), vec![0.5; index.dim()]);
    let mut found = Neighbours::default();
    let _ = index.search(&query, SearchParams::default(), &mut found);
    let mut vector = vec![0.0; index.dim()];
    for id in found.ids {
        assert_eq!(index.vector(id, &mut vector), id >= 0);
    }
});
