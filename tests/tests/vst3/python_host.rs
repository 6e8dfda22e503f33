//! The built VST3 plugin in a JUCE host: `tests/python/vst3_host.py`, one scenario per process,
//! so that scenarios do not affect each other.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use voxmeld_tests::audio::{Sound, write_wav};
use voxmeld_tests::env;

/// The speech in the format that the script expects, written by the first test that needs it.
fn speech() -> Result<PathBuf> {
    static SPEECH: OnceLock<PathBuf> = OnceLock::new();
    if let Some(path) = SPEECH.get() {
        return Ok(path.clone());
    }
    let sound = Sound::read(&env::sample_speech()?)?
        .part(0.0, 4.0)
        .at_rate(48_000)?;
    let dir = env::target().join("test-scratch");
    fs::create_dir_all(&dir)?;
    // Tests run in parallel: each writes its own file and then renames it.
    let own = dir.join(format!("vst3_speech_{:?}.wav", std::thread::current().id()));
    write_wav(&own, sound.rate_hz, &[sound.samples])?;
    let path = dir.join("vst3_speech.wav");
    fs::rename(&own, &path)?;
    Ok(SPEECH.get_or_init(|| path).clone())
}

fn run(scenario: &str, plugin: &Path, own_data: bool) -> Result<()> {
    let script = env::workspace().join("tests").join("python").join("vst3_host.py");
    ensure!(
        plugin.is_dir(),
        "{} is missing: run `cargo xtask bundle` first",
        plugin.display()
    );
    let mut command = Command::new(env::python()?);
    command
        .arg("-X")
        .arg("utf8")
        .arg(script)
        .arg(scenario)
        .arg(plugin)
        .arg(speech()?);
    if own_data {
        // The plugin has to find the data in its bundle without the variable.
        command.env_remove("VOXMELD_DATA");
    }
    let output = command.output().context("Python could not be started")?;
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success() && stdout.trim_end().ends_with("passed"),
        "{scenario}: {}\n{stdout}\n{stderr}",
        output.status
    );
    Ok(())
}

fn scenario(name: &str) -> Result<()> {
    run(name, &env::bundle()?.join("voxmeld.vst3"), true)
}

#[test]
fn plugin_loaded_three_times_gives_equal_output() -> Result<()> {
    scenario("lifecycle")
}

#[test]
fn dry_and_bypass_equal_the_input() -> Result<()> {
    scenario("dry")
}

#[test]
fn ratio_changed_between_blocks_takes_effect_from_there_on() -> Result<()> {
    scenario("automation")
}

#[test]
fn saved_state_restores_parameters_and_sound() -> Result<()> {
    scenario("state")
}

#[test]
fn three_instances_at_once_give_the_output_of_each_alone() -> Result<()> {
    scenario("instances")
}

#[test]
fn blocks_of_1_to_4096_give_equal_output_twice() -> Result<()> {
    scenario("blocks")
}

#[test]
fn mono_track_gives_sound() -> Result<()> {
    scenario("mono")
}

#[test]
fn bundle_in_a_folder_with_spaces_and_unicode_loads() -> Result<()> {
    let dir = env::scratch("vst3 Bündel für Ωtto 声")?;
    let plugin = dir.join("voxmeld.vst3");
    link_tree(&env::bundle()?.join("voxmeld.vst3"), &plugin)?;
    run("lifecycle", &plugin, true)?;
    fs::remove_dir_all(&dir)?;
    Ok(())
}

/// Copies a folder, with hard links because the files are large.
fn link_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            link_tree(&entry.path(), &target)?;
        } else if fs::hard_link(entry.path(), &target).is_err() {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
