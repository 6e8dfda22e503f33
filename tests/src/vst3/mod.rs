//! A headless VST3 host by the book: loads the built plugin into this process,
//! renders offline, draws automation as lines, and keeps what the plugin tells.
//!
//! pedalboard and other JUCE hosts (`tests/vst3.rs`) send one point per block at
//! its first sample and drop output parameters; this one does neither.

mod handler;
mod points;
mod raw;
mod view;

pub use raw::{RawBlock, RawBus, changes};
pub use view::Player;

use anyhow::{Context, Result, ensure};
use handler::{Handler, Restarts, RunLoop};
use points::PointList;
use std::collections::BTreeMap;
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::thread::ThreadId;
use vst3::Steinberg::Linux::IRunLoop;
use vst3::Steinberg::Vst::BusDirections_::kInput;
use vst3::Steinberg::Vst::MediaTypes_::kAudio;
use vst3::Steinberg::Vst::ProcessModes_::kOffline;
use vst3::Steinberg::Vst::SymbolicSampleSizes_::kSample32;
use vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, IAudioProcessor, IAudioProcessorTrait, IComponent,
    IComponentHandler, IComponentTrait, IEditController, IEditControllerTrait, IParameterChanges, ParamID,
    ParameterInfo, ProcessData, ProcessSetup, SpeakerArrangement,
};
use vst3::Steinberg::{
    FUnknown, IPluginBaseTrait, IPluginFactory, IPluginFactoryTrait, PClassInfo, int32, kResultOk, tresult,
};
use vst3::{ComPtr, ComWrapper, Interface};

/// Sample of the block, and value of 0..=1.
pub type Point = (i32, f64);

/// One loaded instance, active, offline.
pub struct Vst3 {
    component: ComPtr<IComponent>,
    processor: ComPtr<IAudioProcessor>,
    controller: ComPtr<IEditController>,
    restarts: Restarts,
    run_loop: RunLoop,
    max_block: i32,
    titles: BTreeMap<String, ParamID>,
    read_only: Vec<ParamID>,
    /// Samples played.
    position: u64,
    told: Vec<(u64, ParamID, f64)>,
    // Last: the library goes when nothing of it is left.
    _library: libloading::Library,
}

type Entry = unsafe extern "system" fn() -> *mut c_void;
type ModuleEntry = unsafe extern "C" fn(*mut c_void) -> bool;

fn done(answer: tresult, what: &str) -> Result<()> {
    ensure!(answer == kResultOk, "{what}: {answer}");
    Ok(())
}

impl Vst3 {
    /// Loads the bundle under test and activates an instance at 48 kHz with these
    /// arrangements of the track and of the side chain.
    ///
    /// # Errors
    /// If anything is missing or refused.
    pub fn load(max_block: usize, track: SpeakerArrangement, side: SpeakerArrangement) -> Result<Self> {
        Self::load_file(&Self::built()?, max_block, [track, side], true)
    }

    /// The library of the bundle under test.
    ///
    /// # Errors
    /// If there is no bundle.
    pub fn built() -> Result<PathBuf> {
        let bundle = crate::env::bundle()?.join("voxmeld.vst3");
        Ok(bundle.join("Contents").join("x86_64-linux").join("voxmeld.so"))
    }

