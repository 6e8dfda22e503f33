//! What a component and its view share.

use super::creation::{self, HostLink};
use super::keeper;
use super::side::SideChain;
use crate::editor::VoxmeldEditor;
use crate::plugin::Voxmeld;
use crate::timeline::Timeline;
use crossbeam_channel::{Receiver, Sender, unbounded};
use nice_plug::editor::Editor;
use nice_plug::params::Param;
use nice_plug::params::Params;
use nice_plug::params::internals::ParamPtr;
use nice_plug::wrapper::vst3::Wrapper;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::RestartFlags_::{kIoChanged, kLatencyChanged};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    IComponentHandler, IComponentHandlerTrait, IEditControllerTrait, IParamValueQueueTrait,
    IParameterChanges, IParameterChangesTrait, ParamID, ParamValue, ParameterInfo,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{int32, kResultOk};
use nice_plug::wrapper::vst3::vst3::{ComPtr, ComRef};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// One plugin instance as a VST3 host sees it.
pub struct Instance {
    /// nice-plug's object, used directly and never handed to the host.
    pub wrapper: Wrapper<Voxmeld>,
    /// The editor that nice-plug does not know of.
    pub editor: Option<Mutex<VoxmeldEditor>>,
    /// Whether the editor has had a window, and so knows its scale.
    pub was_opened: AtomicBool,
    /// Whether hosts may resize the editor.
    pub resizable: bool,
    /// Read by the plugin in `process`.
    pub link: Arc<HostLink>,
    /// What the plugin tells of each block.
    pub timeline: Arc<Timeline>,
    /// The side chain as the host wants it.
    pub side: SideChain,
    /// `maxSamplesPerBlock` of the last `setupProcessing`; 0 = not set up yet.
    pub max_block: AtomicU32,
    /// Takes the host's thread to [`Self::deliver`] while a window is open; `None` where
    /// that is not needed or not possible.
    pub wake_host_thread: Mutex<Option<Box<dyn Fn() + Send>>>,
    /// The same at any time, in hosts whose context has a run loop.
    pub wake_main_thread: Mutex<Option<Box<dyn Fn() + Send>>>,
    /// Values that the host set since the last block, see [`Self::remember_value`].
    pending: Mutex<Pending>,
    /// Blocks processed so far.
    blocks: AtomicU64,
    param_ids: HashMap<ParamPtr, ParamID>,
    /// Parameters that the plugin has itself.
    own_params: int32,
    /// The modulation wheel.
    wheel: Option<ParamID>,
    /// Parameters that have values between any two, and are not told by MIDI.
    lines: HashSet<ParamID>,
    /// Parameters that the plugin tells: ratio, confidence.
    outputs: Vec<ParamID>,
    handler: Mutex<Option<ComPtr<IComponentHandler>>>,
    edits: (Sender<Edit>, Receiver<Edit>),
}

#[derive(Default)]
struct Pending {
    at_block: u64,
    values: HashMap<ParamID, f32>,
}

/// Something to tell the host's component handler, on the host's thread.
pub enum Edit {
    /// The user takes hold of a control.
    Begin(ParamID),
    /// The user moved it.
    Perform(ParamID, ParamValue),
    /// The user let go.
    End(ParamID),
    /// `restartComponent` with these flags.
    Restart(int32),
}

