//! Trust and confidence for recordings: speech, breath, laughter, and files of the command line.
//!
//!     cargo run --release -p voxmeld-tests --example trust -- laugh.ogg dog.wav
//!
//! Prints statistics for the first target of the default pack, among them the mean factor on the ratio at full trust.
//! Needs the bundle (`cargo xtask bundle`).

use anyhow::Result;
use voxmeld_core::model::Voice;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::embeddings::{TrustStats, at_16k, default_voice, embed, non_silent_frames};
use voxmeld_tests::{env, non_speech, say};

fn print_stats(voice: &mut Voice, what: &str, audio_16k: &[f32]) -> Result<()> {
    let live = embed(voice, audio_16k)?;
    let frames = non_silent_frames(audio_16k, &live);
    say(format!(
        "{what:24} {}",
        TrustStats::of(&voice.targets[0], &frames)
    ));
    Ok(())
}

fn main() -> Result<()> {
    let mut voice = default_voice()?;
    let speech = Sound::read(&env::sample_speech()?)?.part(0.0, 8.0);
    print_stats(&mut voice, "speech (unseen speaker)", &at_16k(&speech)?)?;
    print_stats(&mut voice, "breath (synthetic)", &non_speech::breath())?;
    print_stats(&mut voice, "laugh (synthetic)", &non_speech::laugh())?;
    print_stats(&mut voice, "sine of 2 kHz", &non_speech::sine_2_khz())?;
    for path in std::env::args_os().skip(1).map(std::path::PathBuf::from) {
        let audio = at_16k(&Sound::read(&path)?)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        match print_stats(&mut voice, &name, &audio) {
            Ok(()) => {}
            Err(error) => say(format!("{name:24} {error}")),
        }
    }
    Ok(())
}
