//! Gap of nice-plug 0.4.2: it applies the points of an automation curve as steps.
//!
//! In VST3 the points are joined by straight lines. A queue holds a block's
//! section of a curve. Its first line starts at the sample before the block, with
//! the value at that sample, so a host may send only the value at a
//! block's last sample; a jump is two points at successive samples, and after the
//! last point the value is constant. Here nice-plug gets queues that contain,
//! in addition to the host's points, the values of the lines at the samples at which the
//! plugin reads its controls, so the plugin reads values on the line at any block size.
//! Stepped parameters have no values in between, and the modulation wheel's points
//! are MIDI events: both remain steps.
//!
//! To delete once nice-plug interpolates between points: this file, its call in
//! `component/block.rs`, and the control grid of the timeline.

use super::parameters::Parameters;
use crate::bridge::Timeline;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    IEditControllerTrait, IParamValueQueue, IParamValueQueueTrait, IParameterChanges, IParameterChangesTrait,
    ParamID, ParamValue,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{int32, kInvalidArgument, kResultFalse, kResultOk, tresult};
use nice_plug::wrapper::vst3::vst3::{Class, ComPtr, ComRef, ComWrapper};
use std::cell::{Cell, RefCell};

/// A point of a curve: sample of the block, and value.
type Point = (int32, ParamValue);

/// Maximum number of points per queue. A host that sends more has already sampled its
/// curve finely, so its own queue is passed on.
const MAX_POINTS: usize = 256;

/// Maximum number of queues per block; if there are more, the host's list is passed on.
const MAX_QUEUES: usize = 128;

/// Appends to `out` the host's points and, between them, the values of the lines at
/// `grid` (ascending samples of the block). `before` is the value at the sample before
/// the block. False if the capacity of `out` is too small.
fn interpolate(
    points: &[Point],
    before: ParamValue,
    grid: impl Iterator<Item = u32>,
    out: &mut Vec<Point>,
) -> bool {
    out.clear();
    let mut grid = grid.map_while(|at| int32::try_from(at).ok()).peekable();
    let (mut x1, mut y1) = (-1, before);
    for &(x2, y2) in points {
        while let Some(at) = grid.next_if(|&at| at < x2) {
            // Constant lines need no points in between.
            if at > x1 && y1.to_bits() != y2.to_bits() {
                let part = (f64::from(at) - f64::from(x1)) / (f64::from(x2) - f64::from(x1));
                out.push((at, y1 + (y2 - y1) * part));
            }
            if out.len() == out.capacity() {
                return false;
            }
        }
        if out.len() == out.capacity() {
            return false;
        }
        out.push((x2, y2));
        (x1, y1) = (x2, y2);
    }
    true
}

/// One parameter's points.
struct Queue {
    id: Cell<ParamID>,
    points: RefCell<Vec<Point>>,
}

impl Class for Queue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for Queue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.id.get()
    }

    unsafe fn getPointCount(&self) -> int32 {
        int32::try_from(self.points.borrow().len()).unwrap_or(0)
    }

    unsafe fn getPoint(&self, index: int32, offset: *mut int32, value: *mut ParamValue) -> tresult {
        let points = self.points.borrow();
        let point = usize::try_from(index).ok().and_then(|index| points.get(index));
        let (Some(&(at, is)), false, false) = (point, offset.is_null(), value.is_null()) else {
            return kInvalidArgument;
        };
        // SAFETY: not null, and the caller's own.
        unsafe { (*offset, *value) = (at, is) };
        kResultOk
    }

    unsafe fn addPoint(&self, _offset: int32, _value: ParamValue, _index: *mut int32) -> tresult {
        kResultFalse
    }
}

/// The queues of a block: interpolated ones or the host's.
struct Changes {
    queues: RefCell<Vec<*mut IParamValueQueue>>,
}

impl Class for Changes {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for Changes {
    unsafe fn getParameterCount(&self) -> int32 {
        int32::try_from(self.queues.borrow().len()).unwrap_or(0)
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        let queues = self.queues.borrow();
        let queue = usize::try_from(index).ok().and_then(|index| queues.get(index));
        queue.copied().unwrap_or(std::ptr::null_mut())
    }

    unsafe fn addParameterData(&self, _id: *const ParamID, _index: *mut int32) -> *mut IParamValueQueue {
        std::ptr::null_mut()
    }
}

/// The changes of one block with interpolated values. Created once per instance; used
/// on the audio thread.
pub struct Lines {
    changes: ComWrapper<Changes>,
    pointer: Option<ComPtr<IParameterChanges>>,
    queues: Vec<(ComWrapper<Queue>, ComPtr<IParamValueQueue>)>,
    scratch: RefCell<Vec<Point>>,
}

impl Lines {
    /// For an instance with `params` parameters.
    #[must_use]
    pub fn new(params: usize) -> Self {
        let changes = ComWrapper::new(Changes {
            queues: RefCell::new(Vec::with_capacity(MAX_QUEUES)),
        });
        let queue = |_| {
            let queue = ComWrapper::new(Queue {
                id: Cell::new(0),
                points: RefCell::new(Vec::with_capacity(MAX_POINTS)),
            });
            let pointer = queue.to_com_ptr::<IParamValueQueue>()?;
            Some((queue, pointer))
        };
        Self {
            pointer: changes.to_com_ptr(),
            changes,
            queues: (0..params.min(MAX_QUEUES)).filter_map(queue).collect(),
            scratch: RefCell::new(Vec::with_capacity(MAX_POINTS)),
        }
    }