impl Instance {
    /// Makes an instance; called by the factory on the host's main thread.
    #[must_use]
    pub fn new() -> Arc<Self> {
        keeper::ensure();
        let (wrapper, creation) = creation::create();
        let pointers = creation
            .params
            .iter()
            .flat_map(|params| params.param_map())
            .map(|(_, pointer, _)| pointer);
        let param_ids: HashMap<ParamPtr, ParamID> = (0..)
            .zip(pointers)
            .filter_map(|(index, pointer)| Some((pointer, param_id(&wrapper, index)?)))
            .collect();
        let blend = creation.params.as_ref().map(|params| &params.blend);
        let id_of = |param: ParamPtr| param_ids.get(&param).copied();
        let told = blend.map(|blend| [blend.out_ratio.as_ptr(), blend.out_confidence.as_ptr()]);
        let outputs: Vec<ParamID> = told.into_iter().flatten().filter_map(id_of).collect();
        let wheel = blend.and_then(|blend| id_of(blend.wheel.as_ptr()));
        let lines = param_ids
            .iter()
            // SAFETY: the parameters live as long as the wrapper; nothing is changed.
            .filter(|(param, id)| unsafe { param.step_count() }.is_none() && Some(**id) != wheel)
            .map(|(_, id)| *id)
            .collect();
        let instance = Arc::new(Self {
            wrapper,
            was_opened: AtomicBool::new(false),
            resizable: creation
                .editor
                .as_ref()
                .is_some_and(|editor| editor.resize_hint().can_resize),
            editor: creation.editor.map(Mutex::new),
            link: creation.link,
            timeline: creation.timeline,
            side: SideChain::default(),
            max_block: AtomicU32::new(0),
            wake_host_thread: Mutex::new(None),
            wake_main_thread: Mutex::new(None),
            pending: Mutex::default(),
            blocks: AtomicU64::new(0),
            own_params: int32::try_from(param_ids.len()).unwrap_or(0),
            wheel,
            lines,
            outputs,
            param_ids,
            handler: Mutex::new(None),
            edits: unbounded(),
        });
        instance.link.connect(&instance);
        instance
    }

    /// The VST3 id of a parameter of this instance.
    #[must_use]
    pub fn param_id(&self, param: ParamPtr) -> Option<ParamID> {
        self.param_ids.get(&param).copied()
    }

    /// Parameters that the plugin has itself; they come first in nice-plug's list.
    #[must_use]
    pub fn own_params(&self) -> int32 {
        self.own_params
    }

    /// The parameter that MIDI's modulation wheel moves.
    #[must_use]
    pub fn wheel_id(&self) -> Option<ParamID> {
        self.wheel
    }

    /// Whether a parameter is told by the plugin and not set by anyone.
    #[must_use]
    pub fn is_output(&self, id: ParamID) -> bool {
        self.outputs.contains(&id)
    }

    /// Whether a parameter's points are corners of lines, see [`super::lines`].
    #[must_use]
    pub fn is_line(&self, id: ParamID) -> bool {
        self.lines.contains(&id)
    }

    /// Tells the host what was done to the frames of the block, each at the
    /// sample at which its middle is heard.
    ///
    /// # Real-time
    /// Atomics, and the host's own lists.
    ///
    /// # Safety
    /// `changes` is null or the host's object, alive during the call.
    pub unsafe fn tell_outputs(&self, changes: *mut IParameterChanges) {
        // SAFETY: the caller's promise.
        let Some(changes) = (unsafe { ComRef::from_raw(changes) }) else {
            return;
        };
        if self.timeline.heard(0).is_none() {
            return;
        }
        for (which, id) in self.outputs.iter().enumerate() {
            let mut index = 0;
            // SAFETY: both are alive during the call; the queue is the host's, null
            // or alive as long as its list.
            let queue = unsafe { ComRef::from_raw(changes.addParameterData(id, &raw mut index)) };
            let Some(queue) = queue else { continue };
            for heard in (0..).map_while(|n| self.timeline.heard(n)) {
                let value = if which == 0 { heard.ratio } else { heard.confidence };
                let offset = int32::try_from(heard.offset).unwrap_or(0);
                // SAFETY: as above.
                unsafe { queue.addPoint(offset, ParamValue::from(value.clamp(0.0, 1.0)), &raw mut index) };
            }
        }
    }

    /// Counts a block; from now on the host's own parameter changes rule.
    ///
    /// # Real-time
    /// One atomic addition.
    pub fn count_block(&self) {
        self.blocks.fetch_add(1, Ordering::Relaxed);
    }

    /// Remembers a value that nice-plug ignores because audio is running: it
    /// expects it again with the next block.
    ///
    /// A stopped host may save or ask before that block comes, and would get the
    /// old value. [`Self::apply_pending`] closes that gap, and only that one:
    /// while blocks come, values change where the block says.
    pub fn remember_value(&self, id: ParamID, value: ParamValue) {
        let now = self.blocks.load(Ordering::Relaxed);
        let mut pending = self.pending.lock();
        if pending.at_block != now {
            pending.values.clear();
            pending.at_block = now;
        }
        #[expect(clippy::cast_possible_truncation, reason = "parameters are f32")]
        pending.values.insert(id, value as f32);
    }

