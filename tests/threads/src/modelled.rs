//! What `voxmeld_core::sync` has, under loom: every access is a step that the
//! checker may put before or after any step of another thread, and a relaxed
//! load may see any value that the memory model allows.

pub use loom::sync::Arc;
pub use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use loom::cell::UnsafeCell;

/// Lets the other thread go on.
pub fn wait_a_little() {
    loom::thread::yield_now();
}

/// ringbuf's protocol: each end writes its own index with `Release` when it is
/// done with the cells and reads the other's with `Acquire` before it touches
/// them. ringbuf itself is not what is checked; loom sees whether a cell is ever
/// touched from both sides.
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

/// Makes rings.
pub struct HeapRb<T>(Ring<T>);

impl<T> HeapRb<T> {
    /// A ring for so many items.
    pub fn new(capacity: usize) -> Self {
        Self(Ring {
            cells: (0..capacity).map(|_| UnsafeCell::new(None)).collect(),
            read: AtomicUsize::new(0),
            write: AtomicUsize::new(0),
        })
    }

    /// Its two ends.
    pub fn split(self) -> (HeapProd<T>, HeapCons<T>) {
        let ring = Arc::new(self.0);
        let pushing = HeapProd {
            ring: ring.clone(),
            write: 0,
        };
        (pushing, HeapCons { ring, read: 0 })
    }
}

/// The end that pushes. Its own index it knows by heart, as ringbuf's do.
pub struct HeapProd<T> {
    ring: Arc<Ring<T>>,
    write: usize,
}

/// The end that pops.
pub struct HeapCons<T> {
    ring: Arc<Ring<T>>,
    read: usize,
}

// SAFETY: as ringbuf's: a cell belongs to the pushing end until `write` is past
// it, and from then on to the popping end until `read` is. loom checks that.
unsafe impl<T: Send> Send for HeapProd<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for HeapCons<T> {}

impl<T: Copy> HeapProd<T> {
    /// Room for so many.
    pub fn vacant_len(&self) -> usize {
        self.ring.cells.len() - (self.write - self.ring.read.load(Ordering::Acquire))
    }

    /// Pushes one, where there is room.
    pub fn try_push(&mut self, item: T) -> Result<(), T> {
        if self.push_slice(&[item]) == 1 {
            Ok(())
        } else {
            Err(item)
        }
    }

    /// Pushes as many as there is room for.
    pub fn push_slice(&mut self, items: &[T]) -> usize {
        let count = items.len().min(self.vacant_len());
        for &item in &items[..count] {
            // SAFETY: this cell is vacant, and only this end fills vacant cells.
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
    /// Items to be had.
    pub fn occupied_len(&self) -> usize {
        self.ring.write.load(Ordering::Acquire) - self.read
    }

    /// Pops one, where there is one.
    pub fn try_pop(&mut self) -> Option<T> {
        if self.occupied_len() == 0 {
            return None;
        }
        let item = self.pop();
        self.ring.read.store(self.read, Ordering::Release);
        item
    }

    /// Pops as many as there are.
    pub fn pop_slice(&mut self, items: &mut [T]) -> usize {
        let count = items.len().min(self.occupied_len());
        for item in &mut items[..count] {
            *item = self.pop().unwrap_or(*item);
        }
        self.ring.read.store(self.read, Ordering::Release);
        count
    }

    fn pop(&mut self) -> Option<T> {
        // SAFETY: this cell is filled, and only this end empties filled cells.
        let item = self
            .ring
            .cell(self.read)
            .with_mut(|cell| unsafe { (*cell).take() });
        self.read += 1;
        item
    }
}

// What is methods of ringbuf's traits there is methods of the types here.
macro_rules! named {
    ($($name:ident)*) => { $(#[doc = "Only a name."] pub trait $name {})* };
}
named!(Consumer Observer Producer Split);
