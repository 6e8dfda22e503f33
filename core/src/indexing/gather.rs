//! Vectors of many recordings: encoded, or taken from where they are already.

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use super::collect::Collector;
use super::embed::{EncodeWindow, SpeechEmbeddings};
use super::encode::{Unused, send_windows};
use super::finish::file_sha256;
use super::material::{Material, RecordingFile, from_index};
use super::parts::Parts;
use super::progress::{FolderProgress, Progress};
use super::workers::{Encoded, Task, work};
use crate::model::{Encoder, ModelError};
use crate::names::shown;
use crate::retrieval::{Comparison, EmbeddingIndex, EncoderInfo};

/// How recordings are encoded, and what need not be encoded again.
pub struct Gather<'a> {
    /// What an encoder sees at a time.
    pub window: EncodeWindow,
    /// What is known of the encoder.
    pub info: &'a EncoderInfo,
    /// The index that was there before, whose vectors are taken where the same
    /// encoder made them of the same recording.
    pub earlier: Option<&'a dyn EmbeddingIndex>,
    /// What a build that was stopped has left.
    pub parts: &'a Parts,
}

impl Gather<'_> {
    /// Appends the recordings to `material`, encoded on one thread per encoder. All encoders are the same model. A
    /// recording that cannot be used is left out, with the reason. False if it was stopped.
    ///
    /// # Errors
    /// If an encoder fails.
    pub fn run(
        &self,
        encoders: &mut [Box<dyn Encoder>],
        files: &[RecordingFile],
        material: &mut Material,
        progress: &Progress,
    ) -> Result<bool, ModelError> {
        std::thread::scope(|scope| {
            let (tasks, tasks_out) = bounded(2 * encoders.len());
            let (done_in, done) = unbounded();
            for encoder in encoders {
                let (tasks, done) = (tasks_out.clone(), done_in.clone());
                scope.spawn(move || work(&mut **encoder, &tasks, &done));
            }
            drop((tasks_out, done_in));
            let mut collector = Collector::new(files, self.parts, material);
            let mut bar = FolderProgress::new(files, progress);
            for (file, wanted) in files.iter().enumerate() {
                if !self.add(file, wanted, &tasks, &done, &mut collector, &mut bar)? {
                    return Ok(false);
                }
            }
            drop(tasks);
            while let Ok(encoded) = done.recv() {
                collector.take(encoded)?;
                if progress.is_stopped() {
                    return Ok(false);
                }
            }
            Ok(true)
        })
    }

    /// One recording: taken from where its vectors are, or sent to the encoders. False if the task shall end.
    fn add(
        &self,
        file: usize,
        wanted: &RecordingFile,
        tasks: &Sender<Task>,
        done: &Receiver<Encoded>,
        collector: &mut Collector<'_>,
        bar: &mut FolderProgress<'_>,
    ) -> Result<bool, ModelError> {
        if bar.begin(file, &wanted.name).is_break() {
            return Ok(false);
        }
        let sha256 = match file_sha256(&wanted.path) {
            Ok(sha256) => sha256,
            Err(error) => {
                collector.leave_out(file, format!("{}: {error}", shown(&wanted.name)));
                return Ok(true);
            }
        };
        if let Some(kept) = self.known(&sha256, collector.dim()) {
            bar.skip(file);
            collector.reuse(file, sha256, kept);
            return Ok(true);
        }
        let mut on_frame = |frame, total| bar.at(file, frame, total);
        match send_windows(
            &wanted.path,
            file,
            self.window,
            tasks,
            done,
            collector,
            &mut on_frame,
        ) {
            Ok(speech) => collector.sent(file, sha256, speech),
            Err(Unused::Recording(error)) => collector.leave_out(file, error.to_string()),
            Err(Unused::Model(error)) => return Err(error),
            Err(Unused::Stopped) => return Ok(false),
        }
        Ok(true)
    }

    /// The vectors of a recording, if they are anywhere.
    fn known(&self, sha256: &str, dim: usize) -> Option<SpeechEmbeddings> {
        let in_index = || {
            let index = self.earlier?;
            let sidecar = index.sidecar()?;
            // A cosine index has forgotten how long its vectors were.
            let made_by = sidecar.encoder.as_ref();
            let same = made_by.is_some_and(|made| made.is_compatible(self.info))
                && sidecar.metric != Comparison::Cosine;
            let source = sidecar.sources.iter().find(|source| source.sha256 == sha256)?;
            same.then(|| from_index(index, source)).flatten()
        };
        self.parts.load(sha256, dim).or_else(in_index)
    }
}
