//! One instance of the VST3 plugin, from loading to unloading.

use super::handler::{Handler, RestartRequests, RunLoop};
use super::notes::{Note, NoteList};
use super::points::{Point, PointList};
use super::results::{check, to_int32};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::thread::ThreadId;
use vst3::Steinberg::Linux::IRunLoop;
use vst3::Steinberg::Vst::BusDirections_::kInput;
use vst3::Steinberg::Vst::MediaTypes_::kAudio;
use vst3::Steinberg::Vst::ProcessModes_::{kOffline, kRealtime};
use vst3::Steinberg::Vst::SymbolicSampleSizes_::kSample32;
use vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, IAudioProcessor, IAudioProcessorTrait, IComponent,
    IComponentHandler, IComponentTrait, IEditController, IEditControllerTrait, IEventList, IParameterChanges,
    ParamID, ParameterInfo, ProcessData, ProcessSetup, SpeakerArrangement,
};
use vst3::Steinberg::{
    FUnknown, IPluginBaseTrait, IPluginFactory, IPluginFactoryTrait, PClassInfo, int32, kResultOk,
};
use vst3::{ComPtr, ComWrapper, Interface};

/// A loaded instance, active, in offline mode.
pub struct Vst3Instance {
    pub(super) component: ComPtr<IComponent>,
    pub(super) processor: ComPtr<IAudioProcessor>,
    pub(super) controller: ComPtr<IEditController>,
    restart_requests: RestartRequests,
    pub(super) run_loop: RunLoop,
    max_block: i32,
    live: bool,
    pub(super) ids_by_title: BTreeMap<String, ParamID>,
    read_only: Vec<ParamID>,
    /// Samples processed since the last activation.
    position: u64,
    /// Values of output parameters: (position, parameter, value of 0..=1).
    published: Vec<(u64, ParamID, f64)>,
    // Last field: the library is unloaded after everything that comes from it.
    _library: libloading::Library,
}

type Entry = unsafe extern "system" fn() -> *mut c_void;
type ModuleEntry = unsafe extern "C" fn(*mut c_void) -> bool;

impl Vst3Instance {
    /// Loads the bundle under test and activates an instance at 48 kHz, with these
    /// speaker arrangements of the track and of the side chain.
    ///
    /// # Errors
    /// If anything is missing, or a call fails.
    pub fn load(max_block: usize, track: SpeakerArrangement, side: SpeakerArrangement) -> Result<Self> {
        Self::load_file(&Self::bundled_library()?, max_block, [track, side], true)
    }

    /// The library of the bundle under test.
    ///
    /// # Errors
    /// If there is no bundle.
    pub fn bundled_library() -> Result<PathBuf> {
        let bundle = crate::env::bundle()?.join("voxmeld.vst3");
        Ok(bundle.join("Contents").join("x86_64-linux").join("voxmeld.so"))
    }

