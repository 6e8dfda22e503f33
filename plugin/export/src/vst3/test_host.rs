//! A VST3 host in process and without a window, for unit tests
//! of this package and of plugins (feature `test-host`).

use super::component::Component;
use super::memory_stream::MemoryStream;
use crate::ExportedPlugin;
use nice_plug::wrapper::vst3::vst3::ComWrapper;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ProcessModes_::{kOffline, kRealtime};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::SymbolicSampleSizes_::kSample32;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, IAudioProcessorTrait, IComponentTrait, IEditControllerTrait,
    IMidiMappingTrait, ParameterInfo, ProcessData, ProcessSetup,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{IBStream, int32, kResultOk, tresult};
use std::ptr::null_mut;

/// Largest block, in samples.
pub const MAX_BLOCK: int32 = 64;

/// Live.
pub const REALTIME: int32 = constant(kRealtime as i64);
/// Offline render.
pub const OFFLINE: int32 = constant(kOffline as i64);
/// Single precision.
pub const SAMPLE_32: int32 = constant(kSample32 as i64);

/// The SDK's constants are signed on some systems and unsigned on others.
#[expect(clippy::cast_possible_truncation, reason = "the SDK's constants are small")]
const fn constant(value: i64) -> int32 {
    value as int32
}

/// A parameter as hosts list it.
#[derive(Debug)]
pub struct Listed {
    /// The name that users see.
    pub title: String,
    /// The numeric id.
    pub id: u32,
    /// `ParameterFlags`.
    pub flags: int32,
}

/// An instance in a host. Functions that do not return the plugin's result code panic if
/// it is not `kResultOk`.
pub struct TestHost<P: ExportedPlugin> {
    /// For calls that this type does not wrap.
    pub component: Component<P>,
}

impl<P: ExportedPlugin> Default for TestHost<P> {
    fn default() -> Self {
        Self {
            component: Component::default(),
        }
    }
}

impl<P: ExportedPlugin> TestHost<P> {
    /// `setupProcessing` at 48 kHz, single precision, blocks of [`MAX_BLOCK`].
    pub fn set_up(&self, process_mode: int32) {
        let mut setup = ProcessSetup {
            processMode: process_mode,
            symbolicSampleSize: SAMPLE_32,
            maxSamplesPerBlock: MAX_BLOCK,
            sampleRate: 48_000.0,
        };
        // SAFETY: the setup outlives the call.
        let answer = unsafe { self.component.setupProcessing(&raw mut setup) };
        assert_eq!(answer, kResultOk);
    }

    /// Activates the component.
    pub fn start(&self) {
        // SAFETY: plain numbers, in the order that hosts call.
        unsafe {
            assert_eq!(self.component.setActive(1), kResultOk);
            self.component.setProcessing(1);
        }
    }

    /// Deactivates it.
    pub fn stop(&self) {
        // SAFETY: plain numbers, in the order that hosts call.
        unsafe {
            self.component.setProcessing(0);
            self.component.setActive(0);
        }
    }

    /// As [`Self::process_channels`]; returns the result code and the first channel.
    pub fn process(&self, samples: int32, process_mode: int32, sample_size: int32) -> (tresult, Vec<f32>) {
        let (answer, mut channels) = self.process_channels(samples, process_mode, sample_size);
        (answer, channels.swap_remove(0))
    }