    /// As [`Self::load`], from this library; in a host whose context has a run
    /// loop, or not.
    ///
    /// # Errors
    /// As there.
    pub fn load_file(
        file: &Path,
        max_block: usize,
        arrangements: [SpeakerArrangement; 2],
        with_run_loop: bool,
    ) -> Result<Self> {
        // SAFETY: the library under test; its initialisers do nothing.
        let library = unsafe { libloading::Library::new(file) }?;
        // SAFETY: entry points by VST3's names and signatures; the factory's and
        // all further pointers are the plugin's, with references for us.
        unsafe {
            let enter: libloading::Symbol<ModuleEntry> = library.get(b"ModuleEntry")?;
            // Hosts pass the library's handle; null would do as well.
            ensure!(enter(std::ptr::null_mut()), "ModuleEntry refuses");
            let entry: libloading::Symbol<Entry> = library.get(b"GetPluginFactory")?;
            let factory = ComPtr::<IPluginFactory>::from_raw(entry().cast())
                .context("GetPluginFactory gives nothing")?;
            let mut class: PClassInfo = std::mem::zeroed();
            done(factory.getClassInfo(0, &raw mut class), "class")?;
            let mut object = std::ptr::null_mut();
            let answer = factory.createInstance(
                class.cid.as_ptr().cast(),
                IComponent::IID.as_ptr().cast(),
                &raw mut object,
            );
            done(answer, "createInstance")?;
            let component = ComPtr::<IComponent>::from_raw(object.cast()).context("no component")?;
            let run_loop = RunLoop::default();
            let context = ComWrapper::new(run_loop.clone()).to_com_ptr::<IRunLoop>();
            let context = context
                .context("a context")?
                .cast::<FUnknown>()
                .filter(|_| with_run_loop);
            let given = context
                .as_ref()
                .map_or(std::ptr::null_mut(), |context| context.as_ptr());
            done(component.initialize(given), "initialize")?;
            let processor = component.cast::<IAudioProcessor>().context("no processor")?;
            let controller = component.cast::<IEditController>().context("no controller")?;
            let restarts = Restarts::default();
            let handler = ComWrapper::new(Handler(restarts.clone())).to_com_ptr::<IComponentHandler>();
            let handler = handler.context("a handler")?;
            done(
                controller.setComponentHandler(handler.as_ptr()),
                "setComponentHandler",
            )?;
            let [track, side] = arrangements;
            let (mut ins, mut outs) = ([track, side], [track]);
            done(
                processor.setBusArrangements(ins.as_mut_ptr(), 2, outs.as_mut_ptr(), 1),
                "arrangements",
            )?;
            for bus in 0..2 {
                component.activateBus(small(kAudio)?, small(kInput)?, bus, 1);
            }
            let (titles, read_only) = titles(&controller);
            let loaded = Self {
                component,
                processor,
                controller,
                restarts,
                run_loop,
                max_block: i32::try_from(max_block)?,
                titles,
                read_only,
                position: 0,
                told: Vec::new(),
                _library: library,
            };
            loaded.start(48_000.0)?;
            Ok(loaded)
        }
    }

    /// Sets up for a rate, activates and starts.
    fn start(&self, rate_hz: f64) -> Result<()> {
        let mut setup = ProcessSetup {
            processMode: small(kOffline)?,
            symbolicSampleSize: small(kSample32)?,
            maxSamplesPerBlock: self.max_block,
            sampleRate: rate_hz,
        };
        // SAFETY: the setup outlives the call; the rest are plain numbers.
        unsafe {
            done(self.processor.setupProcessing(&raw mut setup), "setupProcessing")?;
            done(self.component.setActive(1), "setActive")?;
            self.processor.setProcessing(1);
        }
        Ok(())
    }

    /// Stops and starts again at this rate, as a host does that was asked to.
    ///
    /// # Errors
    /// If it refuses.
    pub fn restart(&mut self, rate_hz: f64) -> Result<()> {
        // SAFETY: plain numbers, in the order that hosts call.
        unsafe {
            self.processor.setProcessing(0);
            done(self.component.setActive(0), "setActive")?;
        }
        self.position = 0;
        self.told.clear();
        self.start(rate_hz)
    }

