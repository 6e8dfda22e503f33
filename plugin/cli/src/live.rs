//! `voxmeld-cli live`: controls the running program.

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;
use voxmeld_live::remote::{MuteSwitch, Reply, Request, ask, default_socket};
use voxmeld_live::session::LiveStatus;

#[derive(Args)]
pub struct Live {
    #[command(subcommand)]
    command: Command,
    /// Its socket, if it was started with another.
    #[arg(long, global = true, value_name = "PATH")]
    socket: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Set a parameter by its id, in its own unit (`hop 40`), or `ratio` (0 to 1), `pitch`, `probes`.
    Set {
        /// The parameter.
        parameter: String,
        /// Its value.
        #[arg(allow_negative_numbers = true)]
        value: String,
    },
    /// Choose a voice by name, or the next one.
    Voice {
        /// A name of `voxmeld-cli voices`, or `next`.
        name: String,
    },
    /// Let nothing pass, not even what is under way; or let it pass again.
    Mute {
        /// Which.
        #[arg(value_enum)]
        switch: Switch,
    },
    /// Show devices, latency, voice, parameters, levels and gaps.
    Status {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// End the program.
    Quit,
}

#[derive(Clone, Copy, ValueEnum)]
enum Switch {
    On,
    Off,
    Toggle,
}

impl From<Switch> for MuteSwitch {
    fn from(switch: Switch) -> Self {
        match switch {
            Switch::On => Self::On,
            Switch::Off => Self::Off,
            Switch::Toggle => Self::Toggle,
        }
    }
}

pub fn run(args: &Live, quiet: bool) -> Result<()> {
    let socket = args
        .socket
        .clone()
        .or_else(default_socket)
        .context("the folder for sockets is not known, because XDG_RUNTIME_DIR is not set: name the socket with --socket")?;
    let request = match &args.command {
        Command::Set { parameter, value } => Request::Set {
            parameter: parameter.clone(),
            value: value.clone(),
        },
        Command::Voice { name } => Request::Voice { name: name.clone() },
        Command::Mute { switch } => Request::Mute {
            switch: (*switch).into(),
        },
        Command::Status { .. } => Request::Status,
        Command::Quit => Request::Quit,
    };
    match ask(&socket, &request)? {
        Reply::Done(line) if quiet => drop(line),
        Reply::Done(line) => println!("{line}"),
        Reply::Refused(why) => bail!("{why}"),
        Reply::Status(status) => match &args.command {
            Command::Status { json: true } => println!("{}", serde_json::to_string_pretty(&status)?),
            _ => print(&status),
        },
    }
    Ok(())
}

fn print(status: &LiveStatus) {
    println!("{}", status.line());
    if let Some(problem) = &status.device_problem {
        println!("device:   {problem}");
    }
    for (name, value) in [
        ("input:   ", &status.input),
        ("output:  ", &status.output),
        ("monitor: ", &status.monitor),
        ("problem: ", &status.voice_problem),
    ] {
        if let Some(value) = value {
            println!("{name} {value}");
        }
    }
    for (id, value) in &status.parameters {
        println!("  {id:24} {value}");
    }
}
