//! What trust makes of sounds: speech, breath, laughter, and whatever is named.
//!
//!     cargo run --release -p voxmeld-tests --example trust -- laugh.ogg dog.wav
//!
//! For each the mean factor on the ratio at full trust is printed, as the default
//! pack's first target has it (`cargo xtask bundle` first).

use anyhow::Result;
use voxmeld_core::model::Voice;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::embeddings::{Trusted, at_16k, embed, pack_voice, sounding};
use voxmeld_tests::{env, foreign, say};

fn tell(voice: &mut Voice, what: &str, audio_16k: &[f32]) -> Result<()> {
    let live = embed(voice, audio_16k)?;
    let heard = sounding(audio_16k, &live);
    say(format!("{what:24} {}", Trusted::of(&voice.targets[0], &heard)));
    Ok(())
}

fn main() -> Result<()> {
    let mut voice = pack_voice()?;
    let speech = Sound::read(&env::sample_speech()?)?.part(0.0, 8.0);
    tell(&mut voice, "speech of a stranger", &at_16k(&speech)?)?;
    tell(&mut voice, "breath (made)", &foreign::breath())?;
    tell(&mut voice, "laugh (made)", &foreign::laugh())?;
    tell(&mut voice, "sine of 2 kHz", &foreign::whistle())?;
    for path in std::env::args_os().skip(1).map(std::path::PathBuf::from) {
        let audio = at_16k(&Sound::read(&path)?)?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        match tell(&mut voice, &name, &audio) {
            Ok(()) => {}
            Err(error) => say(format!("{name:24} {error}")),
        }
    }
    Ok(())
}
