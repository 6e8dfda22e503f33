//! A CLAP host that calls the C functions of the ABI directly. It can do what clack's types rule out: above all it
//! calls the plugin from inside the plugin's own calls into the host.
//!
//! One thread plays both of CLAP's thread roles, as the standard allows. Calls that arrive on other threads (the
//! editor's window has one) are counted; callbacks that they request run in
//! [`RawClapHost::run_main_thread_callbacks`].

mod callbacks;
mod editor;
mod events;
mod host;
mod plugin;
mod raw;
mod session;
mod state;

pub use host::RawClapHost;
pub use plugin::RawPlugin;
pub use state::HostCall;
