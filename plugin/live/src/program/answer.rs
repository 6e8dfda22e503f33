//! Answers requests of other programs.

use crate::remote::{MuteSwitch, Reply, Request};
use crate::session::Live;

/// Does what is asked; true if the program shall end.
pub fn answer(live: &mut Live, request: &Request) -> (Reply, bool) {
    let reply = match request {
        Request::Set { parameter, value } => match live.set(parameter, value) {
            Ok(shown) => Reply::Done(format!("{parameter}: {shown}")),
            Err(error) => Reply::Refused(error.to_string()),
        },
        Request::Voice { name } => match live.choose_voice(name) {
            Ok(shown) => Reply::Done(shown),
            Err(error) => Reply::Refused(error.to_string()),
        },
        Request::Mute { switch } => {
            let muted = match switch {
                MuteSwitch::On => true,
                MuteSwitch::Off => false,
                MuteSwitch::Toggle => !live.muted(),
            };
            live.set_muted(muted);
            Reply::Done(if muted { "muted" } else { "not muted" }.into())
        }
        Request::Status => Reply::Status(Box::new(live.status())),
        Request::Quit => return (Reply::Done("ending".into()), true),
    };
    (reply, false)
}
