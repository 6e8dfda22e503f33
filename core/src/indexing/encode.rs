//! Recordings through several encoders at once: windows of one recording, and of the next, are encoded side by side.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use crossbeam_channel::{Receiver, SendTimeoutError, Sender};

use super::collect::Collector;
use super::embed::EncodeWindow;
use super::recording::{RecordingError, Resampler, SoundReader};
use super::speech::SpeechFinder;
use super::windows::WindowCutter;
use super::workers::{Encoded, Task};
use crate::model::ModelError;
use crate::units::ENCODER_RATE;

/// Longest recording whose audio is kept between the two passes, in samples of 16 kHz: half an hour, 115 MB. A longer
/// one is decoded twice.
const MAX_HELD_16K: usize = 30 * 60 * 16_000;

/// Time after which it is looked at again what is done, while the queue of windows is full.
const QUEUE_WAIT: Duration = Duration::from_millis(100);

/// Why a recording is not encoded.
pub(super) enum Unused {
    /// It cannot be decoded.
    Recording(RecordingError),
    /// The encoder failed on a window.
    Model(ModelError),
    /// The task was asked to end.
    Stopped,
}

/// Decodes a recording and hands its windows to the encoders; gives a flag per frame, true where it is speech.
pub(super) fn send_windows(
    path: &Path,
    file: usize,
    window: EncodeWindow,
    tasks: &Sender<Task>,
    done: &Receiver<Encoded>,
    collector: &mut Collector<'_>,
    on_frame: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<Vec<bool>, Unused> {
    let (speech, held) = listen(path, on_frame)?;
    let total = speech.len();
    let mut failure = None;
    let mut send = |wanted: std::ops::Range<usize>, audio_16k: &[f32]| {
        if on_frame(wanted.start, total).is_break() {
            failure = Some(Unused::Stopped);
            return ControlFlow::Break(());
        }
        let rows = wanted.clone().filter(|&frame| speech[frame]);
        let task = Task {
            file,
            frame: wanted.start,
            rows: rows.map(|frame| window.lead() + frame - wanted.start).collect(),
            audio_16k: audio_16k.to_vec(),
        };
        match send_or_collect(task, tasks, done, collector) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(Unused::Model(error));
                ControlFlow::Break(())
            }
        }
    };
    let mut cutter = WindowCutter::new(window, &speech);
    let mut flow = ControlFlow::Continue(());
    match held {
        Some(audio_16k) => flow = cutter.push(&audio_16k, &mut send),
        None => read_16k(path, &mut |audio_16k| {
            flow = cutter.push(audio_16k, &mut send);
            flow
        })?,
    }
    if flow.is_continue() {
        let _ = cutter.finish(&mut send);
    }
    match failure {
        Some(failure) => Err(failure),
        None => Ok(speech),
    }
}

/// Queues a window; while the queue is full, takes what is done.
fn send_or_collect(
    mut task: Task,
    tasks: &Sender<Task>,
    done: &Receiver<Encoded>,
    collector: &mut Collector<'_>,
) -> Result<(), ModelError> {
    collector.expect(task.file);
    loop {
        while let Ok(encoded) = done.try_recv() {
            collector.take(encoded)?;
        }
        task = match tasks.send_timeout(task, QUEUE_WAIT) {
            Err(SendTimeoutError::Timeout(task)) => task,
            // Without a thread that encodes, the scope of the threads reports why.
            Ok(()) | Err(SendTimeoutError::Disconnected(_)) => return Ok(()),
        };
    }
}

/// The first pass over a recording: where its speech is, and its audio unless that is too long to be kept.
fn listen(
    path: &Path,
    on_frame: &mut dyn FnMut(usize, usize) -> ControlFlow<()>,
) -> Result<(Vec<bool>, Option<Vec<f32>>), Unused> {
    let mut finder = SpeechFinder::default();
    let mut held = Some(Vec::new());
    let mut stopped = false;
    read_16k(path, &mut |audio_16k| {
        finder.push(audio_16k);
        if let Some(audio) = &mut held {
            audio.extend_from_slice(audio_16k);
            if audio.len() > MAX_HELD_16K {
                held = None;
            }
        }
        let flow = on_frame(0, 1);
        stopped = flow.is_break();
        flow
    })?;
    if stopped {
        Err(Unused::Stopped)
    } else {
        Ok((finder.finish(), held))
    }
}