    /// Returns the host's changes of a block with interpolated values; queues that do not fit
    /// are passed on unchanged. `controller` has the values before the block.
    /// Valid until the next call.
    ///
    /// # Real-time
    /// Allocates nothing.
    ///
    /// # Safety
    /// `host` is null or the host's list, alive during the block.
    pub unsafe fn interpolated(
        &self,
        host: *mut IParameterChanges,
        controller: &impl IEditControllerTrait,
        parameters: &Parameters,
        timeline: &Timeline,
    ) -> *mut IParameterChanges {
        // SAFETY: the caller's promise.
        let (Some(changes), Some(pointer)) = (unsafe { ComRef::from_raw(host) }, &self.pointer) else {
            return host;
        };
        // SAFETY: no arguments.
        let count = unsafe { changes.getParameterCount() };
        let (Ok(given), Ok(mut queues)) = (usize::try_from(count), self.changes.queues.try_borrow_mut())
        else {
            return host;
        };
        if given > MAX_QUEUES {
            return host;
        }
        queues.clear();
        let mut own = self.queues.iter();
        for index in 0..count {
            // SAFETY: an index in range; the queue is null or alive as long as its list.
            let queue = unsafe { changes.getParameterData(index) };
            // SAFETY: as above.
            let Some(read) = (unsafe { ComRef::from_raw(queue) }) else {
                continue;
            };
            // Some hosts send back the values that the plugin published.
            // SAFETY: as above.
            if parameters.is_output(unsafe { read.getParameterId() }) {
                continue;
            }
            // SAFETY: as above.
            let filled = own
                .next()
                .filter(|(own, _)| unsafe { self.fill(own, read, controller, parameters, timeline) });
            queues.push(filled.map_or(queue, |(_, pointer)| pointer.as_ptr()));
        }
        pointer.as_ptr()
    }

    /// Fills `own` with a queue's points and interpolated values; false to pass the
    /// queue on.
    ///
    /// # Safety
    /// The queue is alive.
    unsafe fn fill(
        &self,
        own: &Queue,
        queue: ComRef<'_, IParamValueQueue>,
        controller: &impl IEditControllerTrait,
        parameters: &Parameters,
        timeline: &Timeline,
    ) -> bool {
        let (Ok(mut scratch), Ok(mut points)) = (self.scratch.try_borrow_mut(), own.points.try_borrow_mut())
        else {
            return false;
        };
        scratch.clear();
        // SAFETY: alive, by the caller's promise.
        let (id, count) = unsafe { (queue.getParameterId(), queue.getPointCount()) };
        if !parameters.is_continuous(id) || usize::try_from(count).is_ok_and(|count| count >= MAX_POINTS) {
            return false;
        }
        for index in 0..count {
            let (mut offset, mut value) = (0, 0.0);
            // SAFETY: both outlive the call.
            if unsafe { queue.getPoint(index, &raw mut offset, &raw mut value) } == kResultOk {
                scratch.push((offset, value));
            }
        }
        own.id.set(id);
        // SAFETY: plain numbers.
        let before = unsafe { controller.getParamNormalized(id) };
        interpolate(&scratch, before, timeline.control_grid(), &mut points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With room for eight points, at samples 100, 300, 500 ...
    fn interpolated(points: &[Point], before: f64) -> Option<Vec<Point>> {
        let mut out = Vec::with_capacity(8);
        let grid = (0..).map(|n| 100 + 200 * n);
        interpolate(points, before, grid, &mut out).then_some(out)
    }

    #[test]
    fn point_at_the_last_sample_gives_a_line_from_the_value_before_the_block() {
        let points = interpolated(&[(399, 1.0)], 0.0).expect("fits");
        assert_eq!(points, [(100, 101.0 / 400.0), (300, 301.0 / 400.0), (399, 1.0)]);
    }

    #[test]
    fn two_points_in_successive_samples_give_a_jump_without_points_between() {
        let points = interpolated(&[(149, 0.5), (150, 1.0)], 0.5).expect("fits");
        assert_eq!(points, [(149, 0.5), (150, 1.0)]);
    }

    #[test]
    fn point_at_sample_0_holds_for_the_block() {
        assert_eq!(interpolated(&[(0, 0.25)], 0.5), Some(vec![(0, 0.25)]));
    }

    #[test]
    fn point_on_the_grid_keeps_its_value() {
        let points = interpolated(&[(100, 0.0), (500, 1.0)], 0.0).expect("fits");
        assert_eq!(points, [(100, 0.0), (300, 0.5), (500, 1.0)]);
    }

    #[test]
    fn no_points_give_no_points() {
        assert_eq!(interpolated(&[], 0.5), Some(vec![]));
    }

    #[test]
    fn unordered_points_are_passed_on() {
        let points = interpolated(&[(300, 1.0), (10, 0.0), (300, 0.5)], 0.0).expect("fits");
        assert_eq!(points.last(), Some(&(300, 0.5)));
    }

    #[test]
    fn more_points_than_fit_give_none() {
        assert_eq!(interpolated(&[(100_000, 1.0)], 0.0), None);
    }
}