    /// Processes one block of constant 0.5 on all channels of the track, in place, without a side chain.
    /// Returns the result code and the channels.
    pub fn process_channels(
        &self,
        samples: int32,
        process_mode: int32,
        sample_size: int32,
    ) -> (tresult, Vec<Vec<f32>>) {
        let len = usize::try_from(samples).expect("a length");
        let mut arrangement = 0;
        // SAFETY: `arrangement` outlives the call.
        let answer = unsafe { self.component.getBusArrangement(1, 0, &raw mut arrangement) };
        assert_eq!(answer, kResultOk);
        let count = arrangement.count_ones();
        // Large enough for double precision too.
        let mut channels: Vec<Vec<f32>> = (0..count).map(|_| vec![0.5; 2 * len]).collect();
        let mut pointers: Vec<*mut f32> = channels.iter_mut().map(|channel| channel.as_mut_ptr()).collect();
        let array = pointers.as_mut_ptr();
        let bus = || AudioBusBuffers {
            numChannels: int32::try_from(count).expect("a few"),
            silenceFlags: u64::MAX,
            __field0: AudioBusBuffers__type0 {
                channelBuffers32: array,
            },
        };
        let (mut input, mut output) = (bus(), bus());
        let mut data = ProcessData {
            processMode: process_mode,
            symbolicSampleSize: sample_size,
            numSamples: samples,
            numInputs: 1,
            numOutputs: 1,
            inputs: &raw mut input,
            outputs: &raw mut output,
            inputParameterChanges: null_mut(),
            outputParameterChanges: null_mut(),
            inputEvents: null_mut(),
            outputEvents: null_mut(),
            processContext: null_mut(),
        };
        // SAFETY: everything that `data` points to outlives the call.
        let answer = unsafe { IAudioProcessorTrait::process(&self.component, &raw mut data) };
        assert_eq!(output.silenceFlags, 0, "the output is marked as silent");
        channels.iter_mut().for_each(|channel| channel.truncate(len));
        (answer, channels)
    }

    /// A full block, see [`Self::process`].
    pub fn block(&self, process_mode: int32) -> tresult {
        self.process(MAX_BLOCK, process_mode, SAMPLE_32).0
    }

    /// All parameters that the host sees.
    #[must_use]
    pub fn parameters(&self) -> Vec<Listed> {
        // SAFETY: no arguments.
        let count = unsafe { self.component.getParameterCount() };
        (0..count)
            .map(|index| {
                let (answer, listed) = self.parameter_info(index);
                assert_eq!(answer, kResultOk);
                listed
            })
            .collect()
    }

    /// `getParameterInfo`, at any index.
    #[must_use]
    pub fn parameter_info(&self, index: int32) -> (tresult, Listed) {
        // SAFETY: all zero is a valid `ParameterInfo`: numbers and character arrays.
        let mut info: ParameterInfo = unsafe { std::mem::zeroed() };
        // SAFETY: `info` outlives the call.
        let answer = unsafe { self.component.getParameterInfo(index, &raw mut info) };
        let title = info.title;
        let end = title.iter().position(|&letter| letter == 0);
        let title = String::from_utf16_lossy(&title[..end.unwrap_or(title.len())]);
        let (id, flags) = (info.id, info.flags);
        (answer, Listed { title, id, flags })
    }

    /// The id of the parameter with this title.
    #[must_use]
    pub fn id_of(&self, title: &str) -> u32 {
        let all = self.parameters();
        let found = all.iter().find(|listed| listed.title == title);
        found.expect("a parameter of this title").id
    }

    /// A normalised value.
    #[must_use]
    pub fn value(&self, id: u32) -> f64 {
        // SAFETY: plain numbers.
        unsafe { self.component.getParamNormalized(id) }
    }

    /// Sets a normalised value.
    pub fn set_value(&self, id: u32, value: f64) {
        // SAFETY: plain numbers.
        unsafe { self.component.setParamNormalized(id, value) };
    }

    /// The parameter to which the host maps MIDI's modulation wheel.
    #[must_use]
    pub fn wheel_id(&self) -> Option<u32> {
        let mut id = 0;
        // SAFETY: `id` outlives the call.
        let answer = unsafe { self.component.getMidiControllerAssignment(0, 0, 1, &raw mut id) };
        (answer == kResultOk).then_some(id)
    }

    /// The saved session.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let stream = ComWrapper::new(MemoryStream::default());
        let pointer = stream.to_com_ptr::<IBStream>().expect("it is a stream");
        // SAFETY: the stream outlives the call.
        let answer = unsafe { IComponentTrait::getState(&self.component, pointer.as_ptr()) };
        assert_eq!(answer, kResultOk);
        stream.bytes()
    }

    /// Restores a saved session; returns the result code.
    pub fn restore(&self, state: &[u8]) -> tresult {
        let stream = ComWrapper::new(MemoryStream::new(state.to_vec()));
        let pointer = stream.to_com_ptr::<IBStream>().expect("it is a stream");
        // SAFETY: the stream outlives the call.
        unsafe { IComponentTrait::setState(&self.component, pointer.as_ptr()) }
    }
}
