//! The requests that the editor can make to a VST3 host.

use super::host_messages::Edit;
use super::instance::Instance;
use super::memory_stream::MemoryStream;
use super::restart;
use crate::ExportedPlugin;
use nice_plug::context::PluginApi;
use nice_plug::context::gui::GuiContextInner;
use nice_plug::params::internals::ParamPtr;
use nice_plug::plugin::PluginState;
use nice_plug::wrapper::vst3::vst3::ComWrapper;
use nice_plug::wrapper::vst3::vst3::Steinberg::IBStream;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::IComponentTrait;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::RestartFlags_::kParamValuesChanged;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

/// Passed to the editor when its window opens. Holds a weak reference to the instance: the
/// editor is part of the instance and keeps this context when its window closes.
pub struct Vst3GuiContext<P: ExportedPlugin>(Weak<Instance<P>>);

impl<P: ExportedPlugin> Vst3GuiContext<P> {
    /// The context of an instance.
    #[must_use]
    pub fn new(instance: &Arc<Instance<P>>) -> Self {
        Self(Arc::downgrade(instance))
    }

    fn with_param(&self, param: ParamPtr, edit: impl FnOnce(&Instance<P>, u32)) {
        if let Some(instance) = self.0.upgrade()
            && let Some(id) = instance.parameters.id(param)
        {
            edit(&instance, id);
        }
    }
}

impl<P: ExportedPlugin> GuiContextInner for Vst3GuiContext<P> {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Vst3
    }

    unsafe fn raw_begin_set_parameter(&self, param: ParamPtr) {
        self.with_param(param, |instance, id| instance.messages.send(Edit::Begin(id)));
    }

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
        self.with_param(param, |instance, id| {
            let value = f64::from(normalized);
            instance.set_value(id, value);
            instance.messages.send(Edit::Perform(id, value));
        });
    }

    unsafe fn raw_end_set_parameter(&self, param: ParamPtr) {
        self.with_param(param, |instance, id| instance.messages.send(Edit::End(id)));
    }

    fn get_state(&self) -> PluginState {
        self.0
            .upgrade()
            .and_then(|instance| read_state(&instance))
            .unwrap_or_else(|| PluginState {
                version: String::new(),
                params: BTreeMap::new(),
                fields: BTreeMap::new(),
            })
    }

    fn set_state(&self, state: PluginState) {
        let Some(instance) = self.0.upgrade() else { return };
        let Ok(json) = serde_json::to_vec(&state) else {
            return;
        };
        let Some(stream) = ComWrapper::new(MemoryStream::new(json)).to_com_ptr::<IBStream>() else {
            return;
        };
        // SAFETY: the stream outlives the call.
        unsafe { IComponentTrait::setState(&instance.wrapper, stream.as_ptr()) };
        instance.messages.send_restart(kParamValuesChanged);
    }

    fn request_restart(&self) {
        if let Some(instance) = self.0.upgrade() {
            restart::request(&instance.messages);
        }
    }
}

fn read_state<P: ExportedPlugin>(instance: &Instance<P>) -> Option<PluginState> {
    let stream = ComWrapper::new(MemoryStream::default());
    let pointer = stream.to_com_ptr::<IBStream>()?;
    // SAFETY: the stream outlives the call.
    unsafe { IComponentTrait::getState(&instance.wrapper, pointer.as_ptr()) };
    serde_json::from_slice(&stream.bytes()).ok()
}
