//! Control from other programs: one JSON object a line over a local socket, which only the same user can open.

#[cfg(unix)]
mod client;
#[cfg(not(unix))]
mod elsewhere;
mod message;
#[cfg(unix)]
mod server;
#[cfg(all(test, unix))]
mod tests;

#[cfg(unix)]
pub use client::{ClientError, ask};
#[cfg(not(unix))]
pub use elsewhere::{ClientError, Pending, Server, ServerError, ask};
pub use message::{MuteSwitch, Reply, Request};
#[cfg(unix)]
pub use server::{Pending, Server, ServerError};

use std::path::PathBuf;

/// Environment variable with the socket's path.
pub const SOCKET_VARIABLE: &str = "VOXMELD_SOCKET";

/// Where the socket is unless another path is given: in the user's own folder for such things. `None` where the
/// system has none.
#[must_use]
pub fn default_socket() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(SOCKET_VARIABLE).filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    let folder = std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty())?;
    Some(PathBuf::from(folder).join("voxmeld.sock"))
}
