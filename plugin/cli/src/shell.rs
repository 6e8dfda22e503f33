//! Completions and the man page.

use anyhow::Result;
use clap::{Args, Command};
use clap_complete::Shell;
use std::io::Write;

#[derive(Args)]
pub struct Completions {
    /// For which shell.
    shell: Shell,
}

pub fn completions(args: &Completions, command: &mut Command) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "voxmeld-cli", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(())
}

pub fn man(command: &Command) -> Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    // The options of each command, as sections of the same page.
    for sub in command.get_subcommands() {
        let name = format!("voxmeld-cli {}", sub.get_name());
        writeln!(page, ".SH {}", name.to_uppercase().replace('-', "\\-"))?;
        let sub = clap_mangen::Man::new(sub.clone().bin_name(name));
        sub.render_description_section(&mut page)?;
        sub.render_options_section(&mut page)?;
    }
    std::io::stdout().write_all(&page)?;
    Ok(())
}
