//! State shared by a component and its views.

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
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{IEditControllerTrait, ParamID, ParamValue};
use nice_plug::wrapper::vst3::vst3::Steinberg::tresult;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One plugin instance as a VST3 host sees it.
pub struct Instance<P: ExportedPlugin> {
    /// nice-plug's object, used directly and never passed to the host.
    pub wrapper: Wrapper<P>,
    /// The editor; see [`HiddenEditor`].
    pub editor: Option<HiddenEditor<P::Editor>>,
    /// Shared with the plugin.
    pub(crate) shared: Arc<Shared>,
    /// The plugin's parameters by id.
    pub parameters: Parameters,
    /// Values that the host has set since the last block.
    pub pending: PendingValues,
    /// Calls to the host's component handler.
    pub messages: Arc<HostMessages>,
    /// `setActive`.
    is_active: AtomicBool,
}

/// An editor that is hidden from nice-plug.
pub struct HiddenEditor<E> {
    /// Locked while a window is being created.
    pub editor: Mutex<E>,
    /// True once the editor has had a window, and so knows its scale.
    pub was_opened: AtomicBool,
    /// True if hosts may resize it.
    pub can_resize: bool,
}

impl<P: ExportedPlugin> Instance<P> {
    /// Makes an instance; called on the host's main thread.
    #[must_use]
    pub fn new() -> Arc<Self> {
        background_thread_guard::ensure::<P>();
        let (wrapper, constructed) = construct::<P, _>(Format::Vst3, Wrapper::<P>::new);
        #[cfg(any(windows, target_os = "macos"))]
        let executor = constructed.as_ref().and_then(|made| made.executor.clone());
        let (shared, parameters, editor) = match constructed {
            Some(made) => (
                made.shared,
                Parameters::new::<P>(&wrapper, made.params),
                made.editor,
            ),
            None => Default::default(),
        };
        let messages: Arc<HostMessages> = Arc::default();
        restart::connect(&shared, &messages);
        #[cfg(any(windows, target_os = "macos"))]
        if let Some(executor) = executor {
            messages.set_main_thread_poster(Box::new(move || {
                executor.execute_gui(crate::bridge::BridgeTask::deliver().into());
            }));
        }
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
            is_active: AtomicBool::new(false),
        })
    }

    /// Between a successful `setActive(1)` and `setActive(0)`.
    pub fn set_active(&self, active: bool) {
        self.is_active.store(active, Ordering::SeqCst);
    }

    /// Sets a normalised value for the host or the editor. While audio runs nice-plug
    /// ignores it, because the host sends the value again with a block; until then it is
    /// kept in `pending`.
    pub fn set_value(&self, id: ParamID, value: ParamValue) -> tresult {
        self.pending.remember(id, value);
        // SAFETY: plain numbers.
        let answer = unsafe { IEditControllerTrait::setParamNormalized(&self.wrapper, id, value) };
        // nice-plug knows whether processing was stopped, but not whether blocks can arrive.
        if !self.is_active.load(Ordering::SeqCst) {
            self.parameters.set(id, value);
        }
        answer
    }
}

impl<P: ExportedPlugin> Drop for Instance<P> {
    fn drop(&mut self) {
        // Parameter tasks of this instance may still be on nice-plug's thread.
        background_thread_guard::drain();
    }
}
