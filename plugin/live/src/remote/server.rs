//! Listens on the socket. Requests go to the main thread, which answers between two of its turns.

use super::{Reply, Request};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest request in bytes.
const MAX_LINE: u64 = 64 * 1024;
/// Connections that may wait at a time; more are refused.
const WAITING: usize = 32;

/// Why no socket is open.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// There already is one.
    #[error("another voxmeld is running (it answers at {}): end it, or start this one with --socket PATH", path.display())]
    Running {
        /// Its socket.
        path: PathBuf,
    },
    /// The path cannot be used.
    #[error("the socket {} cannot be made ({why}): name another with --socket PATH", path.display())]
    Path {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// A request and where its answer goes.
pub struct Pending {
    /// What is asked.
    pub request: Request,
    answer: Sender<Reply>,
}

impl Pending {
    /// Answers.
    pub fn reply(self, reply: Reply) {
        // Whoever asked may be gone.
        let _ = self.answer.send(reply);
    }
}

/// An open socket; dropping it removes it.
pub struct Server {
    path: PathBuf,
    requests: Receiver<Pending>,
}

impl Server {
    /// Opens the socket. One that a program left behind when it was killed is replaced.
    ///
    /// # Errors
    /// Another program answers there, or the path cannot be used.
    pub fn open(path: &Path) -> Result<Self, ServerError> {
        if UnixStream::connect(path).is_ok() {
            return Err(ServerError::Running { path: path.into() });
        }
        let fail = |error: std::io::Error| ServerError::Path {
            path: path.into(),
            why: error.to_string(),
        };
        if is_socket(path) {
            std::fs::remove_file(path).map_err(fail)?;
        }
        let listener = UnixListener::bind(path).map_err(fail)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(fail)?;
        let (send, requests) = bounded(WAITING);
        std::thread::Builder::new()
            .name("voxmeld-socket".into())
            .spawn(move || accept(&listener, &send))
            .map_err(fail)?;
        Ok(Self {
            path: path.into(),
            requests,
        })
    }

    /// The socket's path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The next request, after at most `timeout`.
    #[must_use]
    pub fn next(&self, timeout: Duration) -> Option<Pending> {
        self.requests.recv_timeout(timeout).ok()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket())
}

fn accept(listener: &UnixListener, send: &Sender<Pending>) {
    for stream in listener.incoming().flatten() {
        let send = send.clone();
        let served = std::thread::Builder::new()
            .name("voxmeld-client".into())
            .spawn(move || serve(&stream, &send));
        if served.is_err() {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// Answers the lines of one connection until it ends.
fn serve(stream: &UnixStream, send: &Sender<Pending>) {
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = String::new();
        match (&mut lines).take(MAX_LINE).read_line(&mut line) {
            Ok(1..) => {}
            _ => return,
        }
        let reply = match serde_json::from_str::<Request>(&line) {
            Ok(request) => {
                let (answer, wait) = bounded(1);
                if send.try_send(Pending { request, answer }).is_err() {
                    Reply::Refused("too many requests at a time".into())
                } else {
                    let ended = || Reply::Refused("voxmeld is ending".into());
                    wait.recv().unwrap_or_else(|_| ended())
                }
            }
            Err(error) => Reply::Refused(format!("the request is not understood: {error}")),
        };
        let Ok(text) = serde_json::to_string(&reply) else {
            return;
        };
        let mut stream = stream;
        if stream.write_all(format!("{text}\n").as_bytes()).is_err() {
            return;
        }
    }
}