    /// As [`Self::load`], from this library, with or without a run loop in the host's
    /// context.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_file(
        file: &Path,
        max_block: usize,
        arrangements: [SpeakerArrangement; 2],
        with_run_loop: bool,
    ) -> Result<Self> {
        // SAFETY: the library under test; its initialisers do nothing.
        let library = unsafe { libloading::Library::new(file) }?;
        // SAFETY: entry points by VST3's names and signatures. The factory and all further objects come from the
        // plugin with a reference for the caller.
        unsafe {
            let enter: libloading::Symbol<ModuleEntry> = library.get(b"ModuleEntry")?;
            // Hosts pass the library's handle, which the plugin does not use.
            ensure!(enter(std::ptr::null_mut()), "ModuleEntry failed");
            let entry: libloading::Symbol<Entry> = library.get(b"GetPluginFactory")?;
            let factory = ComPtr::<IPluginFactory>::from_raw(entry().cast())
                .context("GetPluginFactory returned null")?;
            let mut class: PClassInfo = std::mem::zeroed();
            check(factory.getClassInfo(0, &raw mut class), "getClassInfo")?;
            let mut object = std::ptr::null_mut();
            let result = factory.createInstance(
                class.cid.as_ptr().cast(),
                IComponent::IID.as_ptr().cast(),
                &raw mut object,
            );
            check(result, "createInstance")?;
            let component = ComPtr::<IComponent>::from_raw(object.cast()).context("no component")?;
            let run_loop = RunLoop::default();
            let context = ComWrapper::new(run_loop.clone()).to_com_ptr::<IRunLoop>();
            let context = context
                .context("no host context")?
                .cast::<FUnknown>()
                .filter(|_| with_run_loop);
            let context = context
                .as_ref()
                .map_or(std::ptr::null_mut(), |context| context.as_ptr());
            check(component.initialize(context), "initialize")?;
            let processor = component.cast::<IAudioProcessor>().context("no processor")?;
            let controller = component.cast::<IEditController>().context("no controller")?;
            let restart_requests = RestartRequests::default();
            let handler =
                ComWrapper::new(Handler(restart_requests.clone())).to_com_ptr::<IComponentHandler>();
            let handler = handler.context("no component handler")?;
            check(
                controller.setComponentHandler(handler.as_ptr()),
                "setComponentHandler",
            )?;
            let [track, side] = arrangements;
            let (mut ins, mut outs) = ([track, side], [track]);
            check(
                processor.setBusArrangements(ins.as_mut_ptr(), 2, outs.as_mut_ptr(), 1),
                "setBusArrangements",
            )?;
            for bus in 0..2 {
                component.activateBus(to_int32(kAudio)?, to_int32(kInput)?, bus, 1);
            }
            let (ids_by_title, read_only) = read_parameters(&controller);
            let loaded = Self {
                component,
                processor,
                controller,
                restart_requests,
                run_loop,
                max_block: i32::try_from(max_block)?,
                live: false,
                ids_by_title,
                read_only,
                position: 0,
                published: Vec::new(),
                _library: library,
            };
            loaded.start(48_000.0)?;
            Ok(loaded)
        }
    }

    /// Sets up processing at a rate, activates, and starts.
    fn start(&self, rate_hz: f64) -> Result<()> {
        let mut setup = ProcessSetup {
            processMode: to_int32(kOffline)?,
            symbolicSampleSize: to_int32(kSample32)?,
            maxSamplesPerBlock: self.max_block,
            sampleRate: rate_hz,
        };
        // SAFETY: the setup outlives the call; the other arguments are plain numbers.
        unsafe {
            check(self.processor.setupProcessing(&raw mut setup), "setupProcessing")?;
            check(self.component.setActive(1), "setActive")?;
            self.processor.setProcessing(1);
        }
        Ok(())
    }

    /// Whether further blocks are live or part of an offline render.
    pub fn set_live(&mut self, live: bool) {
        self.live = live;
    }

    /// Stops and starts processing, which empties the stream.
    pub fn start_over(&mut self) {
        // SAFETY: plain numbers.
        unsafe {
            self.processor.setProcessing(0);
            self.processor.setProcessing(1);
        }
    }

    /// Stops, and starts again at this rate, as a host does on `restartComponent`.
    ///
    /// # Errors
    /// If a call fails.
    pub fn restart(&mut self, rate_hz: f64) -> Result<()> {
        // SAFETY: plain numbers, in the order of calls that the standard gives.
        unsafe {
            self.processor.setProcessing(0);
            check(self.component.setActive(0), "setActive")?;
        }
        self.position = 0;
        self.published.clear();
        self.start(rate_hz)
    }

    /// The calls of `restartComponent` since the last call of this: flags, and the
    /// calling thread. Runs the run loop once before.
    #[must_use]
    pub fn take_restart_requests(&self) -> Vec<(int32, ThreadId)> {
        self.run_loop.run_once();
        let requests = self.restart_requests.lock();
        std::mem::take(&mut *requests.unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn id(&self, title: &str) -> Result<ParamID> {
        let id = self.ids_by_title.get(title).copied();
        id.with_context(|| format!("the plugin has no parameter \"{title}\""))
    }

    /// True if the host can only read a parameter.
    ///
    /// # Errors
    /// If there is no parameter with that title.
    pub fn is_read_only(&self, title: &str) -> Result<bool> {
        Ok(self.read_only.contains(&self.id(title)?))
    }

    /// The reported latency in samples.
    #[must_use]
    pub fn latency(&self) -> u64 {
        // SAFETY: no arguments.
        u64::from(unsafe { self.processor.getLatencySamples() })
    }

    /// The values of an output parameter since the last activation: (sample, value of 0..=1).
    ///
    /// # Errors
    /// If there is no parameter with that title.
    pub fn published(&self, title: &str) -> Result<Vec<(u64, f64)>> {
        let id = self.id(title)?;
        let values = self.published.iter().filter(|value| value.1 == id);
        Ok(values.map(|&(at, _, value)| (at, value)).collect())
    }

    /// Processes one block in place, with as many channels as were arranged, and automation points by title.
    ///
    /// # Errors
    /// If the plugin reports a failure, or a title is unknown.
    pub fn process(
        &mut self,
        track: &mut [Vec<f32>],
        side: &mut [Vec<f32>],
        points: &[(&str, Vec<Point>)],
    ) -> Result<()> {
        self.process_with_notes(track, side, points, &[])
    }

    /// [`Self::process`] with notes.
    ///
    /// # Errors
    /// As [`Self::process`].
    pub fn process_with_notes(
        &mut self,
        track: &mut [Vec<f32>],
        side: &mut [Vec<f32>],
        points: &[(&str, Vec<Point>)],
        notes: &[Note],
    ) -> Result<()> {
        let notes = NoteList::of(notes)
            .to_com_ptr::<IEventList>()
            .context("no list of notes")?;
        let len = track.first().map_or(0, Vec::len);
        let input_points = ComWrapper::new(PointList::default());
        for (title, points) in points {
            input_points.add(self.id(title)?, points);
        }
        let output_points = ComWrapper::new(PointList::default());
        let list =
            |list: &ComWrapper<PointList>| list.to_com_ptr::<IParameterChanges>().context("no point list");
        let (input_list, output_list) = (list(&input_points)?, list(&output_points)?);
        let pointers = |channels: &mut [Vec<f32>]| -> Vec<*mut f32> {
            channels.iter_mut().map(|channel| channel.as_mut_ptr()).collect()
        };
        let (mut track, mut side) = (pointers(track), pointers(side));
        let bus = |channels: &mut Vec<*mut f32>| AudioBusBuffers {
            numChannels: channels.len() as int32,
            silenceFlags: 0,
            __field0: AudioBusBuffers__type0 {
                channelBuffers32: channels.as_mut_ptr(),
            },
        };
        let mut inputs = [bus(&mut track), bus(&mut side)];
        let mut outputs = [bus(&mut track)];
        let mut data = ProcessData {
            processMode: to_int32(if self.live { kRealtime } else { kOffline })?,
            symbolicSampleSize: to_int32(kSample32)?,
            numSamples: i32::try_from(len)?,
            numInputs: 2,
            numOutputs: 1,
            inputs: inputs.as_mut_ptr(),
            outputs: outputs.as_mut_ptr(),
            inputParameterChanges: input_list.as_ptr(),
            outputParameterChanges: output_list.as_ptr(),
            inputEvents: notes.as_ptr(),
            outputEvents: std::ptr::null_mut(),
            processContext: std::ptr::null_mut(),
        };
        // SAFETY: everything that `data` points to outlives the call.
        check(unsafe { self.processor.process(&raw mut data) }, "process")?;
        for (id, points) in output_points.points() {
            for (at, value) in points {
                ensure!(
                    (0..len as i32).contains(&at),
                    "a point at sample {at} of a block of {len}"
                );
                self.published.push((self.position + at as u64, id, value));
            }
        }
        self.position += len as u64;
        Ok(())
    }
}

impl Drop for Vst3Instance {
    fn drop(&mut self) {
        // SAFETY: plain numbers and a null pointer, in the order of calls that the standard gives.
        unsafe {
            self.processor.setProcessing(0);
            self.component.setActive(0);
            self.controller.setComponentHandler(std::ptr::null_mut());
            self.component.terminate();
        }
    }
}

/// Ids by title, and the ids of read-only parameters.
fn read_parameters(controller: &ComPtr<IEditController>) -> (BTreeMap<String, ParamID>, Vec<ParamID>) {
    let mut ids_by_title = BTreeMap::new();
    let mut read_only = Vec::new();
    // SAFETY: no arguments.
    for index in 0..unsafe { controller.getParameterCount() } {
        // SAFETY: all zero is a valid `ParameterInfo`: numbers and characters.
        let mut info: ParameterInfo = unsafe { std::mem::zeroed() };
        // SAFETY: `info` outlives the call.
        if unsafe { controller.getParameterInfo(index, &raw mut info) } != kResultOk {
            continue;
        }
        let title = info.title.split(|&letter| letter == 0).next().unwrap_or_default();
        ids_by_title.insert(String::from_utf16_lossy(title), info.id);
        if info.flags & 2 != 0 {
            read_only.push(info.id);
        }
    }
    (ids_by_title, read_only)
}
