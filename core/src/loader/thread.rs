//! The loader's thread.

use super::error::LoadError;
use super::files::{find_files, identify_files};
use super::notes::notes;
use super::parts::loaded_encoder;
use crate::control_state::{ControlState, VoiceState};
use crate::model::Voice;
use crate::panics::caught;
use crate::selection::VoiceSelection;
use crate::status::StatusCells;
use crate::worker::{WorkerCommand, try_out};
use crossbeam_channel::{Receiver, Sender, select};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::JoinHandle;
use std::time::Instant;

/// A command to the loader.
pub enum LoaderCommand {
    /// Load this; of several waiting requests only the newest is served.
    Load(Box<VoiceSelection>),
    /// End the thread.
    Quit,
}

/// Loads the voice of a selection on the loader's thread; called with 0..1 and the current step.
pub type LoadVoice =
    Box<dyn FnMut(&VoiceSelection, &mut dyn FnMut(f32, &str)) -> Result<Voice, LoadError> + Send>;

/// A running loader thread; dropping it ends and joins the thread.
pub struct LoaderThread {
    commands: Sender<LoaderCommand>,
    handle: Option<JoinHandle<()>>,
}

impl LoaderThread {
    /// Starts the thread. It loads by `load`, and frees the voices that it receives from `discarded`.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub fn spawn(
        commands: (Sender<LoaderCommand>, Receiver<LoaderCommand>),
        discarded: Receiver<Box<Voice>>,
        worker: Sender<WorkerCommand>,
        control: Arc<ControlState>,
        status: Arc<StatusCells>,
        load: LoadVoice,
    ) -> std::io::Result<Self> {
        let (commands, requests) = commands;
        let mut loading = Loading {
            worker,
            control,
            status,
            load,
        };
        let run = move || {
            loop {
                let selection = select! {
                    recv(requests) -> command => match command {
                        Ok(LoaderCommand::Load(selection)) => selection,
                        Ok(LoaderCommand::Quit) | Err(_) => return,
                    },
                    // Freeing a large index takes longer than a hop, so it is not done on the worker.
                    recv(discarded) -> voice => match voice {
                        Ok(voice) => {
                            if let Err(why) = caught(|| drop(voice)) {
                                tracing::error!("a voice was not freed, an internal error: {why}");
                            }
                            continue;
                        }
                        // The worker has ended.
                        Err(_) => return,
                    },
                };
                let control = loading.control.clone();
                let mut loaded = None;
                control.loads.deliver(|| {
                    // Skipped if a newer request (or Quit) is waiting.
                    if requests.is_empty() {
                        loaded = loading.serve(&selection);
                    }
                });
                // Done last, because reading 400 MB takes a second and nothing depends on it.
                if let Some(loaded) = loaded {
                    loading.identify(&loaded, || !requests.is_empty());
                }
            }
        };
        let handle = std::thread::Builder::new()
            .name("voxmeld loader".into())
            .spawn(run)?;
        Ok(Self {
            commands,
            handle: Some(handle),
        })
    }
}

impl Drop for LoaderThread {
    fn drop(&mut self) {
        let _ = self.commands.send(LoaderCommand::Quit);
        if let Some(handle) = self.handle.take() {
            let _ = handle.join();
        }
    }
}

/// What a load reads and writes.
struct Loading {
    worker: Sender<WorkerCommand>,
    control: Arc<ControlState>,
    status: Arc<StatusCells>,
    load: LoadVoice,
}

impl Loading {
    /// Loads a voice and publishes the result; a panic on the way counts as an error. Returns the loaded
    /// selection, with the new paths of moved files.
    fn serve(&mut self, selection: &VoiceSelection) -> Option<VoiceSelection> {
        if selection.is_nothing() {
            *self.control.encoder.lock() = None;
            self.control.running.lock().unloaded();
            self.control.running_delay_us.store(0, Relaxed);
            self.control.voice_delay_us.store(0, Relaxed);
            let _ = self.worker.send(WorkerCommand::Unload);
            return None;
        }
        let before = self.control.voice.lock().clone();
        tracing::info!("loading a voice: {selection:?}");
        let loaded = caught(|| self.load_and_send(selection))
            .unwrap_or_else(|why| Err(format!("the voice could not be loaded, an internal error: {why}")));
        match loaded {
            Ok(selection) => Some(selection),
            Err(why) => {
                tracing::warn!("the voice was not loaded: {why}");
                // A running voice is kept; without one the state is failed.
                let delay_us = self.control.running_delay_us.load(Relaxed);
                self.control.voice_delay_us.store(delay_us, Relaxed);
                self.control.running.lock().refused();
                *self.status.message.lock() = Some(why.clone());
                *self.control.voice.lock() = match before {
                    ready @ VoiceState::Ready { .. } => ready,
                    _ => VoiceState::Failed { why },
                };
                None
            }
        }
    }

    fn load_and_send(&mut self, selection: &VoiceSelection) -> Result<VoiceSelection, String> {
        let began = Instant::now();
        let (control, status) = (&self.control, &self.status);
        let (selection, moved) = find_files(selection, control);
        let mut show = |progress, what: &str| {
            *control.voice.lock() = VoiceState::Loading {
                progress,
                what: what.to_string(),
            };
        };
        let voice = (self.load)(&selection, &mut show).map_err(|error| error.to_string())?;
        show(0.9, "trying it out");
        let stream = control.stream.lock().clone();
        let trial_began = Instant::now();
        let voice =
            try_out(voice, stream.as_ref(), &|| trial_began.elapsed()).map_err(|error| error.to_string())?;
        let mut notes = notes(&selection, &voice.targets);
        notes.extend(moved);
        notes.extend(voice.synthesizer.notes());
        let kind = voice.synthesizer.description();
        let encoder = loaded_encoder(&selection, voice.encoder.dim());
        tracing::info!("loaded \"{}\" in {:.1?} ({kind})", voice.name, began.elapsed());
        for note in &notes {
            tracing::warn!("{note}");
        }
        *status.message.lock() = None;
        *status.notes.lock() = notes;
        *control.encoder.lock() = encoder;
        control.running.lock().loaded(selection.clone());
        // Known before from the file's head, unless the file was moved.
        control.running_delay_us.store(voice.delay_us(), Relaxed);
        control.voice_delay_us.store(voice.delay_us(), Relaxed);
        let _ = self.worker.send(WorkerCommand::Swap(Box::new(voice)));
        Ok(selection)
    }

    /// Fills in sizes and checksums of a loaded voice's files, until `stop` says so.
    fn identify(&self, loaded: &VoiceSelection, stop: impl Fn() -> bool) {
        match caught(|| identify_files(loaded, &self.control, stop)) {
            Ok(notes) => self.status.notes.lock().extend(notes),
            Err(why) => tracing::error!("the files were not identified, an internal error: {why}"),
        }
    }
}

#[cfg(test)]
mod tests;
