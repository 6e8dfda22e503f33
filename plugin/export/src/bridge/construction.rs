//! Gap of nice-plug 0.4.2: `Wrapper::new` (CLAP and VST3) constructs the plugin
//! internally and gives no access to it afterwards, and nice-plug itself opens
//! the editor that the plugin returns.
//!
//! So while [`construct`] runs, a thread-local slot is open. The plugin's
//! [`Bridge`](super::Bridge) stores in it what the export needs: the shared state,
//! the parameters and, for VST3, the editor with its executor; nice-plug then sees
//! a plugin without an editor.
//!
//! To delete once nice-plug's wrappers give access to their plugin: this file,
//! with `Bridge::new` and `Bridge::editor` reduced to plain constructors.

use super::shared::Shared;
use nice_plug::prelude::{AsyncExecutor, Params, Plugin};
use std::any::Any;
use std::cell::RefCell;
use std::sync::Arc;

/// Which export constructs the plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Clap,
    Vst3,
}

/// What a plugin stored for the export that constructed it.
pub(crate) struct Constructed<P: Plugin> {
    pub shared: Arc<Shared>,
    pub params: Arc<dyn Params>,
    /// VST3 only: the editor, which is hidden from nice-plug.
    pub editor: Option<P::Editor>,
    /// VST3 only: posts to nice-plug's background thread.
    pub executor: Option<AsyncExecutor<P>>,
}

/// The open slot. A thread-local cannot be generic, hence `Any`.
struct Slot {
    format: Format,
    registered: Option<(Arc<Shared>, Arc<dyn Params>)>,
    editor: Option<Box<dyn Any>>,
    executor: Option<Box<dyn Any>>,
}

thread_local! {
    static SLOT: RefCell<Option<Slot>> = const { RefCell::new(None) };
}

/// Runs `make`, which constructs a plugin `P`, and returns its result with what the
/// plugin stored; `None` if the plugin made no bridge.
pub(crate) fn construct<P: Plugin, T>(
    format: Format,
    make: impl FnOnce() -> T,
) -> (T, Option<Constructed<P>>) {
    SLOT.set(Some(Slot {
        format,
        registered: None,
        editor: None,
        executor: None,
    }));
    let made = make();
    let constructed = SLOT.take().and_then(|slot| {
        let (shared, params) = slot.registered?;
        Some(Constructed {
            shared,
            params,
            editor: unboxed(slot.editor),
            executor: unboxed(slot.executor),
        })
    });
    (made, constructed)
}

fn unboxed<T: 'static>(value: Option<Box<dyn Any>>) -> Option<T> {
    value?.downcast().ok().map(|value| *value)
}

/// Called by the plugin's constructor to store its shared state and parameters. `None` if no
/// export constructs it, as in the standalone program.
pub(super) fn register(shared: &Arc<Shared>, params: Arc<dyn Params>) -> Option<Format> {
    SLOT.with_borrow_mut(|slot| {
        let slot = slot.as_mut()?;
        slot.registered = Some((shared.clone(), params));
        Some(slot.format)
    })
}

/// For VST3, stores the editor and returns `None`; for all other formats, returns it.
pub(super) fn keep_editor<P: Plugin>(
    editor: Option<P::Editor>,
    executor: AsyncExecutor<P>,
) -> Option<P::Editor> {
    SLOT.with_borrow_mut(|slot| match slot {
        Some(slot) if slot.format == Format::Vst3 => {
            slot.editor = editor.map(|editor| Box::new(editor) as Box<dyn Any>);
            slot.executor = Some(Box::new(executor));
            None
        }
        _ => editor,
    })
}
