//! Cuts a recording into the windows that an encoder gets, while it is read.

use std::ops::{ControlFlow, Range};

use super::embed::EncodeWindow;
use crate::geometry::{FRAME_STEP_16K, FRAME_TAIL_16K};

/// Cuts the windows of one recording. Holds the audio of about one window.
pub(super) struct WindowCutter<'a> {
    window: EncodeWindow,
    /// One flag per frame; windows without speech are left out.
    speech: &'a [bool],
    /// Audio from the start of window `next_frame`. Before and behind the recording lie zeros: every window is as
    /// long as the others, and the first frames see the same silence before them as in a stream that begins.
    audio_16k: Vec<f32>,
    next_frame: usize,
    /// Samples of the recording that are still of use.
    samples_left: usize,
}

impl<'a> WindowCutter<'a> {
    pub(super) fn new(window: EncodeWindow, speech: &'a [bool]) -> Self {
        Self {
            window,
            speech,
            audio_16k: vec![0.0; window.lead() * FRAME_STEP_16K],
            next_frame: 0,
            samples_left: speech.len() * FRAME_STEP_16K + FRAME_TAIL_16K,
        }
    }

    /// Takes the next audio; `on` gets the frames that are wanted of each window, and its audio.
    pub(super) fn push(
        &mut self,
        audio_16k: &[f32],
        on: &mut impl FnMut(Range<usize>, &[f32]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let used = audio_16k.len().min(self.samples_left);
        self.samples_left -= used;
        self.audio_16k.extend_from_slice(&audio_16k[..used]);
        self.cut(on)
    }

    /// Gives the windows that reach over the end.
    pub(super) fn finish(
        mut self,
        on: &mut impl FnMut(Range<usize>, &[f32]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        while self.next_frame < self.speech.len() {
            let len = self.window_len_16k().max(self.audio_16k.len());
            self.audio_16k.resize(len, 0.0);
            self.cut(on)?;
        }
        ControlFlow::Continue(())
    }

    fn window_len_16k(&self) -> usize {
        self.window.frames() * FRAME_STEP_16K + FRAME_TAIL_16K
    }

    fn cut(&mut self, on: &mut impl FnMut(Range<usize>, &[f32]) -> ControlFlow<()>) -> ControlFlow<()> {
        let (len, step) = (self.window_len_16k(), self.window.step());
        let mut start = 0;
        let mut flow = ControlFlow::Continue(());
        while flow.is_continue() && self.next_frame < self.speech.len() && start + len <= self.audio_16k.len()
        {
            let wanted = self.next_frame..(self.next_frame + step).min(self.speech.len());
            if self.speech[wanted.clone()].contains(&true) {
                flow = on(wanted, &self.audio_16k[start..start + len]);
            }
            self.next_frame += step;
            start += step * FRAME_STEP_16K;
        }
        self.audio_16k.drain(..start.min(self.audio_16k.len()));
        flow
    }
}
