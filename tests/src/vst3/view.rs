//! The editor of a VST3 plugin, and processing on another thread while it is open.

use super::instance::Vst3Instance;
use super::results::{check, to_int32};
use anyhow::{Context, Result};
use std::ffi::c_void;
use vst3::Steinberg::Vst::ProcessModes_::kRealtime;
use vst3::Steinberg::Vst::SymbolicSampleSizes_::kSample32;
use vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, IAudioProcessor, IAudioProcessorTrait, IEditControllerTrait,
    ProcessData, ViewType,
};
use vst3::Steinberg::{IPlugFrame, IPlugView, IPlugViewTrait, ViewRect, kPlatformTypeX11EmbedWindowID};
use vst3::{ComPtr, ComWrapper};

/// Processes silence in real-time mode. Use it from one thread at a time.
pub struct RealTimePlayer(ComPtr<IAudioProcessor>);

impl RealTimePlayer {
    /// Processes a stereo block of silence with a silent side chain.
    ///
    /// # Errors
    /// If the plugin reports a failure.
    pub fn process_block(&self, len: usize) -> Result<()> {
        let mut channels = vec![vec![0.0_f32; len]; 4];
        let mut pointers: Vec<*mut f32> = channels.iter_mut().map(|channel| channel.as_mut_ptr()).collect();
        let (main, side) = pointers.split_at_mut(2);
        let mut buses = [main, side].map(|channels| AudioBusBuffers {
            numChannels: 2,
            silenceFlags: 0,
            __field0: AudioBusBuffers__type0 {
                channelBuffers32: channels.as_mut_ptr(),
            },
        });
        let mut output = buses[0];
        let mut data = ProcessData {
            processMode: to_int32(kRealtime)?,
            symbolicSampleSize: to_int32(kSample32)?,
            numSamples: i32::try_from(len)?,
            numInputs: 2,
            numOutputs: 1,
            inputs: buses.as_mut_ptr(),
            outputs: &raw mut output,
            inputParameterChanges: std::ptr::null_mut(),
            outputParameterChanges: std::ptr::null_mut(),
            inputEvents: std::ptr::null_mut(),
            outputEvents: std::ptr::null_mut(),
            processContext: std::ptr::null_mut(),
        };
        // SAFETY: everything that `data` points to outlives the call.
        check(unsafe { self.0.process(&raw mut data) }, "process")
    }
}

impl Vst3Instance {
    /// For processing on another thread. Nothing else may process at the same time.
    #[must_use]
    pub fn real_time_player(&self) -> RealTimePlayer {
        RealTimePlayer(self.processor.clone())
    }

    /// Opens the editor in an X11 window, alternates between the run loop and `work` until
    /// `work` returns true or fails, and closes the editor.
    ///
    /// # Errors
    /// If a call or `work` fails.
    pub fn with_editor(&self, window: u32, mut work: impl FnMut() -> Result<bool>) -> Result<()> {
        let frame = ComWrapper::new(self.run_loop.clone()).to_com_ptr::<IPlugFrame>();
        let frame = frame.context("no plug frame")?;
        // SAFETY: the plugin returns the view with a reference for the caller. Frame and window outlive the view. The
        // standard passes an X11 window's id in place of a pointer.
        unsafe {
            let view = ComPtr::<IPlugView>::from_raw(self.controller.createView(ViewType::kEditor))
                .context("no editor")?;
            check(view.setFrame(frame.as_ptr()), "setFrame")?;
            let mut size: ViewRect = std::mem::zeroed();
            check(view.getSize(&raw mut size), "getSize")?;
            let parent = std::ptr::without_provenance_mut::<c_void>(window as usize);
            check(view.attached(parent, kPlatformTypeX11EmbedWindowID), "attached")?;
            let mut result = Ok(false);
            while matches!(result, Ok(false)) {
                self.run_loop.run_once();
                result = work();
            }
            check(view.removed(), "removed")?;
            view.setFrame(std::ptr::null_mut());
            result.map(|_| ())
        }
    }
}
