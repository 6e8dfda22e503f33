//! The loader's thread.

use super::files::{find_files, identify_files};
use super::notes::notes;
use super::parts::loaded_encoder;
use super::voice::load_voice;
use crate::control_state::{ControlState, VoiceState};
use crate::model::Voice;
use crate::selection::VoiceSelection;
use crate::status::StatusCells;
use crate::worker::WorkerCommand;
use crossbeam_channel::{Receiver, Sender, select};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

/// A command to the loader.
pub enum LoaderCommand {
    /// Load this; of several waiting requests only the newest is served.
    Load(Box<VoiceSelection>),
    /// End the thread.
    Quit,
}

/// A running loader thread; dropping it ends and joins the thread.
pub struct LoaderThread {
    commands: Sender<LoaderCommand>,
    handle: Option<JoinHandle<()>>,
}

impl LoaderThread {
    /// Starts the thread. It also frees the voices that it receives from `discarded`.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub fn spawn(
        commands: (Sender<LoaderCommand>, Receiver<LoaderCommand>),
        discarded: Receiver<Box<Voice>>,
        worker: Sender<WorkerCommand>,
        control: Arc<ControlState>,
        status: Arc<StatusCells>,
    ) -> std::io::Result<Self> {
        let (commands, requests) = commands;
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
                            drop(voice);
                            continue;
                        }
                        // The worker has ended.
                        Err(_) => return,
                    },
                };
                let mut loaded = None;
                control.loads.deliver(|| {
                    // Skipped if a newer request (or Quit) is waiting.
                    if requests.is_empty() {
                        loaded = serve(&selection, &worker, &control, &status);
                    }
                });
                // Done last, because reading 400 MB takes a second and nothing depends on it.
                if let Some(loaded) = loaded {
                    let notes = identify_files(&loaded, &control, || !requests.is_empty());
                    status.notes.lock().extend(notes);
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

/// Loads a voice and publishes the result. Returns the loaded selection, with the new paths
/// of moved files.
fn serve(
    selection: &VoiceSelection,
    worker: &Sender<WorkerCommand>,
    control: &ControlState,
    status: &StatusCells,
) -> Option<VoiceSelection> {
    if selection.is_nothing() {
        *control.encoder.lock() = None;
        control.running.lock().unloaded();
        let _ = worker.send(WorkerCommand::Unload);
        return None;
    }
    let before = control.voice.lock().clone();
    let began = Instant::now();
    tracing::info!("loading a voice: {selection:?}");
    let (selection, moved) = find_files(selection, control);
    let selection = &selection;
    let loaded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        load_voice(selection, |progress, what| {
            *control.voice.lock() = VoiceState::Loading {
                progress,
                what: what.to_string(),
            };
        })
        .map_err(|error| error.to_string())
    }))
    .unwrap_or_else(|_| Err("the voice could not be loaded: an internal error".to_string()));
    match loaded {
        Ok(voice) => {
            let mut notes = notes(selection, &voice.targets);
            notes.extend(moved);
            notes.extend(voice.synthesizer.notes());
            let kind = voice.synthesizer.description();
            tracing::info!("loaded \"{}\" in {:.1?} ({kind})", voice.name, began.elapsed());
            for note in &notes {
                tracing::warn!("{note}");
            }
            *status.message.lock() = None;
            *status.notes.lock() = notes;
            *control.encoder.lock() = loaded_encoder(selection, voice.encoder.dim());
            control.running.lock().loaded(selection.clone());
            let _ = worker.send(WorkerCommand::Swap(Box::new(voice)));
            Some(selection.clone())
        }
        Err(why) => {
            tracing::warn!("the voice was not loaded: {why}");
            // A running voice is kept; without one the state is failed.
            control.running.lock().refused();
            *status.message.lock() = Some(why.clone());
            *control.voice.lock() = match before {
                ready @ VoiceState::Ready { .. } => ready,
                _ => VoiceState::Failed { why },
            };
            None
        }
    }
}
