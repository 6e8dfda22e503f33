//! The editor of a VST3 plugin, and blocks on another thread meanwhile.

use super::{Vst3, done, small};
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

/// Plays silence in real-time mode, on any one thread.
pub struct Player(ComPtr<IAudioProcessor>);

impl Player {
    /// A block of stereo without a side chain's sound.
    ///
    /// # Errors
    /// If the plugin refuses.
    pub fn block(&self, len: usize) -> Result<()> {
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
            processMode: small(kRealtime)?,
            symbolicSampleSize: small(kSample32)?,
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
        // SAFETY: everything that the data points to outlives the call.
        done(unsafe { self.0.process(&raw mut data) }, "process")
    }
}

impl Vst3 {
    /// What another thread plays by; nothing else may process meanwhile.
    #[must_use]
    pub fn player(&self) -> Player {
        Player(self.processor.clone())
    }

    /// Opens the editor in an X11 window, does `work` while the run loop turns,
    /// and closes it.
    ///
    /// # Errors
    /// If it refuses, or the work fails.
    pub fn with_editor(&self, window: u32, mut work: impl FnMut() -> Result<bool>) -> Result<()> {
        let frame = ComWrapper::new(self.run_loop.clone()).to_com_ptr::<IPlugFrame>();
        let frame = frame.context("a frame")?;
        // SAFETY: the view is the plugin's, with a reference for us; what it is
        // given outlives it. An X11 window's number goes where pointers do.
        unsafe {
            let view = ComPtr::<IPlugView>::from_raw(self.controller.createView(ViewType::kEditor))
                .context("no editor")?;
            done(view.setFrame(frame.as_ptr()), "setFrame")?;
            let mut size: ViewRect = std::mem::zeroed();
            done(view.getSize(&raw mut size), "getSize")?;
            let parent = std::ptr::without_provenance_mut::<c_void>(window as usize);
            done(view.attached(parent, kPlatformTypeX11EmbedWindowID), "attached")?;
            let mut result = Ok(false);
            while matches!(result, Ok(false)) {
                self.run_loop.turn();
                result = work();
            }
            done(view.removed(), "removed")?;
            view.setFrame(std::ptr::null_mut());
            result.map(|_| ())
        }
    }
}
