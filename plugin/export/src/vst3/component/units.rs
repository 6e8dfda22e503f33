//! `IUnitInfo` and `IProcessContextRequirements`.

use super::Component;
use crate::ExportedPlugin;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    BusDirection, CString, IProcessContextRequirementsTrait, IUnitInfoTrait, MediaType, ProgramListID,
    ProgramListInfo, String128, UnitID, UnitInfo,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{IBStream, int16, int32, tresult, uint32};

impl<P: ExportedPlugin> IProcessContextRequirementsTrait for Component<P> {
    unsafe fn getProcessContextRequirements(&self) -> uint32 {
        if P::READS_TRANSPORT {
            // SAFETY: no arguments.
            unsafe { IProcessContextRequirementsTrait::getProcessContextRequirements(&self.instance.wrapper) }
        } else {
            0
        }
    }
}

impl<P: ExportedPlugin> IUnitInfoTrait for Component<P> {
    forward! { IUnitInfoTrait:
        fn getUnitCount() -> int32;
        fn getUnitInfo(index: int32, info: *mut UnitInfo) -> tresult;
        fn getProgramListCount() -> int32;
        fn getProgramListInfo(index: int32, info: *mut ProgramListInfo) -> tresult;
        fn getProgramName(list: ProgramListID, program: int32, name: *mut String128) -> tresult;
        fn getProgramInfo(list: ProgramListID, program: int32, attribute: CString, value: *mut String128) -> tresult;
        fn hasProgramPitchNames(list: ProgramListID, program: int32) -> tresult;
        fn getProgramPitchName(list: ProgramListID, program: int32, pitch: int16, name: *mut String128) -> tresult;
        fn getSelectedUnit() -> UnitID;
        fn selectUnit(unit: UnitID) -> tresult;
        fn getUnitByBus(media: MediaType, direction: BusDirection, bus: int32, channel: int32, unit: *mut UnitID) -> tresult;
        fn setUnitProgramData(list_or_unit: int32, program: int32, data: *mut IBStream) -> tresult;
    }
}