/// Decodes a recording to 16 kHz, block by block, until `on` breaks.
pub(super) fn read_16k(path: &Path, on: &mut dyn FnMut(&[f32]) -> ControlFlow<()>) -> Result<(), Unused> {
    let mut reader = SoundReader::open(path).map_err(Unused::Recording)?;
    let Some(mut resampler) = Resampler::new(reader.rate_hz(), ENCODER_RATE.0) else {
        return Err(Unused::Recording(reader.unusable_rate()));
    };
    let (mut block, mut audio_16k) = (Vec::new(), Vec::new());
    loop {
        let more = reader.read(&mut block).map_err(Unused::Recording)?;
        resampler.push(&block, &mut audio_16k);
        if !more {
            resampler.finish(&mut audio_16k);
        }
        if on(&audio_16k).is_break() || !more {
            return Ok(());
        }
        block.clear();
        audio_16k.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frames::Frames;
    use crate::indexing::embed::SpeechEmbeddings;
    use crate::indexing::workers::work;
    use crate::model::Encoder as _;
    use crate::model::fake::PassThroughEncoder;
    use crossbeam_channel::unbounded;

    fn tone(seconds: f32, amplitude: f32) -> Vec<f32> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a few seconds"
        )]
        let samples = (seconds * 16_000.0) as u16;
        (0..samples)
            .map(|n| amplitude * (f32::from(n) * 0.05).sin())
            .collect()
    }

    /// As [`send_windows`] and a collector do it, on audio in pieces of this length.
    fn embed(audio_16k: &[f32], piece: usize) -> SpeechEmbeddings {
        let mut finder = SpeechFinder::default();
        audio_16k.chunks(piece).for_each(|piece| finder.push(piece));
        let speech = finder.finish();
        let (tasks, queue) = unbounded();
        let mut cutter = WindowCutter::new(EncodeWindow::LONG, &speech);
        let mut send = |wanted: std::ops::Range<usize>, audio_16k: &[f32]| {
            let rows = wanted.clone().filter(|&frame| speech[frame]);
            let task = Task {
                file: 0,
                frame: wanted.start,
                rows: rows
                    .map(|frame| EncodeWindow::LONG.lead() + frame - wanted.start)
                    .collect(),
                audio_16k: audio_16k.to_vec(),
            };
            tasks.send(task).expect("queued");
            ControlFlow::Continue(())
        };
        for piece in audio_16k.chunks(piece) {
            let _ = cutter.push(piece, &mut send);
        }
        let _ = cutter.finish(&mut send);
        drop(tasks);
        let (done_in, done) = unbounded();
        let mut encoder = PassThroughEncoder;
        work(&mut encoder, &queue, &done_in);
        drop(done_in);
        let windows: Vec<Frames> = done
            .iter()
            .map(|encoded| encoded.rows.expect("encoded"))
            .collect();
        let mut rows = windows.iter().flat_map(Frames::rows);
        let mut kept = SpeechEmbeddings::new(encoder.dim());
        for (frame, is_speech) in speech.into_iter().enumerate() {
            if is_speech {
                kept.push(frame, rows.next().expect("a row"));
            } else {
                kept.silent += 1;
            }
        }
        kept
    }

    #[test]
    fn silence_is_left_out_and_times_are_kept_whatever_the_pieces() {
        let mut audio = tone(1.0, 0.3);
        audio.extend(vec![0.0; 16_000]);
        audio.extend(tone(1.0, 0.3));
        let kept = embed(&audio, audio.len());
        let [first, second] = kept.spans[..] else {
            panic!("{:?}", kept.spans);
        };
        assert_eq!((first.first_id, first.start_frame_50hz), (0, 0));
        assert_eq!(second.first_id, first.len);
        // 80 ms before the sound are kept.
        assert_eq!(second.start_frame_50hz, 100 - 4);
        assert_eq!(kept.embeddings.len(), first.len + second.len);
        assert_eq!(kept.embeddings.len() + kept.silent, 149);
        for piece in [100, 777, 16_000] {
            assert_eq!(embed(&audio, piece), kept, "pieces of {piece}");
        }
    }

    #[test]
    fn recordings_of_less_than_half_a_second_give_nothing() {
        assert!(embed(&tone(0.2, 0.3), 1000).embeddings.is_empty());
    }
}
