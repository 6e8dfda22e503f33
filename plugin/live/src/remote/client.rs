//! Asks a running program.

use super::{Reply, Request};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest time to wait for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error("no voxmeld is running (nothing answers at {}): start `voxmeld`, or name its socket with --socket", path.display())]
    NotRunning {
        /// The socket.
        path: PathBuf,
    },
    /// It does not answer.
    #[error("the running voxmeld does not answer ({why}): end it and start it again")]
    NoAnswer {
        /// What happened.
        why: String,
    },
}

/// Sends a request and waits for its answer.
///
/// # Errors
/// If no program answers.
pub fn ask(path: &Path, request: &Request) -> Result<Reply, ClientError> {
    let no_answer = |why: String| ClientError::NoAnswer { why };
    let stream = UnixStream::connect(path).map_err(|_| ClientError::NotRunning { path: path.into() })?;
    let io = |error: std::io::Error| no_answer(error.to_string());
    stream.set_read_timeout(Some(PATIENCE)).map_err(io)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(io)?;
    let line = serde_json::to_string(request).map_err(|error| no_answer(error.to_string()))?;
    (&stream).write_all(format!("{line}\n").as_bytes()).map_err(io)?;
    let mut answer = String::new();
    BufReader::new(&stream).read_line(&mut answer).map_err(io)?;
    serde_json::from_str(&answer).map_err(|error| no_answer(error.to_string()))
}
