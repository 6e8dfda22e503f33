//! The object that hosts talk to: forwards every interface method to nice-plug's
//! object, except those that close a gap of it.

/// Methods that nice-plug's object answers as they come.
macro_rules! forward {
    ($interface:ident: $(fn $method:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => { $(
        unsafe fn $method(&self, $($argument: $kind),*) -> $answer {
            // SAFETY: the arguments are the host's own, passed on under the same contract.
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
use crate::ExportedPlugin;
use crate::block::{Buffers, Continuity, Gate};
use nice_plug::wrapper::vst3::vst3::Class;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    IAudioProcessor, IComponent, IEditController, IEditControllerTrait, IMidiMapping,
    IProcessContextRequirements, IUnitInfo,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{FUnknown, IPluginBaseTrait, tresult};
use std::sync::Arc;

/// Audio processor and edit controller in one, as nice-plug has them.
pub struct Component<P: ExportedPlugin> {
    pub(super) instance: Arc<Instance<P>>,
    /// The block's parameter changes; the thread that processes uses them.
    lines: Lines,
    arrangements: BusArrangements,
    block_check: BlockCheck,
    /// What a block uses; closed while the plugin is activated or deactivated.
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
        // Hosts expect every reference to them to be gone after this.
        // SAFETY: null is what hosts pass to take the handler back.
        unsafe { IEditControllerTrait::setComponentHandler(self, std::ptr::null_mut()) };
        // SAFETY: passed on under the same contract.
        unsafe { IPluginBaseTrait::terminate(&self.instance.wrapper) }
    }
}
