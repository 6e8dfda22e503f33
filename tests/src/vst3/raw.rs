//! The plugin's objects, for tests with call sequences of their own, and blocks with
//! arbitrary pointers.

use super::instance::Vst3Instance;
use super::points::{Point, PointList};
use super::results::check;
use anyhow::{Context, Result};
use std::cell::RefCell;
use std::ffi::c_void;
use std::ptr::null_mut;
use vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, IAudioProcessor, IAudioProcessorTrait, IComponent,
    IComponentTrait, IEditController, IParameterChanges, ParamID, ProcessContext, ProcessData,
};
use vst3::Steinberg::{
    IBStream, IBStreamTrait, int32, int64, kInvalidArgument, kResultFalse, kResultOk, tresult,
};
use vst3::{Class, ComPtr, ComWrapper};

impl Vst3Instance {
    /// The component.
    #[must_use]
    pub fn component(&self) -> &ComPtr<IComponent> {
        &self.component
    }

    /// The audio processor.
    #[must_use]
    pub fn processor(&self) -> &ComPtr<IAudioProcessor> {
        &self.processor
    }

    /// The controller.
    #[must_use]
    pub fn controller(&self) -> &ComPtr<IEditController> {
        &self.controller
    }

    /// A parameter's id by its title.
    ///
    /// # Errors
    /// If there is no parameter with that title.
    pub fn param_id(&self, title: &str) -> Result<ParamID> {
        self.id(title)
    }

    /// All parameters.
    pub fn param_ids(&self) -> impl Iterator<Item = ParamID> {
        self.ids_by_title.values().copied()
    }

    /// Saves the state.
    ///
    /// # Errors
    /// If the plugin reports a failure.
    pub fn save(&self) -> Result<Vec<u8>> {
        let stream = ComWrapper::new(Stream::default());
        let pointer = stream.to_com_ptr::<IBStream>().context("a stream")?;
        // SAFETY: the stream outlives the call.
        check(unsafe { self.component.getState(pointer.as_ptr()) }, "getState")?;
        let bytes = stream.0.borrow().0.clone();
        Ok(bytes)
    }

    /// Restores a state.
    ///
    /// # Errors
    /// If the plugin reports a failure.
    pub fn load_state(&self, bytes: &[u8]) -> Result<()> {
        let stream = ComWrapper::new(Stream(RefCell::new((bytes.to_vec(), 0))));
        let pointer = stream.to_com_ptr::<IBStream>().context("a stream")?;
        // SAFETY: the stream outlives the call.
        check(unsafe { self.component.setState(pointer.as_ptr()) }, "setState")
    }
}

/// A list of parameter changes for a block.
///
/// # Errors
/// If it cannot be created.
pub fn changes(changes: &[(ParamID, Vec<Point>)]) -> Result<ComPtr<IParameterChanges>> {
    let list = ComWrapper::new(PointList::default());
    for (id, points) in changes {
        list.add(*id, points);
    }
    list.to_com_ptr().context("a list")
}

/// A bus as a host passes it.
#[derive(Clone, Default)]
pub struct RawBus {
    /// The array of channels; `None`: null.
    pub channels: Option<Vec<*mut c_void>>,
    /// Number of channels that the host declares.
    pub count: i32,
    /// `silenceFlags`.
    pub silence: u64,
}

impl RawBus {
    /// A bus with these channels.
    pub fn of<T>(channels: &[*mut T]) -> Self {
        Self {
            channels: Some(channels.iter().map(|channel| channel.cast()).collect()),
            count: channels.len() as i32,
            silence: 0,
        }
    }

    fn buffers(&mut self) -> AudioBusBuffers {
        AudioBusBuffers {
            numChannels: self.count,
            silenceFlags: self.silence,
            __field0: AudioBusBuffers__type0 {
                channelBuffers32: self
                    .channels
                    .as_mut()
                    .map_or(null_mut(), |channels| channels.as_mut_ptr().cast()),
            },
        }
    }
}

