//! Files between Rust and faiss: Rust opens them, faiss reads and writes
//! through callbacks. So any path that the system can open works (faiss takes
//! `char*` paths, which lose non-ASCII letters on Windows), and what is read is
//! the very file that was checked.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::c_void;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::{ptr, slice};

use faiss_sys as sys;

use super::raw::{Raw, check};
use crate::retrieval::error::IndexFileError;

/// What faiss reads from.
struct Source {
    file: Box<dyn Read>,
    position: u64,
    /// Where vectors lie that have not been checked yet, in order.
    vectors: VecDeque<Range<u64>>,
    /// Why reading ended before its time.
    refused: Option<IndexFileError>,
}

impl Source {
    /// Reads all of `target`; looks at vectors.
    fn fill(&mut self, target: &mut [u8]) -> bool {
        if self.file.read_exact(target).is_err() {
            return false;
        }
        let here = self.position..self.position + target.len() as u64;
        self.position = here.end;
        let Some(next) = self.vectors.front() else {
            return true;
        };
        if here.end <= next.start {
            return true;
        }
        // faiss reads the vectors of a list at once; else it is another file by now.
        if here != *next {
            let what = "it changed while it was read";
            self.refused = Some(IndexFileError::Corrupt { what });
            return false;
        }
        self.vectors.pop_front();
        let (values, _) = target.as_chunks::<4>();
        let all_numbers = values.iter().all(|bytes| f32::from_le_bytes(*bytes).is_finite());
        if !all_numbers {
            self.refused = Some(IndexFileError::NonFinite);
        }
        all_numbers
    }
}

thread_local! {
    // The callbacks get no user pointer, but run on the thread of the call.
    static SOURCE: RefCell<Option<Source>> = const { RefCell::new(None) };
    static TARGET: RefCell<Option<Box<dyn Write>>> = const { RefCell::new(None) };
}

/// Reads an index that begins at `start`, and whose lists' vectors lie there.
///
/// The bytes must have passed [`crate::retrieval::format::check`]: faiss trusts
/// the sizes that it finds. Vectors that were passed over there are looked at here.
pub(super) fn read(
    mut source: impl Read + Seek + 'static,
    start: u64,
    vectors: Vec<Range<u64>>,
) -> Result<Raw, IndexFileError> {
    source.seek(SeekFrom::Start(start))?;
    read_source(Source {
        file: Box::new(source),
        position: start,
        vectors: vectors.into(),
        refused: None,
    })
}

/// Reads an index that this program wrote into `source`, with vectors that it has looked at.
pub(super) fn read_from(source: Box<dyn Read>) -> Result<Raw, IndexFileError> {
    read_source(Source {
        file: source,
        position: 0,
        vectors: VecDeque::new(),
        refused: None,
    })
}

fn read_source(source: Source) -> Result<Raw, IndexFileError> {
    SOURCE.set(Some(source));
    let mut reader = ptr::null_mut();
    let mut index = ptr::null_mut();
    // SAFETY: faiss stores new objects in `reader` and `index`; the cast is to
    // the base class of the same object; the reader is freed here and nowhere else.
    let result = unsafe {
        check(sys::faiss_CustomIOReader_new(&mut reader, Some(on_read))).and_then(|()| {
            let result = check(sys::faiss_read_index_custom(reader.cast(), 0, &mut index));
            sys::faiss_CustomIOReader_free(reader);
            result
        })
    };
    let refused = SOURCE.take().and_then(|source| source.refused);
    if let Err(why) = result {
        return Err(refused.unwrap_or(IndexFileError::Backend(why)));
    }
    // SAFETY: faiss has just made it for us.
    unsafe { Raw::own(index) }.map_err(IndexFileError::Backend)
}

/// Writes an index. Gives the sink's own error if that was the cause.
pub(super) fn write(index: &Raw, target: impl Write + 'static) -> Result<(), String> {
    TARGET.set(Some(Box::new(target)));
    let mut writer = ptr::null_mut();
    // SAFETY: as in `read`; the index lives and is only read.
    let result = unsafe {
        check(sys::faiss_CustomIOWriter_new(&mut writer, Some(on_write))).and_then(|()| {
            let result = check(sys::faiss_write_index_custom(index.as_ptr(), writer.cast(), 0));
            sys::faiss_CustomIOWriter_free(writer);
            result
        })
    };
    let flushed = TARGET.take().map_or(Ok(()), |mut target| target.flush());
    result.and(flushed.map_err(|error| error.to_string()))
}

/// Gives the number of items read: all or none.
unsafe extern "C" fn on_read(target: *mut c_void, size: usize, items: usize) -> usize {
    let Some(bytes) = size.checked_mul(items) else {
        return 0;
    };
    if bytes == 0 {
        return items; // `target` may be null then
    }
    // SAFETY: faiss gives room for `items` things of `size` bytes, which nobody
    // else uses during the call; zeroed first, because a slice must not show
    // memory that was never written.
    let target = unsafe {
        ptr::write_bytes(target.cast::<u8>(), 0, bytes);
        slice::from_raw_parts_mut(target.cast::<u8>(), bytes)
    };
    SOURCE.with_borrow_mut(|source| {
        let done = source.as_mut().is_some_and(|source| source.fill(target));
        if done { items } else { 0 }
    })
}

/// Gives the number of items written: all or none.
unsafe extern "C" fn on_write(source: *const c_void, size: usize, items: usize) -> usize {
    let Some(bytes) = size.checked_mul(items) else {
        return 0;
    };
    if bytes == 0 {
        return items;
    }
    // SAFETY: faiss gives `items` written things of `size` bytes, unchanged
    // during the call.
    let source = unsafe { slice::from_raw_parts(source.cast::<u8>(), bytes) };
    TARGET.with_borrow_mut(|target| {
        let done = target
            .as_mut()
            .is_some_and(|target| target.write_all(source).is_ok());
        if done { items } else { 0 }
    })
}
