//! The manual pages, from what the programs themselves say.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::build::{Binaries, CLI, LIVE};
use super::release::Release;
use crate::{files, process};

pub fn write(binaries: &Binaries, release: &Release, folder: &Path) -> Result<()> {
    files::create_dir(folder)?;
    let save = |name: &str, page: String| {
        let path = folder.join(name).with_extension("1");
        fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))
    };
    // Without an environment: no colours, and the same width everywhere.
    let said = |program: &Path, what| process::capture(Command::new(program).arg(what).env_clear());
    save(CLI, said(&binaries.cli, "man")?)?;
    save(LIVE, of_help(release, &said(&binaries.live, "--help")?))
}

/// The page of a program that only prints its options.
fn of_help(release: &Release, help: &str) -> String {
    let mut page = format!(
        ".TH VOXMELD 1 \"\" \"Voxmeld {}\" \"User Commands\"\n.SH NAME\nvoxmeld \\- voice conversion from microphone to \
         output\n.SH DESCRIPTION\n.nf\n",
        release.version
    );
    for line in help.trim_end().lines() {
        // roff reads backslashes, and dots and quotes at the start of a line.
        if line.starts_with(['.', '\'']) {
            page.push_str("\\&");
        }
        page.push_str(&line.replace('\\', "\\e").replace('-', "\\-"));
        page.push('\n');
    }
    page.push_str(".fi\n");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_roff_would_read_are_printed_as_they_are() {
        let release = Release {
            version: "1".into(),
            time: 0,
        };
        let page = of_help(&release, ".hidden\nC:\\voices --all\n");
        assert!(
            page.ends_with(".nf\n\\&.hidden\nC:\\evoices \\-\\-all\n.fi\n"),
            "{page}"
        );
    }
}
