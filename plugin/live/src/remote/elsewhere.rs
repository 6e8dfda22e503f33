//! Systems without local sockets of files: there is no control from other programs.

use super::{Reply, Request};
use std::path::Path;
use std::time::Duration;

/// There is none.
#[derive(Debug, thiserror::Error)]
#[error("voxmeld cannot be controlled from other programs on this system yet")]
pub struct ServerError;

/// There is none.
pub type ClientError = ServerError;

/// A request; never made here.
pub struct Pending {
    /// What is asked.
    pub request: Request,
}

impl Pending {
    /// Answers.
    pub fn reply(self, _: Reply) {}
}

/// Never open.
pub struct Server;

impl Server {
    /// Refused.
    ///
    /// # Errors
    /// Always.
    pub fn open(_: &Path) -> Result<Self, ServerError> {
        Err(ServerError)
    }

    /// None.
    #[must_use]
    pub fn next(&self, timeout: Duration) -> Option<Pending> {
        std::thread::sleep(timeout);
        None
    }
}

/// Refused.
///
/// # Errors
/// Always.
pub fn ask(_: &Path, _: &Request) -> Result<Reply, ClientError> {
    Err(ServerError)
}
