//! Ten thousand damaged index files, and as many of each kind that is converted: each is rejected with a message, or opens as an
//! index that can be searched. Never a crash, and never an allocation that is larger
//! than the file's size explains.

mod damage;
mod kinds;

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use damage::{Random, damage};
use parking_lot::Mutex;
use voxmeld_core::frames::Frames;
use voxmeld_core::retrieval::{EmbeddingIndex, IndexFileError, Neighbours, SearchParams, Sidecar, open};

/// The system's allocator, which records the largest allocation.
struct MeasuringAllocator;

static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: passes every call to the system's allocator unchanged.
unsafe impl GlobalAlloc for MeasuringAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Tests run at the same time, and each looks at the largest allocation.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

#[global_allocator]
static ALLOCATOR: MeasuringAllocator = MeasuringAllocator;

const FILES: [&str; 10] = [
    "ivf8_l2.index",
    "ivf8_ip.index",
    "flat_l2.index",
    "pqfs_l2.index",
    "pqfs_ip.index",
    "sparse_array_map.index",
    "sparse_hash_map.index",
    "trained_ivf8_l2.index",
    "custom_ids.index",
    "residual.index",
];

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/data/retrieval")
        .join(name)
}

/// Searches an index in all ways. Returns true if it opened.
fn search_everything(opened: Result<Arc<dyn EmbeddingIndex>, IndexFileError>, seed: u64) -> bool {
    let index = match opened {
        Ok(index) => index,
        Err(error) => {
            let message = error.to_string();
            assert!(message.len() > 20, "{seed}: {message}");
            assert!(!message.starts_with("faiss could not"), "{seed}: {message}");
            return false;
        }
    };
    let queries = Frames::from_data(index.dim(), vec![0.5; index.dim() * 2]);
    let mut found = Neighbours::default();
    for (n_probe, k_factor) in [(1, 0), (1000, 3)] {
        let params = SearchParams {
            k: 8,
            n_probe,
            k_factor,
            ..SearchParams::default()
        };
        index.search(&queries, params, &mut found).expect("searched");
        let mut vector = vec![0.0; index.dim()];
        for &id in &found.ids {
            assert_eq!(index.vector(id, &mut vector), id >= 0, "{seed}");
        }
    }
    true
}

#[test]
fn ten_thousand_damaged_files_are_rejected_or_searchable_with_small_allocations() {
    let _alone = ONE_AT_A_TIME.lock();
    let good: Vec<Vec<u8>> = FILES
        .iter()
        .map(|name| fs::read(data(name)).expect(name))
        .collect();
    let path = std::env::temp_dir().join(format!("voxmeld-hostile-{}.index", std::process::id()));
    LARGEST.store(0, Relaxed);
    let mut opened = 0;
    for seed in 0..10_000 {
        let mut random = Random(seed);
        let mut bytes = good[random.below(good.len())].clone();
        for _ in 0..=random.below(3) {
            damage(&mut bytes, &good, &mut random);
        }
        fs::write(&path, bytes).expect("written");
        opened += usize::from(search_everything(open(&path, None), seed));
    }
    // None of them allocated more than the reader's buffers.
    assert!(
        LARGEST.load(Relaxed) < 1 << 20,
        "{} bytes at once",
        LARGEST.load(Relaxed)
    );
    // Damage to a vector's value cannot be detected; all other damage has to be.
    assert!((100..6000).contains(&opened), "{opened} opened");

    // The sidecar of an index.
    fs::write(&path, &good[0]).expect("written");
    let mut sidecar = Sidecar::new(16, 201, "IVF8,Flat", Default::default(), 0);
    sidecar.sources = serde_json::from_str(
        r#"[{"file":"a.wav","sha256":"","spans":[{"first_id":0,"len":90,"start_frame_50hz":7},{"first_id":90,"len":111,"start_frame_50hz":300}]}]"#,
    )
    .expect("sources");
    let text = serde_json::to_vec(&sidecar).expect("text");
    for seed in 0..2000 {
        let mut random = Random(seed);
        let mut bytes = text.clone();
        damage(&mut bytes, std::slice::from_ref(&text), &mut random);
        fs::write(Sidecar::path_of(&path), bytes).expect("written");
        if let Ok(index) = open(&path, None) {
            for id in [i64::MIN, -1, 0, 89, 90, 200, 201, i64::MAX] {
                let _ = index.sidecar().and_then(|sidecar| sidecar.locate(id));
            }
        }
    }
    fs::remove_file(Sidecar::path_of(&path)).expect("removed");
    fs::remove_file(&path).expect("removed");
}
