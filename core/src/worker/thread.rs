//! The worker's thread.

use super::step::{NextStep, Worker, WorkerCommand};
use super::thread_primitives::{JoinHandle, RecvTimeoutError, Sender, ThreadPriority, spawn};
use crate::denormals::flush_denormals;

/// A running worker thread; dropping it ends and joins the thread.
pub struct WorkerThread {
    commands: Sender<WorkerCommand>,
    handle: Option<JoinHandle<()>>,
}

impl WorkerThread {
    /// Starts the thread. `commands` is the sender of the worker's channel.
    ///
    /// # Errors
    /// If the system cannot start a thread.
    pub fn spawn(mut worker: Worker, commands: Sender<WorkerCommand>) -> std::io::Result<Self> {
        let run = move || {
            flush_denormals();
            let mut priority = ThreadPriority::request();
            worker.publish_priority(priority.sentence());
            loop {
                let next = worker.step();
                priority.after_turn(worker.is_live(), matches!(next, NextStep::Wait(_)));
                match next {
                    NextStep::Again => {}
                    NextStep::Quit => return,
                    NextStep::Wait(pause) => match worker.commands().recv_timeout(pause) {
                        Ok(command) => {
                            if worker.execute(command) == NextStep::Quit {
                                return;
                            }
                        }
                        Err(RecvTimeoutError::Timeout) => {}
                        Err(RecvTimeoutError::Disconnected) => return,
                    },
                }
            }
        };
        let handle = spawn("voxmeld worker", run)?;
        Ok(Self {
            commands,
            handle: Some(handle),
        })
    }
}

impl Drop for WorkerThread {
    fn drop(&mut self) {
        let _ = self.commands.send(WorkerCommand::Quit);
        if let Some(handle) = self.handle.take() {
            let _ = handle.join();
        }
    }
}