    /// The remembered value, on the parameter's steps, if no block has come since.
    #[must_use]
    pub fn pending_value(&self, id: ParamID) -> Option<ParamValue> {
        let pending = self.pending.lock();
        if pending.at_block != self.blocks.load(Ordering::Relaxed) {
            return None;
        }
        let value = *pending.values.get(&id).filter(|value| value.is_finite())?;
        let (param, _) = self.param_ids.iter().find(|(_, known)| **known == id)?;
        // SAFETY: the parameters live as long as the wrapper; nothing is changed.
        Some(ParamValue::from(unsafe {
            param.preview_normalized(param.preview_plain(value))
        }))
    }

    /// Forgets remembered values: a restored state is newer.
    pub fn forget_pending(&self) {
        self.pending.lock().values.clear();
    }

    /// Sets the remembered values if no block has come since.
    pub fn apply_pending(&self) {
        let mut pending = self.pending.lock();
        if pending.at_block == self.blocks.load(Ordering::Relaxed) {
            for (param, id) in &self.param_ids {
                if let Some(value) = pending.values.get(id).filter(|value| value.is_finite()) {
                    // SAFETY: the parameters live as long as the wrapper, and setting is an atomic store.
                    unsafe { param._internal_set_normalized_value(*value) };
                }
            }
        }
        pending.values.clear();
    }

    /// Keeps or forgets the host's handler.
    pub fn set_handler(&self, handler: Option<ComPtr<IComponentHandler>>) {
        let former = std::mem::replace(&mut *self.handler.lock(), handler);
        // Released outside the lock: the host's destructor may call back.
        drop(former);
    }

    /// Tells the host about an edit, on its own thread where that is possible.
    ///
    /// On X11 the editor runs on a window thread, what `process` wants is told
    /// from nice-plug's background thread, and hosts expect the handler on
    /// theirs. Hosts without a run loop get the call directly, as they do
    /// from every plugin framework with such a thread.
    pub fn post(&self, edit: Edit) {
        // The receiver lives as long as the sender.
        let _ = self.edits.0.send(edit);
        for way in [&self.wake_host_thread, &self.wake_main_thread] {
            if let Some(wake) = way.lock().as_ref() {
                return wake();
            }
        }
        self.deliver();
    }

    /// Asks the host to deactivate and activate the plugin.
    ///
    /// Each of the two flags says so by the book. Hosts made with JUCE take only
    /// the first one at its word and then read the latency; others only the second.
    pub fn ask_for_restart(&self) {
        self.post(Edit::Restart(kIoChanged | kLatencyChanged));
    }

    /// Hands all posted edits to the host, in order.
    pub fn deliver(&self) {
        let handler = self.handler.lock().clone();
        for edit in self.edits.1.try_iter() {
            let Some(handler) = &handler else { continue };
            // SAFETY: the host gave us this handler and we hold a reference to it.
            unsafe {
                match edit {
                    Edit::Begin(id) => handler.beginEdit(id),
                    Edit::Perform(id, value) => handler.performEdit(id, value),
                    Edit::End(id) => handler.endEdit(id),
                    Edit::Restart(flags) => handler.restartComponent(flags),
                }
            };
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // Parameter tasks of this instance may still be on nice-plug's thread.
        keeper::drain();
    }
}

/// nice-plug hashes the string ids in a way of its own, so it is asked; it
/// lists parameters in the order of the parameter map.
fn param_id(wrapper: &Wrapper<Voxmeld>, index: int32) -> Option<ParamID> {
    // SAFETY: all zero is a valid `ParameterInfo`: numbers and character arrays.
    let mut info: ParameterInfo = unsafe { std::mem::zeroed() };
    // SAFETY: `info` may be written.
    let result = unsafe { wrapper.getParameterInfo(index, &raw mut info) };
    (result == kResultOk).then_some(info.id)
}
