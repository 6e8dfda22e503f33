//! Stands for `voxmeld_core::worker::step`: streams and voices are reference-counted
//! values, so that the tests see whether the worker has dropped them.

use super::thread_primitives::{Receiver, Sender};
use loom::sync::Arc;
use std::time::Duration;

/// The engine's commands for starting and stopping.
pub enum WorkerCommand {
    /// Start this stream.
    Start(Arc<()>),
    /// Drop the stream, then send a confirmation.
    Stop(Sender<()>),
    /// Use this voice.
    Swap(Arc<()>),
    /// End the thread.
    Quit,
}

/// As in the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// There may be more work.
    Again,
    /// No work; wait.
    Wait(Duration),
    /// The thread is to end.
    Quit,
}

/// A worker that keeps its stream and its voice.
pub struct Worker {
    commands: Receiver<WorkerCommand>,
    stream: Option<Arc<()>>,
    voice: Option<Arc<()>>,
    hops: u32,
    confirms_stop_too_early: bool,
}

impl Worker {
    /// A worker without stream and voice.
    pub fn new(commands: Receiver<WorkerCommand>) -> Self {
        Self {
            commands,
            stream: None,
            voice: None,
            hops: 0,
            confirms_stop_too_early: false,
        }
    }

    /// A worker with a bug: it confirms a stop before it has dropped the stream.
    pub fn confirming_stop_too_early(commands: Receiver<WorkerCommand>) -> Self {
        Self {
            confirms_stop_too_early: true,
            ..Self::new(commands)
        }
    }

    /// The channel that the thread waits on.
    pub fn commands(&self) -> &Receiver<WorkerCommand> {
        &self.commands
    }

    /// Does nothing.
    pub fn publish_priority(&self, _sentence: &str) {}

    /// True with a stream.
    pub fn is_live(&self) -> bool {
        self.stream.is_some()
    }

    /// Executes all commands, then computes one hop if there is a stream and no hop so far.
    pub fn step(&mut self) -> NextStep {
        while let Some(command) = self.commands.try_recv() {
            if self.execute(command) == NextStep::Quit {
                return NextStep::Quit;
            }
        }
        if self.stream.is_some() && self.hops == 0 {
            self.hops += 1;
            return NextStep::Again;
        }
        NextStep::Wait(Duration::ZERO)
    }

    /// Executes one command.
    pub fn execute(&mut self, command: WorkerCommand) -> NextStep {
        match command {
            WorkerCommand::Start(stream) => self.stream = Some(stream),
            WorkerCommand::Stop(done) if self.confirms_stop_too_early => {
                let _ = done.send(());
                self.stream = None;
            }
            WorkerCommand::Stop(done) => {
                self.stream = None;
                let _ = done.send(());
            }
            WorkerCommand::Swap(voice) => self.voice = Some(voice),
            WorkerCommand::Quit => return NextStep::Quit,
        }
        NextStep::Again
    }
}
