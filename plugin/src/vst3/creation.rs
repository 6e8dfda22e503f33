//! The handshake between the factory and the plugin it makes.
//!
//! nice-plug builds the plugin inside `Wrapper::new()` and gives no access to
//! it afterwards. So while [`create`] runs, the plugin's constructor leaves its
//! parameters, editor and task executor in a thread-local, and nice-plug is
//! told that there is no editor.

use super::instance::Instance;
use crate::editor::VoxmeldEditor;
use crate::params::VoxmeldParams;
use crate::plugin::Voxmeld;
use crate::timeline::{Timeline, take_newest};
use nice_plug::prelude::*;
use nice_plug::wrapper::vst3::Wrapper;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ProcessModes_::kOffline;
use nice_plug::wrapper::vst3::vst3::Steinberg::int32;
use std::cell::RefCell;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, OnceLock, Weak};

/// What the component and its plugin tell each other behind nice-plug's back.
#[derive(Default)]
pub struct HostLink {
    mode: AtomicI32,
    instance: OnceLock<Weak<Instance>>,
}

impl HostLink {
    /// Publishes `ProcessSetup.processMode` or `ProcessData.processMode`.
    pub fn set_mode(&self, mode: int32) {
        self.mode.store(mode, Ordering::Relaxed);
    }

    /// Whether the host renders without a clock.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        i64::from(self.mode.load(Ordering::Relaxed)) == i64::from(kOffline)
    }

    /// Names the instance, once it is there.
    pub fn connect(&self, instance: &Arc<Instance>) {
        // Only the first of its calls counts, and there is only one.
        let _ = self.instance.set(Arc::downgrade(instance));
    }

    /// Asks the host to deactivate and activate the plugin. Not on the audio thread.
    pub fn ask_for_restart(&self) {
        if let Some(instance) = self.instance.get().and_then(Weak::upgrade) {
            instance.ask_for_restart();
        }
    }
}

/// What a new plugin leaves for the VST3 export.
#[derive(Default)]
pub struct Creation {
    /// Shared with the plugin, which reads it in `process`.
    pub link: Arc<HostLink>,
    /// What the plugin tells of each block.
    pub timeline: Arc<Timeline>,
    /// The plugin's parameters.
    pub params: Option<Arc<VoxmeldParams>>,
    /// The plugin's editor.
    pub editor: Option<VoxmeldEditor>,
    /// Posts to nice-plug's background thread.
    pub executor: Option<AsyncExecutor<Voxmeld>>,
}

thread_local! {
    static IN_PROGRESS: RefCell<Option<Creation>> = const { RefCell::new(None) };
}

/// Makes nice-plug's object and returns it with what its plugin left.
#[must_use]
pub fn create() -> (Wrapper<Voxmeld>, Creation) {
    IN_PROGRESS.set(Some(Creation::default()));
    let wrapper = Wrapper::new();
    let mut creation = IN_PROGRESS.take().unwrap_or_default();
    if let Some(timeline) = take_newest() {
        creation.timeline = timeline;
    }
    (wrapper, creation)
}

/// Called by the plugin's constructor; `None` where no VST3 host asked for it.
#[must_use]
pub fn offer_params(params: &Arc<VoxmeldParams>) -> Option<Arc<HostLink>> {
    IN_PROGRESS.with_borrow_mut(|creation| {
        creation.as_mut().map(|creation| {
            creation.params = Some(params.clone());
            creation.link.clone()
        })
    })
}

/// Called by `Plugin::editor`: keeps the editor from nice-plug for VST3 and
/// gives it back for all other formats.
#[must_use]
pub fn keep_editor(editor: Option<VoxmeldEditor>, executor: AsyncExecutor<Voxmeld>) -> Option<VoxmeldEditor> {
    IN_PROGRESS.with_borrow_mut(|creation| match creation {
        Some(creation) => {
            creation.editor = editor;
            creation.executor = Some(executor);
            None
        }
        None => editor,
    })
}
