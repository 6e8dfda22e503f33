//! Files of saved sessions: identified by size and checksum, and found again where they were moved; voices of the library.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use voxmeld_core::library;
use voxmeld_core::selection::{FileRef, IndexRef, VoiceSelection};
use voxmeld_core::status::VoiceState;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::energy;

/// The user's own folder of this program, in place of the real one.
pub fn use_own_folder() -> Result<&'static Path> {
    static OWN: OnceLock<Option<PathBuf>> = OnceLock::new();
    let own = OWN.get_or_init(|| {
        let own = env::scratch("voices own ü").ok()?;
        library::set_own_dir(&own);
        Some(own)
    });
    own.as_deref().context("a folder for the library")
}

fn data(folder: &str, name: &str) -> PathBuf {
    let data = env::workspace().join("tests").join("data");
    data.join(folder).join(name)
}

/// The selection to save, once the loader has read its files.
fn saved(rig: &Rig) -> Result<VoiceSelection> {
    let started = Instant::now();
    loop {
        let selection = rig.handle().selection();
        if selection
            .files()
            .all(|file| file.sha256.is_some() && file.len_bytes.is_some())
        {
            return Ok(selection);
        }
        ensure!(
            started.elapsed() < Duration::from_secs(60),
            "never identified: {selection:?}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn sounds(rig: &mut Rig) -> Result<bool> {
    let speech = Sound::read(&env::sample_speech()?)?
        .part(0.5, 1.5)
        .at_rate(48_000)?
        .samples;
    Ok(energy(&rig.play_mono(&speech, 480)) > 1.0)
}

#[test]
fn a_session_keeps_size_and_checksum_and_its_moved_and_renamed_files_are_found() -> Result<()> {
    env::use_data()?;
    let own = use_own_folder()?;
    let folder = env::scratch("moved files")?;
    let (voice, encoder) = (folder.join("Anna.pth"), folder.join("hubert.pt"));
    fs::copy(data("import", "v1_40k_nof0_f16.pth"), &voice)?;
    fs::copy(data("encoders", "hubert_base.pt"), &encoder)?;
    let chosen = VoiceSelection {
        encoder: Some(FileRef::at(&encoder)),
        synthesizer: Some(FileRef::at(&voice)),
        index: Some(IndexRef::None),
        ..VoiceSelection::default()
    };
    let session = {
        let rig = Rig::with_selection(offline_48k(), chosen.clone(), None)?;
        let session = saved(&rig)?;
        let file = session.synthesizer.as_ref().context("a voice")?;
        ensure!(file.len_bytes == Some(fs::metadata(&voice)?.len()));
        let sha256 = voxmeld_core::indexing::file_sha256(&voice)?;
        ensure!(file.sha256 == Some(sha256));
        // The same session again is the same voice.
        rig.handle().load(session.clone());
        ensure!(matches!(rig.handle().voice(), VoiceState::Ready { .. }));
        session
    };
    // The voice keeps its name, the encoder gets another one; a decoy has the voice's old name.
    let elsewhere = folder.join("elsewhere");
    fs::create_dir_all(elsewhere.join("deep"))?;
    let (new_voice, new_encoder) = (
        elsewhere.join("deep").join("Anna.pth"),
        elsewhere.join("renamed.pt"),
    );
    fs::rename(&voice, &new_voice)?;
    fs::rename(&encoder, &new_encoder)?;
    fs::copy(data("import", "v1_32k_f16.pth"), elsewhere.join("Anna.pth"))?;
    let rig = Rig::empty(offline_48k())?;
    rig.handle().load(session.clone());
    let VoiceState::Failed { why } = rig.wait_for_load() else {
        anyhow::bail!("found without a folder to look in");
    };
    ensure!(why.contains("is missing"), "{why}");
    drop(rig);

    library::add_search_folder(own, &elsewhere)?;
    let mut rig = Rig::with_selection(offline_48k(), session, None)?;
    ensure!(sounds(&mut rig)?, "silent");
    let now = saved(&rig)?;
    let paths: Vec<&Path> = now.files().map(|file| file.path.as_path()).collect();
    ensure!(paths == [new_encoder.as_path(), new_voice.as_path()], "{paths:?}");
    let notes = rig.handle().status().notes;
    ensure!(
        notes.iter().filter(|note| note.contains("was moved")).count() == 2,
        "{notes:?}"
    );
    // Asking for the old places again changes nothing.
    rig.handle().load(chosen);
    ensure!(matches!(rig.handle().voice(), VoiceState::Ready { .. }));
    Ok(())
}

#[test]
fn an_imported_voice_plays_from_the_library() -> Result<()> {
    env::use_data()?;
    let own = env::scratch("library")?;
    let imported = library::import(&[data("import", "v1_48k_f16_legacy.pth")], &own, Some("CC0"))?;
    let [voice] = &library::voices(&own)[..] else {
        anyhow::bail!("{imported:?}");
    };
    ensure!(voice.manifest.licence == "CC0");
    let before = VoiceSelection {
        encoder: Some(FileRef::at(data("encoders", "hubert_base.pt"))),
        ..VoiceSelection::default()
    };
    let mut rig = Rig::with_selection(offline_48k(), voice.selection(&before), None)?;
    ensure!(sounds(&mut rig)?, "silent");
    ensure!(voice.is_chosen(&rig.handle().selection()));
    Ok(())
}
