//! Input in, converted voice out, in place.

use super::mute::Mute;
use super::shared::PassShared;
use crate::drift::RingWriter;
use ringbuf::traits::{Consumer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};
use std::sync::Arc;
use voxmeld::params::VoxmeldParams;
use voxmeld_core::rt::AudioSide;

/// Largest block that a device may hand over at once; larger ones are cut.
const MAX_FRAMES: usize = 8_192;

/// The stream that a device runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamShape {
    /// Rate of the output device, at which the engine runs.
    pub rate_hz: f64,
    /// Frames of its blocks.
    pub block_frames: usize,
    /// Channels that the engine gets: 1 or 2.
    pub channels: usize,
    /// Time from capture to the engine.
    pub captured_s: f64,
}

/// A place through which another [`AudioSide`] gets to the audio thread, and the replaced one back to be freed.
#[must_use]
pub fn next_audio() -> (NextAudio, AudioSlot) {
    let (to_audio, from_main) = HeapRb::new(1).split();
    let (to_main, from_audio) = HeapRb::new(2).split();
    (
        NextAudio { to_audio, from_audio },
        AudioSlot { from_main, to_main },
    )
}

/// The main thread's end.
pub struct NextAudio {
    to_audio: HeapProd<AudioSide>,
    from_audio: HeapCons<AudioSide>,
}

impl NextAudio {
    /// Sends it; gives it back if the last one has not been taken yet.
    ///
    /// # Errors
    /// The audio side itself.
    pub fn send(&mut self, audio: AudioSide) -> Result<(), Box<AudioSide>> {
        self.free_replaced();
        self.to_audio.try_push(audio).map_err(Box::new)
    }

    /// Frees what the audio thread no longer uses.
    pub fn free_replaced(&mut self) {
        while self.from_audio.try_pop().is_some() {}
    }
}

/// The audio thread's end.
pub struct AudioSlot {
    from_main: HeapCons<AudioSide>,
    to_main: HeapProd<AudioSide>,
}

/// The whole way of a block.
pub struct LivePass {
    audio: AudioSide,
    slot: AudioSlot,
    params: Arc<VoxmeldParams>,
    shared: Arc<PassShared>,
    mute: Mute,
    channels: usize,
    /// Planar scratch, one for each channel.
    planes: [Vec<f32>; 2],
    monitor: Option<RingWriter>,
    monitor_frames: Vec<f32>,
    offline: bool,
}

impl LivePass {
    /// Muted and silent at first; allocates.
    #[must_use]
    pub fn new(
        audio: AudioSide,
        slot: AudioSlot,
        params: Arc<VoxmeldParams>,
        shared: Arc<PassShared>,
        shape: &StreamShape,
    ) -> Self {
        Self {
            audio,
            slot,
            params,
            shared,
            mute: Mute::new(shape.rate_hz, shape.captured_s),
            channels: shape.channels.clamp(1, 2),
            planes: [vec![0.0; MAX_FRAMES], vec![0.0; MAX_FRAMES]],
            monitor: None,
            monitor_frames: vec![0.0; 2 * MAX_FRAMES],
            offline: false,
        }
    }

    /// What is played is also written to this ring.
    pub fn set_monitor(&mut self, monitor: RingWriter) {
        self.monitor = Some(monitor);
    }

    /// Channels of the frames that [`Self::process`] takes and returns.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The switches and counters.
    #[must_use]
    pub fn shared(&self) -> &Arc<PassShared> {
        &self.shared
    }

    /// Waits for the worker: for the simulated device, which has no clock.
    pub fn set_offline(&mut self, offline: bool) {
        self.offline = offline;
    }

    /// Converts interleaved frames in place; `now_s` is the time for the monitor's ring.
    ///
    /// # Real-time
    /// Yes.
    pub fn process(&mut self, frames: &mut [f32], now_s: f64) {
        self.shared.count_block(frames.len() / self.channels);
        self.shared.note_input(frames);
        self.take_next_audio();
        for block in frames.chunks_mut(MAX_FRAMES * self.channels) {
            self.process_block(block, now_s);
        }
    }

    fn process_block(&mut self, frames: &mut [f32], now_s: f64) {
        let len = frames.len() / self.channels;
        let [left, right] = &mut self.planes;
        let (left, right) = (&mut left[..len], &mut right[..len]);
        for (n, frame) in frames.chunks_exact(self.channels).enumerate() {
            left[n] = frame[0];
            right[n] = frame.get(1).copied().unwrap_or(0.0);
        }
        let mut planes = [left, right];
        let planes = &mut planes[..self.channels];
        if self.mute.begin(&self.shared) {
            self.audio.reset();
        }
        self.mute.input(planes);
        self.audio.set_offline(self.offline);
        self.audio.process(planes, &self.params.controls());
        self.mute.output(planes);
        while let Some(frame) = self.audio.next_applied_frame() {
            self.params.publish(frame.ratio, frame.confidence);
        }
        for (n, frame) in frames.chunks_exact_mut(self.channels).enumerate() {
            for (sample, plane) in frame.iter_mut().zip(planes.iter()) {
                *sample = plane[n];
            }
        }
        self.feed_monitor(frames, now_s);
    }

    fn feed_monitor(&mut self, frames: &[f32], now_s: f64) {
        let Some(monitor) = &mut self.monitor else { return };
        let wanted = monitor.channels();
        let len = frames.len() / self.channels;
        let out = &mut self.monitor_frames[..len * wanted];
        for (to, from) in out
            .chunks_exact_mut(wanted)
            .zip(frames.chunks_exact(self.channels))
        {
            for (n, sample) in to.iter_mut().enumerate() {
                *sample = from[n.min(from.len() - 1)];
            }
        }
        monitor.write(out, now_s);
    }

    fn take_next_audio(&mut self) {
        let Some(next) = self.slot.from_main.try_pop() else {
            return;
        };
        let before = std::mem::replace(&mut self.audio, next);
        // There is room: the main thread empties it before it sends another. If it were full, freeing here is
        // the lesser harm than losing the new stream.
        let _ = self.slot.to_main.try_push(before);
    }
}
