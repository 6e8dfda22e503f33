//! Stands for `voxmeld_core::worker::step`: streams and voices are counted things.

use super::thread_primitives::{Receiver, Sender};
use loom::sync::Arc;
use std::time::Duration;

/// As the engine's, as far as beginnings and ends go.
pub enum WorkerCommand {
    /// Serve this stream.
    Start(Arc<()>),
    /// Let go of it; answer when that is done.
    Stop(Sender<()>),
    /// Use this voice.
    Swap(Arc<()>),
    /// End the thread.
    Quit,
}

/// As the engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    /// There may be more to do.
    Again,
    /// Nothing to do; wait.
    Wait(Duration),
    /// The thread is to end.
    Quit,
}

/// A worker that holds what it was given.
pub struct Worker {
    commands: Receiver<WorkerCommand>,
    stream: Option<Arc<()>>,
    voice: Option<Arc<()>>,
    hops: u32,
    hasty: bool,
}

impl Worker {
    /// At rest.
    pub fn new(commands: Receiver<WorkerCommand>) -> Self {
        Self {
            commands,
            stream: None,
            voice: None,
            hops: 0,
            hasty: false,
        }
    }

    /// One with a mistake: it answers before it has let go.
    pub fn hasty(commands: Receiver<WorkerCommand>) -> Self {
        Self {
            hasty: true,
            ..Self::new(commands)
        }
    }

    /// What the thread waits on.
    pub fn commands(&self) -> &Receiver<WorkerCommand> {
        &self.commands
    }

    /// Commands, then a hop, if there is a stream that has had none.
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

    /// One command.
    pub fn execute(&mut self, command: WorkerCommand) -> NextStep {
        match command {
            WorkerCommand::Start(stream) => self.stream = Some(stream),
            WorkerCommand::Stop(done) if self.hasty => {
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
