//! `voxmeld-cli import` and `voxmeld-cli voices`: the voices of the library.

use anyhow::Result;
use clap::Args;
use std::path::{Path, PathBuf};
use voxmeld_core::library::{self, LibraryVoice};

use crate::data::DataDir;

#[derive(Args)]
pub struct Voices {
    #[command(flatten)]
    data: DataDir,
    #[command(flatten)]
    own: Own,
}

#[derive(Args)]
pub struct Import {
    /// Voices, indices, archives of both, encoders, pictures.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Licence of the voices, as their authors say it.
    #[arg(long)]
    licence: Option<String>,
    #[command(flatten)]
    own: Own,
}

#[derive(Args)]
struct Own {
    /// Folder of the library; the user's own data folder if none is given.
    #[arg(long, env = "VOXMELD_OWN")]
    library: Option<PathBuf>,
}

impl Own {
    fn dir(&self) -> PathBuf {
        self.library.clone().unwrap_or_else(library::own_dir)
    }
}

/// Without a data folder only the library is listed.
pub fn list(args: &Voices) -> Result<()> {
    if args.data.set_if_found()? {
        for pack in voxmeld_core::pack::installed_packs() {
            println!("{}: {}", pack.id, pack.name);
            for index in &pack.indices {
                println!("  {:12} {}", index.name, index.label);
            }
        }
    }
    let own = args.own.dir();
    for voice in library::voices(&own) {
        print(&voice, &own);
    }
    Ok(())
}

pub fn import(args: &Import) -> Result<()> {
    let own = args.own.dir();
    let imported = library::import(&args.files, &own, args.licence.as_deref())?;
    for voice in &imported.voices {
        print(voice, &own);
    }
    for encoder in &imported.encoders {
        println!("encoder {}", encoder.display());
    }
    for line in &imported.left_out {
        eprintln!("note: {line}");
    }
    Ok(())
}

/// The voice of the library that a name means, if it is no file's.
pub fn find(name: &Path) -> Option<LibraryVoice> {
    if name.is_file() {
        return None;
    }
    let name = name.to_str()?;
    let mut voices = library::voices(&library::own_dir()).into_iter();
    voices.find(|voice| voice.manifest.name.eq_ignore_ascii_case(name))
}

fn print(voice: &LibraryVoice, own: &Path) {
    let manifest = &voice.manifest;
    let mut facts = Vec::new();
    facts.extend(manifest.rate_hz.map(|rate_hz| format!("{rate_hz} Hz")));
    facts.extend(manifest.embedding.map(|dim| format!("{dim} values")));
    facts.extend((manifest.f0 == Some(false)).then(|| "without pitch".to_string()));
    facts.extend(
        manifest
            .speakers
            .filter(|&speakers| speakers > 1)
            .map(|speakers| format!("{speakers} speakers")),
    );
    facts.push(
        if manifest.index.is_some() {
            "with index"
        } else {
            "no index"
        }
        .to_string(),
    );
    facts.push(format!("licence {}", manifest.licence));
    println!("{}: {}", manifest.name, facts.join(", "));
    println!("  {}", voice.folder.display());
    if let Some(missing) = library::missing_encoder(voice, own) {
        println!("  {missing}");
    }
}
