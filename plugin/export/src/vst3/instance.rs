//! What a component and its view share.

use super::background_thread_guard;
use super::host_messages::HostMessages;
use super::parameters::Parameters;
use super::pending_values::PendingValues;
use super::restart;
use crate::ExportedPlugin;
use crate::bridge::Shared;
use crate::bridge::construction::{Format, construct};
use nice_plug::editor::Editor;
use nice_plug::wrapper::vst3::Wrapper;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// One plugin instance as a VST3 host sees it.
pub struct Instance<P: ExportedPlugin> {
    /// nice-plug's object, used directly and never handed to the host.
    pub wrapper: Wrapper<P>,
    /// The editor; see [`HiddenEditor`].
    pub editor: Option<HiddenEditor<P::Editor>>,
    /// Shared with the plugin.
    pub(crate) shared: Arc<Shared>,
    /// The plugin's parameters by id.
    pub parameters: Parameters,
    /// Values that the host set since the last block.
    pub pending: PendingValues,
    /// The way to the host's component handler.
    pub messages: Arc<HostMessages>,
}

/// An editor that nice-plug does not know of.
pub struct HiddenEditor<E> {
    /// Locked while a window is being made.
    pub editor: Mutex<E>,
    /// Whether the editor has had a window, and so knows its scale.
    pub was_opened: AtomicBool,
    /// Whether hosts may resize it.
    pub can_resize: bool,
}

impl<P: ExportedPlugin> Instance<P> {
    /// Makes an instance; called on the host's main thread.
    #[must_use]
    pub fn new() -> Arc<Self> {
        background_thread_guard::ensure::<P>();
        let (wrapper, constructed) = construct::<P, _>(Format::Vst3, Wrapper::<P>::new);
        let (shared, parameters, editor) = match constructed {
            Some(made) => (
                made.shared,
                Parameters::new::<P>(&wrapper, made.params),
                made.editor,
            ),
            None => Default::default(),
        };
        let messages = Arc::default();
        restart::connect(&shared, &messages);
        Arc::new(Self {
            wrapper,
            editor: editor.map(|editor| HiddenEditor {
                can_resize: editor.resize_hint().can_resize,
                editor: Mutex::new(editor),
                was_opened: AtomicBool::new(false),
            }),
            shared,
            parameters,
            pending: PendingValues::default(),
            messages,
        })
    }
}

impl<P: ExportedPlugin> Drop for Instance<P> {
    fn drop(&mut self) {
        // Parameter tasks of this instance may still be on nice-plug's thread.
        background_thread_guard::drain();
    }
}
