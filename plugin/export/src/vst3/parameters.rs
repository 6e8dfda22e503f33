//! The plugin's parameters by their numeric ids in VST3, which nice-plug assigns.

use crate::ExportedPlugin;
use crate::param_order::index_of;
use nice_plug::params::Params;
use nice_plug::params::internals::ParamPtr;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ControllerNumbers_::{
    kAfterTouch, kCtrlModWheel, kPitchBend,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    CtrlNumber, IEditControllerTrait, ParamID, ParamValue, ParameterInfo,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{int32, kResultOk};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Created once per instance, then only read, from any thread.
#[derive(Default)]
pub struct Parameters {
    ids: HashMap<ParamPtr, ParamID>,
    /// Number of the plugin's own parameters; nice-plug lists them before those for MIDI.
    own_count: int32,
    /// Parameters that MIDI controllers set, with the controller's number in VST3.
    midi: Vec<(CtrlNumber, ParamID)>,
    /// Parameters without steps, except those that MIDI sets.
    continuous: HashSet<ParamID>,
    outputs: Vec<Option<ParamID>>,
    /// The pointers in `ids` live as long as this.
    _params: Option<Arc<dyn Params>>,
}

impl Parameters {
    /// Reads the ids of the plugin's parameters from nice-plug's controller.
    #[must_use]
    pub fn new<P: ExportedPlugin>(controller: &impl IEditControllerTrait, params: Arc<dyn Params>) -> Self {
        let pointers = params.param_map().into_iter().map(|(_, pointer, _)| pointer);
        let ids: HashMap<ParamPtr, ParamID> = (0..)
            .zip(pointers)
            .filter_map(|(index, pointer)| Some((pointer, id_at(controller, index)?)))
            .collect();
        let id_of = |name: &str| id_at(controller, int32::try_from(index_of(&*params, name)?).ok()?);
        let midi: Vec<_> = [
            (kCtrlModWheel, P::MOD_WHEEL_PARAM),
            (kAfterTouch, P::PRESSURE_PARAM),
            (kPitchBend, P::PITCH_BEND_PARAM),
        ]
        .into_iter()
        .filter_map(|(controller, name)| Some((CtrlNumber::try_from(controller).ok()?, id_of(name?)?)))
        .collect();
        let is_midi = |id| midi.iter().any(|(_, param)| *param == id);
        let continuous = ids
            .iter()
            // SAFETY: the parameters live as long as `params`; nothing is changed.
            .filter(|(param, id)| unsafe { param.step_count() }.is_none() && !is_midi(**id))
            .map(|(_, id)| *id)
            .collect();
        Self {
            own_count: int32::try_from(ids.len()).unwrap_or(0),
            midi,
            continuous,
            outputs: P::OUTPUT_PARAMS.iter().map(|name| id_of(name)).collect(),
            ids,
            _params: Some(params),
        }
    }

    /// The id of a parameter of the plugin.
    #[must_use]
    pub fn id(&self, param: ParamPtr) -> Option<ParamID> {
        self.ids.get(&param).copied()
    }

    /// Number of the plugin's own parameters.
    #[must_use]
    pub fn own_count(&self) -> int32 {
        self.own_count
    }

    /// The parameter that a MIDI controller sets, by its number in VST3.
    #[must_use]
    pub fn of_controller(&self, controller: CtrlNumber) -> Option<ParamID> {
        let found = self.midi.iter().find(|(number, _)| *number == controller);
        found.map(|(_, id)| *id)
    }

    /// True if a parameter is continuous, not stepped.
    #[must_use]
    pub fn is_continuous(&self, id: ParamID) -> bool {
        self.continuous.contains(&id)
    }

    /// Ids of the output parameters, in the order in which the plugin publishes them.
    #[must_use]
    pub fn outputs(&self) -> &[Option<ParamID>] {
        &self.outputs
    }

    /// True if the plugin publishes this parameter's value; hosts only read it.
    #[must_use]
    pub fn is_output(&self, id: ParamID) -> bool {
        self.outputs.contains(&Some(id))
    }

    /// A normalised value, rounded to the parameter's steps.
    #[must_use]
    pub fn on_steps(&self, id: ParamID, value: f32) -> Option<ParamValue> {
        let (param, _) = self.ids.iter().find(|(_, known)| **known == id)?;
        // SAFETY: the parameters live as long as `self`; nothing is changed.
        Some(ParamValue::from(unsafe {
            param.preview_normalized(param.preview_plain(value))
        }))
    }

    /// Sets a parameter that is not an output to a normalised value; true if there is such
    /// a parameter and the value is a number. Any thread, without a lock.
    pub fn set(&self, id: ParamID, value: ParamValue) -> bool {
        let Some((param, _)) = self.ids.iter().find(|(_, known)| **known == id) else {
            return false;
        };
        if !value.is_finite() || self.is_output(id) {
            return false;
        }
        #[expect(clippy::cast_possible_truncation, reason = "parameters are f32")]
        let value = value as f32;
        // SAFETY: the parameters live as long as `self`, and setting is an atomic store.
        unsafe { param._internal_set_normalized_value(value) };
        true
    }

    /// Sets each parameter for which `value` gives a normalised value.
    pub fn set_each(&self, value: impl Fn(ParamID) -> Option<f32>) {
        for (param, id) in &self.ids {
            if let Some(value) = value(*id) {
                // SAFETY: the parameters live as long as `self`, and setting is an atomic store.
                unsafe { param._internal_set_normalized_value(value) };
            }
        }
    }
}

fn id_at(controller: &impl IEditControllerTrait, index: int32) -> Option<ParamID> {
    // SAFETY: all zero is a valid `ParameterInfo`: numbers and character arrays.
    let mut info: ParameterInfo = unsafe { std::mem::zeroed() };
    // SAFETY: `info` may be written.
    let result = unsafe { controller.getParameterInfo(index, &raw mut info) };
    (result == kResultOk).then_some(info.id)
}