    /// What was asked by `restartComponent` since the last look: flags, and the
    /// thread it came on. Turns the run loop first.
    #[must_use]
    pub fn restarts(&self) -> Vec<(int32, ThreadId)> {
        self.run_loop.turn();
        let mut restarts = self.restarts.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *restarts)
    }

    fn id(&self, title: &str) -> Result<ParamID> {
        let id = self.titles.get(title).copied();
        id.with_context(|| format!("the plugin has no parameter \"{title}\""))
    }

    /// Whether a parameter is one that the plugin tells.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn is_read_only(&self, title: &str) -> Result<bool> {
        Ok(self.read_only.contains(&self.id(title)?))
    }

    /// The latency that it reports, in samples.
    #[must_use]
    pub fn latency(&self) -> u64 {
        // SAFETY: no arguments.
        u64::from(unsafe { self.processor.getLatencySamples() })
    }

    /// What was told of a parameter: (sample since the beginning, value).
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn told(&self, title: &str) -> Result<Vec<(u64, f64)>> {
        let id = self.id(title)?;
        let of_it = self.told.iter().filter(|told| told.1 == id);
        Ok(of_it.map(|&(at, _, value)| (at, value)).collect())
    }

    /// One block: as many channels as were arranged, and points by title.
    ///
    /// # Errors
    /// If it is refused, or a title unknown.
    pub fn process(
        &mut self,
        track: &mut [Vec<f32>],
        side: &mut [Vec<f32>],
        points: &[(&str, Vec<Point>)],
    ) -> Result<()> {
        let len = track.first().map_or(0, Vec::len);
        let given = ComWrapper::new(PointList::default());
        for (title, points) in points {
            given.give(self.id(title)?, points);
        }
        let answers = ComWrapper::new(PointList::default());
        let list = |list: &ComWrapper<PointList>| list.to_com_ptr::<IParameterChanges>().context("a list");
        let (given, told) = (list(&given)?, list(&answers)?);
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
            processMode: small(kOffline)?,
            symbolicSampleSize: small(kSample32)?,
            numSamples: i32::try_from(len)?,
            numInputs: 2,
            numOutputs: 1,
            inputs: inputs.as_mut_ptr(),
            outputs: outputs.as_mut_ptr(),
            inputParameterChanges: given.as_ptr(),
            outputParameterChanges: told.as_ptr(),
            inputEvents: std::ptr::null_mut(),
            outputEvents: std::ptr::null_mut(),
            processContext: std::ptr::null_mut(),
        };
        // SAFETY: everything that the data points to outlives the call.
        done(unsafe { self.processor.process(&raw mut data) }, "process")?;
        for (id, points) in answers.taken() {
            for (at, value) in points {
                ensure!((0..len as i32).contains(&at), "told at sample {at} of {len}");
                self.told.push((self.position + at as u64, id, value));
            }
        }
        self.position += len as u64;
        Ok(())
    }
}

impl Drop for Vst3 {
    fn drop(&mut self) {
        // SAFETY: in the order that hosts end with.
        unsafe {
            self.processor.setProcessing(0);
            self.component.setActive(0);
            self.controller.setComponentHandler(std::ptr::null_mut());
            self.component.terminate();
        }
    }
}

/// The SDK's constants have types of their own.
fn small(constant: impl TryInto<int32>) -> Result<int32> {
    constant.try_into().ok().context("a small constant")
}

/// Ids by title, and those that are read-only.
fn titles(controller: &ComPtr<IEditController>) -> (BTreeMap<String, ParamID>, Vec<ParamID>) {
    let mut titles = BTreeMap::new();
    let mut read_only = Vec::new();
    // SAFETY: no arguments.
    for index in 0..unsafe { controller.getParameterCount() } {
        // SAFETY: all zero is a valid description: numbers and characters.
        let mut info: ParameterInfo = unsafe { std::mem::zeroed() };
        // SAFETY: `info` outlives the call.
        if unsafe { controller.getParameterInfo(index, &raw mut info) } != kResultOk {
            continue;
        }
        let title = info.title.split(|&letter| letter == 0).next().unwrap_or_default();
        titles.insert(String::from_utf16_lossy(title), info.id);
        if info.flags & 2 != 0 {
            read_only.push(info.id);
        }
    }
    (titles, read_only)
}
