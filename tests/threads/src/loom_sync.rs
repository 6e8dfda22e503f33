//! The names of `voxmeld_core::sync` with loom's types: every access is a step that the
//! checker may order before or after any step of another thread, and a relaxed load may
//! return any value that the memory model allows.

pub use loom::sync::Arc;
pub use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use loom::cell::UnsafeCell;

/// Yields to the other thread.
pub fn wait_a_little() {
    loom::thread::yield_now();
}

/// A ring with ringbuf's protocol: each end writes its own index with `Release` after it
/// has accessed the cells, and reads the other end's index with `Acquire` before. ringbuf
/// itself is not checked; loom detects concurrent accesses to a cell.
struct Ring<T> {
    cells: Vec<UnsafeCell<Option<T>>>,
    /// Items ever popped.
    read: AtomicUsize,
    /// Items ever pushed.
    write: AtomicUsize,
}

impl<T> Ring<T> {
    fn cell(&self, index: usize) -> &UnsafeCell<Option<T>> {
        &self.cells[index % self.cells.len()]
    }
}

/// A ring before it is split into its two ends.
pub struct HeapRb<T>(Ring<T>);

impl<T> HeapRb<T> {
    /// A ring with room for `capacity` items.
    pub fn new(capacity: usize) -> Self {
        Self(Ring {
            cells: (0..capacity).map(|_| UnsafeCell::new(None)).collect(),
            read: AtomicUsize::new(0),
            write: AtomicUsize::new(0),
        })
    }

    /// The producing and the consuming end.
    pub fn split(self) -> (HeapProd<T>, HeapCons<T>) {
        let ring = Arc::new(self.0);
        let producer = HeapProd {
            ring: ring.clone(),
            write: 0,
        };
        (producer, HeapCons { ring, read: 0 })
    }
}

/// The producing end. It caches its own index, as ringbuf's does.
pub struct HeapProd<T> {
    ring: Arc<Ring<T>>,
    write: usize,
}

/// The consuming end.
pub struct HeapCons<T> {
    ring: Arc<Ring<T>>,
    read: usize,
}

// SAFETY: a cell belongs to the producing end until `write` is past it, and then to the
// consuming end until `read` is past it. loom checks that.
unsafe impl<T: Send> Send for HeapProd<T> {}
// SAFETY: as for the producing end.
unsafe impl<T: Send> Send for HeapCons<T> {}

impl<T: Copy> HeapProd<T> {
    /// Number of vacant cells.
    pub fn vacant_len(&self) -> usize {
        self.ring.cells.len() - (self.write - self.ring.read.load(Ordering::Acquire))
    }

    /// Pushes an item; an error if the ring is full.
    pub fn try_push(&mut self, item: T) -> Result<(), T> {
        if self.push_slice(&[item]) == 1 {
            Ok(())
        } else {
            Err(item)
        }
    }

    /// Pushes as many items as fit, and returns their number.
    pub fn push_slice(&mut self, items: &[T]) -> usize {
        let count = items.len().min(self.vacant_len());
        for &item in &items[..count] {
            // SAFETY: this cell is vacant, and only this end writes vacant cells.
            self.ring
                .cell(self.write)
                .with_mut(|cell| unsafe { *cell = Some(item) });
            self.write += 1;
        }
        self.ring.write.store(self.write, Ordering::Release);
        count
    }
}

impl<T: Copy> HeapCons<T> {
    /// Number of occupied cells.
    pub fn occupied_len(&self) -> usize {
        self.ring.write.load(Ordering::Acquire) - self.read
    }

    /// Pops an item; `None` if the ring is empty.
    pub fn try_pop(&mut self) -> Option<T> {
        if self.occupied_len() == 0 {
            return None;
        }
        let item = self.pop();
        self.ring.read.store(self.read, Ordering::Release);
        item
    }

    /// Pops as many items as there are, and returns their number.
    pub fn pop_slice(&mut self, items: &mut [T]) -> usize {
        let count = items.len().min(self.occupied_len());
        for item in &mut items[..count] {
            *item = self.pop().unwrap_or(*item);
        }
        self.ring.read.store(self.read, Ordering::Release);
        count
    }

    fn pop(&mut self) -> Option<T> {
        // SAFETY: this cell is occupied, and only this end reads occupied cells.
        let item = self
            .ring
            .cell(self.read)
            .with_mut(|cell| unsafe { (*cell).take() });
        self.read += 1;
        item
    }
}

// ringbuf's traits; their methods are inherent methods here.
macro_rules! empty_traits {
    ($($name:ident)*) => { $(#[doc = "Empty: only the name is needed."] pub trait $name {})* };
}
empty_traits!(Consumer Observer Producer Split);
