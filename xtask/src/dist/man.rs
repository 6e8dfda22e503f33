//! The manual page of the command line, from what the program itself prints about its commands.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::release::Release;
use crate::{files, process};

pub fn write(cli: &Path, release: &Release, page: &Path) -> Result<()> {
    let help = |arguments: &[&str]| {
        process::capture(
            Command::new(cli)
                .args(arguments)
                .arg("--help")
                // No colours, and the same width everywhere.
                .env_clear(),
        )
    };
    let whole = help(&[])?;
    let mut text = format!(
        ".TH VOXMELD-CLI 1 \"\" \"Voxmeld {}\" \"User Commands\"\n.SH NAME\nvoxmeld-cli \\- convert voices in \
         recordings, build and examine indices\n.SH DESCRIPTION\n",
        release.version
    );
    verbatim(&mut text, &whole);
    for name in commands(&whole) {
        writeln!(text, ".SH {}", name.to_uppercase())?;
        verbatim(&mut text, &help(&[name])?);
    }
    text += ".SH SEE ALSO\nMANUAL.md of the sources describes files, errors and folders.\n";
    files::create_dir(page.parent().context("a page has a folder")?)?;
    fs::write(page, text).with_context(|| format!("cannot write {}", page.display()))
}

/// The names in the section "Commands:", indented by two blanks.
fn commands(help: &str) -> Vec<&str> {
    let after = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    after
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect()
}

/// As printed; roff reads backslashes, and dots and quotes at the start of a line.
fn verbatim(page: &mut String, text: &str) {
    page.push_str(".nf\n");
    for line in text.trim_end().lines() {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        if line.starts_with(['.', '\'']) {
            page.push_str("\\&");
        }
        page.push_str(&line);
        page.push('\n');
    }
    page.push_str(".fi\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_a_help_text_are_listed_without_help_itself() {
        let help = "Does things\n\nUsage: x <COMMAND>\n\nCommands:\n  convert  Converts\n           a file\n  \
                    index    Builds\n  help     Print this\n\nOptions:\n  -h  Help\n";
        assert_eq!(commands(help), ["convert", "index"]);
    }

    #[test]
    fn lines_that_roff_would_read_are_printed_as_they_are() {
        let mut page = String::new();
        verbatim(&mut page, ".hidden\nC:\\voices --all\n");
        assert_eq!(page, ".nf\n\\&.hidden\nC:\\evoices \\-\\-all\n.fi\n");
    }
}