/// A block as a host passes it.
#[derive(Default)]
pub struct RawBlock {
    /// `processMode`.
    pub mode: i32,
    /// `symbolicSampleSize`.
    pub sample_size: i32,
    /// `numSamples`.
    pub samples: i32,
    /// Input buses; none: a null array.
    pub inputs: Vec<RawBus>,
    /// Output buses; none: a null array.
    pub outputs: Vec<RawBus>,
    /// `inputParameterChanges`.
    pub changes: Option<ComPtr<IParameterChanges>>,
    /// `processContext`.
    pub context: Option<ProcessContext>,
}

impl RawBlock {
    /// Processes the block; returns the plugin's result code, and the outputs' silence flags.
    pub fn process(&mut self, processor: &ComPtr<IAudioProcessor>) -> (tresult, Vec<u64>) {
        let mut inputs: Vec<_> = self.inputs.iter_mut().map(RawBus::buffers).collect();
        let mut outputs: Vec<_> = self.outputs.iter_mut().map(RawBus::buffers).collect();
        let array = |buses: &mut Vec<AudioBusBuffers>| {
            if buses.is_empty() {
                null_mut()
            } else {
                buses.as_mut_ptr()
            }
        };
        let mut data = ProcessData {
            processMode: self.mode,
            symbolicSampleSize: self.sample_size,
            numSamples: self.samples,
            numInputs: inputs.len() as i32,
            numOutputs: outputs.len() as i32,
            inputs: array(&mut inputs),
            outputs: array(&mut outputs),
            inputParameterChanges: self.changes.as_ref().map_or(null_mut(), ComPtr::as_ptr),
            outputParameterChanges: null_mut(),
            inputEvents: null_mut(),
            outputEvents: null_mut(),
            processContext: self.context.as_mut().map_or(null_mut(), std::ptr::from_mut),
        };
        // SAFETY: all lives during the call; what the channels are is up to the test.
        let answer = unsafe { processor.process(&raw mut data) };
        (answer, outputs.iter().map(|bus| bus.silenceFlags).collect())
    }
}

/// Bytes and a position in them.
#[derive(Default)]
struct Stream(RefCell<(Vec<u8>, usize)>);

impl Class for Stream {
    type Interfaces = (IBStream,);
}

impl IBStreamTrait for Stream {
    unsafe fn read(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let (bytes, at) = &mut *self.0.borrow_mut();
        let len = (count as usize).min(bytes.len() - *at);
        // SAFETY: the plugin's buffer holds `count` bytes, and `done` is null or its own.
        unsafe {
            std::ptr::copy_nonoverlapping(bytes[*at..].as_ptr(), buffer.cast::<u8>(), len);
            if let Some(done) = done.as_mut() {
                *done = len as int32;
            }
        }
        *at += len;
        kResultOk
    }

    unsafe fn write(&self, buffer: *mut c_void, count: int32, done: *mut int32) -> tresult {
        let (bytes, at) = &mut *self.0.borrow_mut();
        // SAFETY: the plugin's buffer holds `count` bytes, and `done` is null or its own.
        unsafe {
            bytes.extend_from_slice(std::slice::from_raw_parts(buffer.cast::<u8>(), count as usize));
            if let Some(done) = done.as_mut() {
                *done = count;
            }
        }
        *at = bytes.len();
        kResultOk
    }

    unsafe fn seek(&self, offset: int64, mode: int32, result: *mut int64) -> tresult {
        let (bytes, at) = &mut *self.0.borrow_mut();
        let from = match mode {
            0 => 0,
            1 => *at as int64,
            2 => bytes.len() as int64,
            _ => return kInvalidArgument,
        };
        let Ok(to) = usize::try_from(from + offset) else {
            return kResultFalse;
        };
        *at = to.min(bytes.len());
        // SAFETY: null or the plugin's own.
        if let Some(result) = unsafe { result.as_mut() } {
            *result = *at as int64;
        }
        kResultOk
    }

    unsafe fn tell(&self, position: *mut int64) -> tresult {
        // SAFETY: null or the plugin's own.
        if let Some(position) = unsafe { position.as_mut() } {
            *position = self.0.borrow().1 as int64;
        }
        kResultOk
    }
}
