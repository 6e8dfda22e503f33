//! The host's lists of automation points, for input and output.

use std::cell::RefCell;
use vst3::Steinberg::Vst::{
    IParamValueQueue, IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait, ParamID, ParamValue,
};
use vst3::Steinberg::{int32, kInvalidArgument, kResultOk, tresult};
use vst3::{Class, ComPtr, ComWrapper};

/// Sample of the block, and value of 0..=1.
pub type Point = (i32, f64);

/// The points of one parameter in a block.
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
            Some(&point) => {
                // SAFETY: pointers to the plugin's variables, valid during the call.
                unsafe { (*offset, *value) = point };
                kResultOk
            }
            None => kInvalidArgument,
        }
    }

    unsafe fn addPoint(&self, offset: int32, value: ParamValue, index: *mut int32) -> tresult {
        let mut points = self.points.borrow_mut();
        points.push((offset, value));
        // SAFETY: a pointer to the plugin's variable, valid during the call.
        unsafe { *index = points.len() as int32 - 1 };
        kResultOk
    }
}

/// The queues of all parameters in a block.
#[derive(Default)]
pub(super) struct PointList {
    queues: RefCell<Vec<(ComWrapper<Queue>, ComPtr<IParamValueQueue>)>>,
}

impl PointList {
    /// Appends a queue. The returned pointer is valid as long as the list.
    pub fn add(&self, id: ParamID, points: &[Point]) -> *mut IParamValueQueue {
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

    /// The points of all queues, by parameter.
    pub fn points(&self) -> Vec<(ParamID, Vec<Point>)> {
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
        // SAFETY: pointers to the plugin's variables, valid during the call.
        let id = unsafe {
            *index = self.queues.borrow().len() as int32;
            *id
        };
        self.add(id, &[])
    }
}
