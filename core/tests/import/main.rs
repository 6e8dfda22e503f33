//! Damaged, manipulated and foreign files in the readers of
//! weights: each is rejected with a message, or is a voice that can be built.
//! Never a crash, nothing executed, and no allocation that is larger than the file's
//! size explains.

mod encoders;
mod forge;
mod mutations;
mod refused;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use voxmeld_core::import::{ModelKind, WeightsFile, hubert, rvc};

/// Records the largest allocation of each thread.
struct Measuring;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Measuring {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // Thread-locals do not exist any more in a thread that is ending.
        let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(layout.size())));
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Measuring = Measuring;

/// Bytes of the largest allocation that `run` makes.
fn largest_of(run: impl FnOnce()) -> usize {
    LARGEST.with(|largest| largest.set(0));
    run();
    LARGEST.with(Cell::get)
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/data/import")
        .join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap_or_else(|error| panic!("{name} is missing: {error}"))
}

/// Result of opening and recognising a file and, if it is a voice, of building it.
#[derive(Debug)]
enum Outcome {
    Built(Vec<u8>),
    Other(String),
    Refused(String),
}

fn use_it(bytes: Vec<u8>) -> Outcome {
    let mut file = match WeightsFile::from_bytes(bytes) {
        Ok(file) => file,
        Err(error) => return Outcome::Refused(error.to_string()),
    };
    match ModelKind::of(&file) {
        Ok(ModelKind::Voice(voice)) => match rvc::build(&voice, &mut file) {
            Ok(graph) => Outcome::Built(graph),
            Err(error) => Outcome::Refused(error.to_string()),
        },
        Ok(ModelKind::Encoder(_)) => match hubert::build(&mut file, None) {
            Ok(graph) => Outcome::Built(graph),
            Err(error) => Outcome::Refused(error.to_string()),
        },
        Ok(kind) => Outcome::Other(format!("{}: {}", kind.name(), kind.advice())),
        Err(error) => Outcome::Refused(error.to_string()),
    }
}

/// The error message of a file that is rejected.
fn refusal(bytes: Vec<u8>) -> String {
    match use_it(bytes) {
        Outcome::Refused(sentence) => {
            assert!(sentence.len() > 20, "{sentence}");
            sentence
        }
        other => panic!("not rejected: {other:?}"),
    }
}
