//! A host's lists of parameter points, in and out.

use super::Point;
use std::cell::RefCell;
use vst3::Steinberg::Vst::{
    IParamValueQueue, IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait, ParamID, ParamValue,
};
use vst3::Steinberg::{int32, kInvalidArgument, kResultOk, tresult};
use vst3::{Class, ComPtr, ComWrapper};

struct Queue {
    id: ParamID,
    points: RefCell<Vec<Point>>,
}

impl Class for Queue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for Queue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.id
    }

    unsafe fn getPointCount(&self) -> int32 {
        self.points.borrow().len() as int32
    }

    unsafe fn getPoint(&self, index: int32, offset: *mut int32, value: *mut ParamValue) -> tresult {
        match self.points.borrow().get(index as usize) {
            Some(&(at, is)) => {
                // SAFETY: the plugin's own variables.
                unsafe { (*offset, *value) = (at, is) };
                kResultOk
            }
            None => kInvalidArgument,
        }
    }

    unsafe fn addPoint(&self, offset: int32, value: ParamValue, index: *mut int32) -> tresult {
        let mut points = self.points.borrow_mut();
        points.push((offset, value));
        // SAFETY: the plugin's own variable.
        unsafe { *index = points.len() as int32 - 1 };
        kResultOk
    }
}

/// A block's queues.
#[derive(Default)]
pub(super) struct PointList {
    queues: RefCell<Vec<(ComWrapper<Queue>, ComPtr<IParamValueQueue>)>>,
}

impl PointList {
    /// Appends a queue; its pointer, valid as long as the list.
    pub fn give(&self, id: ParamID, points: &[Point]) -> *mut IParamValueQueue {
        let queue = ComWrapper::new(Queue {
            id,
            points: RefCell::new(points.to_vec()),
        });
        let Some(pointer) = queue.to_com_ptr::<IParamValueQueue>() else {
            return std::ptr::null_mut();
        };
        let raw = pointer.as_ptr();
        self.queues.borrow_mut().push((queue, pointer));
        raw
    }

    /// All queues.
    pub fn taken(&self) -> Vec<(ParamID, Vec<Point>)> {
        let queues = self.queues.borrow();
        queues
            .iter()
            .map(|(queue, _)| (queue.id, queue.points.borrow().clone()))
            .collect()
    }
}

impl Class for PointList {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for PointList {
    unsafe fn getParameterCount(&self) -> int32 {
        self.queues.borrow().len() as int32
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        let queues = self.queues.borrow();
        queues
            .get(index as usize)
            .map_or(std::ptr::null_mut(), |queue| queue.1.as_ptr())
    }

    unsafe fn addParameterData(&self, id: *const ParamID, index: *mut int32) -> *mut IParamValueQueue {
        // SAFETY: the plugin's own variables.
        let id = unsafe {
            *index = self.queues.borrow().len() as int32;
            *id
        };
        self.give(id, &[])
    }
}
