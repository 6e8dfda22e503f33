//! The log file of the built plugin. `VOXMELD_LOG` names it and is read once, so each case needs a process of its own.

use anyhow::{Context, Result, ensure};
use voxmeld_core::selection::{FileRef, IndexRef};
use voxmeld_tests::child::{self, Child};
use voxmeld_tests::env;
use voxmeld_tests::host::{Host, Pace, Sizes};

#[test]
#[ignore = "run by other tests in child processes"]
fn child() -> Result<()> {
    match child::case().as_str() {
        "missing index" => load_missing_index(),
        _ => Ok(()),
    }
}

fn load_missing_index() -> Result<()> {
    let host = Host::load_bundle()?;
    let mut instance = host.instance()?;
    let saved = instance.save()?;
    // A CLAP state of nice-plug is JSON after its length in eight bytes.
    let mut state: serde_json::Value =
        serde_json::from_slice(saved.get(8..).context("the state is too short")?)?;
    let text = state["fields"]["voice"]
        .as_str()
        .context("no voice in the state")?;
    let mut voice: serde_json::Value = serde_json::from_str(text)?;
    let index = IndexRef::File(FileRef::at("/nowhere/singer.index"));
    voice["selection"]["index"] = serde_json::to_value(Some(index))?;
    state["fields"]["voice"] = voice.to_string().into();
    let json = serde_json::to_vec(&state)?;
    instance.restore(&[&(json.len() as u64).to_le_bytes()[..], &json].concat())?;
    // Offline a block waits until the load has ended, with or without success.
    instance.set_offline(true)?;
    instance.activate(48_000.0, 480)?;
    let silence = vec![vec![0.0; 48_000]; 2];
    instance.play(&silence, &Sizes::all(480), &[], Pace::Free, 48_000.0)?;
    Ok(())
}

#[test]
fn failed_load_writes_a_warning_to_the_file_that_voxmeld_log_names() -> Result<()> {
    let file = env::scratch("log")?.join("voxmeld.log");
    Child::new(module_path!(), "missing index")?
        .env("VOXMELD_LOG", &file)
        .expect_success()?;
    let log = std::fs::read_to_string(&file).context("no log was written")?;
    let failed = log.lines().find(|line| line.contains("the voice was not loaded"));
    let failed = failed.with_context(|| format!("no such line in:\n{log}"))?;
    ensure!(
        failed.contains("WARN") && failed.contains("singer.index"),
        "{failed}"
    );
    ensure!(log.contains("activated: 48000 Hz"), "{log}");
    Ok(())
}
