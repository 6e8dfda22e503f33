//! The class factory: one class, with the metadata that nice-plug generates.

use super::component::Component;
use super::host_thread::HostThread;
use crate::ExportedPlugin;
use nice_plug::wrapper::vst3::PluginInfo;
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    FIDString, FUnknown, IPluginFactory, IPluginFactory2, IPluginFactory2Trait, IPluginFactory3,
    IPluginFactory3Trait, IPluginFactoryTrait, PClassInfo, PClassInfo2, PClassInfoW, PFactoryInfo, TUID,
    int32, kInvalidArgument, kNoInterface, kResultOk, tresult,
};
use nice_plug::wrapper::vst3::vst3::{Class, ComWrapper};
use std::ffi::c_void;
use std::marker::PhantomData;

/// Creates instances and describes the plugin to scanners.
pub struct Factory<P> {
    info: PluginInfo,
    host_thread: HostThread,
    plugin: PhantomData<fn() -> P>,
}

impl<P: ExportedPlugin> Factory<P> {
    /// The factory of this library.
    #[must_use]
    pub fn new() -> Self {
        Self {
            info: PluginInfo::for_plugin::<P>(),
            host_thread: HostThread::default(),
            plugin: PhantomData,
        }
    }
}

impl<P: ExportedPlugin> Default for Factory<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: ExportedPlugin> Class for Factory<P> {
    type Interfaces = (IPluginFactory, IPluginFactory2, IPluginFactory3);
}

/// Writes `value` through a host's pointer for class `index`.
///
/// # Safety
/// `target` must be null or valid for a write.
unsafe fn answer<T>(index: int32, target: *mut T, value: impl FnOnce() -> T) -> tresult {
    if index != 0 || target.is_null() {
        return kInvalidArgument;
    }
    // SAFETY: not null, so valid by the caller's promise.
    unsafe { target.write(value()) };
    kResultOk
}

impl<P: ExportedPlugin> IPluginFactoryTrait for Factory<P> {
    unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
        // SAFETY: the host passes null or a struct to fill.
        unsafe { answer(0, info, || self.info.create_factory_info()) }
    }

    unsafe fn countClasses(&self) -> int32 {
        1
    }

    unsafe fn getClassInfo(&self, index: int32, info: *mut PClassInfo) -> tresult {
        // SAFETY: the host passes null or a struct to fill.
        unsafe { answer(index, info, || self.info.create_class_info()) }
    }

    unsafe fn createInstance(
        &self,
        class: FIDString,
        interface: FIDString,
        object: *mut *mut c_void,
    ) -> tresult {
        if class.is_null() || interface.is_null() || object.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: a class id is 16 bytes, and the pointer is not null.
        if unsafe { class.cast::<[u8; 16]>().read() } != *self.info.cid {
            return kInvalidArgument;
        }
        let component = ComWrapper::new(Component::<P>::new(self.host_thread.for_instance()));
        let Some(unknown) = component.as_com_ref::<FUnknown>() else {
            return kNoInterface;
        };
        let unknown = unknown.as_ptr();
        // SAFETY: `unknown` is alive until `component` goes; an interface id is 16
        // bytes; `object` may be written. The answer holds its own reference.
        unsafe { ((*(*unknown).vtbl).queryInterface)(unknown, interface.cast::<TUID>(), object) }
    }
}

impl<P: ExportedPlugin> IPluginFactory2Trait for Factory<P> {
    unsafe fn getClassInfo2(&self, index: int32, info: *mut PClassInfo2) -> tresult {
        // SAFETY: the host passes null or a struct to fill.
        unsafe { answer(index, info, || self.info.create_class_info_2()) }
    }
}

impl<P: ExportedPlugin> IPluginFactory3Trait for Factory<P> {
    unsafe fn getClassInfoUnicode(&self, index: int32, info: *mut PClassInfoW) -> tresult {
        // SAFETY: the host passes null or a struct to fill.
        unsafe { answer(index, info, || self.info.create_class_info_unicode()) }
    }

    unsafe fn setHostContext(&self, context: *mut FUnknown) -> tresult {
        // SAFETY: the host passes null or its own object.
        unsafe { self.host_thread.set_context(context) };
        kResultOk
    }
}
