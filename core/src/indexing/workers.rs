//! The threads that encode windows.

use crossbeam_channel::{Receiver, Sender};

use crate::frames::Frames;
use crate::model::{Encoder, ModelError};

/// One window to encode.
pub(super) struct Task {
    /// Number of its recording.
    pub file: usize,
    /// First frame that is wanted.
    pub frame: usize,
    /// Rows that are wanted of what the encoder gives.
    pub rows: Vec<usize>,
    pub audio_16k: Vec<f32>,
}

/// What became of a window.
pub(super) struct Encoded {
    pub file: usize,
    pub frame: usize,
    /// The wanted rows.
    pub rows: Result<Frames, ModelError>,
}

/// A thread's work: encodes until there are no more windows.
pub(super) fn work(encoder: &mut dyn Encoder, tasks: &Receiver<Task>, done: &Sender<Encoded>) {
    let mut all = Frames::new(encoder.dim());
    for task in tasks {
        let rows = encoder.encode(&task.audio_16k, &mut all).map(|()| {
            let mut rows = Frames::new(all.dim());
            task.rows.iter().for_each(|&row| rows.push(all.row(row)));
            rows
        });
        let (file, frame) = (task.file, task.frame);
        if done.send(Encoded { file, frame, rows }).is_err() {
            return;
        }
    }
}
