//! The object that hosts call: it forwards every interface method to nice-plug's
//! object, except those that close one of its gaps.

/// Methods that are forwarded to nice-plug's object unchanged.
macro_rules! forward {
    ($interface:ident: $(fn $method:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => { $(
        unsafe fn $method(&self, $($argument: $kind),*) -> $answer {
            // SAFETY: the arguments are the host's, passed on under the same contract.
            unsafe { $interface::$method(&self.instance.wrapper, $($argument),*) }
        }
    )* };
}

mod block;
mod controller;
mod processor;
mod units;

use super::automation_lines::Lines;
use super::block_check::BlockCheck;
use super::bus_arrangements::BusArrangements;
use super::host_thread::HostThread;
use super::instance::Instance;
use super::note_events::NoteEvents;
use crate::ExportedPlugin;
use crate::block::{Buffers, Continuity, Gate};
use nice_plug::wrapper::vst3::vst3::Class;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    IAudioProcessor, IComponent, IEditController, IEditControllerTrait, IMidiMapping,
    IProcessContextRequirements, IUnitInfo,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{FUnknown, IPluginBaseTrait, tresult};
use std::sync::Arc;

/// Audio processor and edit controller in one object, as in nice-plug.
pub struct Component<P: ExportedPlugin> {
    pub(super) instance: Arc<Instance<P>>,
    /// The block's parameter changes; used on the audio thread.
    lines: Lines,
    /// The block's notes; used on the audio thread.
    notes: NoteEvents,
    arrangements: BusArrangements,
    block_check: BlockCheck,
    /// Buffers of the blocks; closed during activation and deactivation.
    block: Gate<Buffers>,
    continuity: Continuity,
    host_thread: HostThread,
}

impl<P: ExportedPlugin> Component<P> {
    /// A new plugin instance, for a host with this run loop.
    #[must_use]
    pub fn new(host_thread: HostThread) -> Self {
        let instance = Instance::new();
        let params = usize::try_from(instance.parameters.own_count()).unwrap_or(0);
        Self {
            instance,
            lines: Lines::new(params),
            notes: NoteEvents::default(),
            arrangements: BusArrangements::default(),
            block_check: BlockCheck::default(),
            block: Gate::default(),
            continuity: Continuity::default(),
            host_thread,
        }
    }
}

impl<P: ExportedPlugin> Default for Component<P> {
    fn default() -> Self {
        Self::new(HostThread::default())
    }
}

impl<P: ExportedPlugin> Class for Component<P> {
    type Interfaces = (
        IComponent,
        IEditController,
        IAudioProcessor,
        IProcessContextRequirements,
        IUnitInfo,
        IMidiMapping,
    );
}

impl<P: ExportedPlugin> IPluginBaseTrait for Component<P> {
    unsafe fn initialize(&self, context: *mut FUnknown) -> tresult {
        self.instance.messages.set_main_thread();
        // SAFETY: the host passes null or its own object, under the same contract.
        unsafe {
            self.host_thread.connect(&self.instance.messages, context);
            IPluginBaseTrait::initialize(&self.instance.wrapper, context)
        }
    }

    unsafe fn terminate(&self) -> tresult {
        self.host_thread.disconnect(&self.instance.messages);
        // Hosts expect that all references to them are released after this.
        // SAFETY: hosts pass null to remove the handler.
        unsafe { IEditControllerTrait::setComponentHandler(self, std::ptr::null_mut()) };
        // SAFETY: passed on under the same contract.
        unsafe { IPluginBaseTrait::terminate(&self.instance.wrapper) }
    }
}
