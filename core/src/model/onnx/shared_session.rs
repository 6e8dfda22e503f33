//! Sessions that several instances use: the weights of a model exist once in the process.
//!
//! Threads: created on the loader; run on the workers of all instances, at the same time.

use ort::session::Session;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, LazyLock, Weak};

/// One instance's handle to a session. The state of a model between calls is not in the session, but beside it
/// (`state.rs`), so that instances do not affect each other.
pub struct SharedSession {
    /// A bitwise copy of the session in `owner`, because `run` needs `&mut Session`.
    handle: ManuallyDrop<Session>,
    /// Dropped with the last handle.
    _owner: Arc<Session>,
}

impl SharedSession {
    fn new(owner: Arc<Session>) -> Self {
        // SAFETY: `owner` keeps what the copy points to alive for as long as the copy exists; the copy is never
        // dropped, so nothing is freed twice. `Session` holds an `Arc` and two lists of inputs and outputs, and none
        // of its methods changes them: `run` takes `&mut self` only because some execution providers and allocators
        // of ONNX Runtime must not run one session on two threads. Its CPU provider, the only one that is used here,
        // may: `OrtApi::Run` is documented as safe to call on one session from several threads.
        let handle = ManuallyDrop::new(unsafe { std::ptr::read(&raw const *owner) });
        Self {
            handle,
            _owner: owner,
        }
    }
}

impl Deref for SharedSession {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.handle
    }
}

impl DerefMut for SharedSession {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.handle
    }
}

type Slot = Arc<Mutex<Weak<Session>>>;

/// Sessions by the SHA-256 of their model.
static SESSIONS: LazyLock<Mutex<HashMap<[u8; 32], Slot>>> = LazyLock::new(Mutex::default);

/// The session of a model with these bytes: one that another instance uses, or a new one from `make`.
///
/// # Errors
/// Those of `make`.
pub fn shared<E>(model: &[u8], make: impl FnOnce() -> Result<Session, E>) -> Result<SharedSession, E> {
    let slot = slot(Sha256::digest(model).into());
    // Locked while the session is created, so that instances that load the same voice at once create one; other
    // models have other slots.
    let mut cached = slot.lock();
    if let Some(session) = cached.upgrade() {
        return Ok(SharedSession::new(session));
    }
    let session = Arc::new(make()?);
    *cached = Arc::downgrade(&session);
    Ok(SharedSession::new(session))
}

/// The slot of a model. Removes slots whose session has been dropped.
fn slot(key: [u8; 32]) -> Slot {
    let mut sessions = SESSIONS.lock();
    // If there are references besides the map's, the slot is being filled or waited for.
    sessions.retain(|_, slot| Arc::strong_count(slot) > 1 || slot.lock().strong_count() > 0);
    sessions.entry(key).or_default().clone()
}
