//! The demo: speech through the built plugin in real time, the blend ratio automated
//! 0 -> 1 -> 0, and a report about the output.
//!
//! The plugin runs in a host. What a host cannot measure (stage times, neighbour
//! distances, the exact latency of the voice) is measured on the same engine linked
//! into this program, with the same audio and automation. The report says whether both
//! give equal samples.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_lossless,
    reason = "works on seconds of audio: no count comes near a limit"
)]

mod chart;
mod driver;
mod passes;
mod report;

use anyhow::{Context, Result, bail};
use driver::RATE_HZ;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;
use voxmeld_tests::audio::{Sound, write_wav};
use voxmeld_tests::{env, say};

/// At most this much of the speech is played.
const LONGEST_S: f64 = 15.0;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// `--bundle DIR --out DIR`, both optional.
fn arguments() -> Result<(PathBuf, PathBuf)> {
    let (mut bundle, mut out) = (None, None);
    let mut words = std::env::args_os().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().map(PathBuf::from);
        match word.to_str() {
            Some("--bundle") => bundle = value,
            Some("--out") => out = value,
            _ => bail!(
                "unknown argument {}: voxmeld-demo [--bundle DIR] [--out DIR]",
                word.display()
            ),
        }
    }
    let bundle = bundle.map_or_else(env::bundle, Ok)?;
    Ok((bundle, out.unwrap_or_else(|| env::target().join("demo"))))
}

fn run() -> Result<()> {
    let started = Instant::now();
    let (bundle, out) = arguments()?;
    std::fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    env::use_data_of(&bundle)?;
    let file = env::sample_speech()?;
    let speech = Sound::read(&file)?.part(0.0, LONGEST_S).at_rate(RATE_HZ)?;
    say(format!("speech: {} ({:.1} s)", file.display(), speech.seconds()));

    say("latency: a sweep through the engine with the pass-through voice");
    let exact = passes::exact_latency()?;
    say(format!(
        "  reported {}, measured {:.2} samples",
        exact.reported, exact.measured
    ));

    say("plugin: loading the voice, then a real-time pass");
    let live = passes::through_plugin(&bundle, &speech)?;
    say("engine: an offline pass with the same audio and automation");
    let offline = passes::through_engine(&speech)?;
    let wet = &live.output[0];
    let comparison = passes::compare(wet, &offline.output);

    let report = report::Report::new(&file, &speech, &exact, &live, &offline, &comparison);
    write_wav(&out.join("out.wav"), RATE_HZ, &live.output)?;
    // The offline render has no gaps, which a busy machine may cause in the real-time pass.
    write_wav(
        &out.join("out_offline.wav"),
        RATE_HZ,
        std::slice::from_ref(&offline.output),
    )?;
    let text = serde_json::to_string_pretty(&report)?;
    std::fs::write(out.join("report.json"), text + "\n")?;
    chart::draw(&out.join("report.png"), &speech, &live, &offline, &report)?;
    if let Some(warning) = report.machine.warning() {
        say(warning);
    }
    say(format!("done in {:.1} s", started.elapsed().as_secs_f64()));
    Ok(())
}
