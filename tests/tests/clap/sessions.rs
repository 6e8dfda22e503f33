//! Sessions that earlier versions saved load in the built plugin.

use anyhow::{Result, ensure};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::host::{Host, Pace, Sizes};
use voxmeld_tests::sessions::{self, Contents};
use voxmeld_tests::signal::energy;

#[test]
fn every_kept_session_loads_and_is_saved_with_the_same_values() -> Result<()> {
    let host = Host::load_bundle()?;
    for (path, state) in sessions::kept("clap-state")? {
        let mut instance = host.instance()?;
        instance.restore(&state)?;
        let (loaded, kept) = (Contents::read(&instance.save()?)?, Contents::read(&state)?);
        ensure!(
            loaded.include(&kept),
            "{}: {loaded:#?} instead of {kept:#?}",
            path.display()
        );
    }
    Ok(())
}

#[test]
fn kept_sessions_with_two_scenes_sound() -> Result<()> {
    let host = Host::load_bundle()?;
    let speech = Sound::read(&env::sample_speech()?)?
        .part(0.0, 2.0)
        .at_rate(48_000)?;
    let mut renders: Vec<Vec<Vec<f32>>> = Vec::new();
    for (path, state) in sessions::kept("clap-state")? {
        if !path.to_string_lossy().contains("two-scenes") {
            continue;
        }
        let mut instance = host.instance()?;
        instance.restore(&state)?;
        instance.set_offline(true)?;
        instance.activate(48_000.0, 480)?;
        let input = vec![speech.samples.clone(); 2];
        let output = instance.play(&input, &Sizes::all(480), &[], Pace::Free, 48_000.0)?;
        ensure!(energy(&output[0]) > 1.0, "{} is silent", path.display());
        ensure!(
            renders.iter().all(|before| *before == output),
            "{} sounds otherwise",
            path.display()
        );
        renders.push(output);
    }
    Ok(())
}
