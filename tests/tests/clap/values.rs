//! Parameter values that arrive without audio: they are applied and saved, and the host is
//! notified when it has to read them again.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::needless_range_loop,
    reason = "a few seconds of audio in two channels"
)]

use anyhow::{Result, ensure};
use voxmeld_tests::env;
use voxmeld_tests::raw_clap_host::{HostCall, RawClapHost, RawPlugin};

const RATE_HZ: f64 = 48_000.0;

fn load() -> Result<RawClapHost> {
    RawClapHost::load(&env::bundle()?.join("voxmeld.clap"))
}

fn id(plug: &RawPlugin, name: &str) -> Result<u32> {
    let params = plug.params()?;
    let found = params.iter().find(|param| param.0 == name);
    found
        .map(|param| param.1)
        .ok_or_else(|| anyhow::anyhow!("no parameter \"{name}\""))
}

/// Set before the first activation, between two activations, while active but stopped, and in a block
/// without samples.
#[test]
fn flushed_value_is_kept_by_activation_and_saved() -> Result<()> {
    let bare = load()?;
    let plug = bare.plugin();
    let ratio = id(&plug, "Blend ratio")?;
    let holds = |value: f64, when: &str| -> Result<()> {
        let is = plug.value(ratio)?;
        ensure!((is - value).abs() < 1e-6, "{when}: {is}, not {value}");
        let restored = load()?;
        restored.plugin().load(&plug.save()?)?;
        let is = restored.plugin().value(ratio)?;
        ensure!((is - value).abs() < 1e-6, "saved {when}: {is}, not {value}");
        Ok(())
    };
    plug.flush(&[(ratio, 0.125)])?;
    holds(0.125, "before the first activation")?;
    plug.start(RATE_HZ, 480)?;
    plug.process(&[0.1; 480], &[])?;
    holds(0.125, "after a block")?;
    plug.stop_processing()?;
    plug.flush(&[(ratio, 0.25)])?;
    holds(0.25, "while stopped")?;
    plug.start_processing()?;
    plug.process(&[0.1; 480], &[])?;
    holds(0.25, "after a start")?;
    plug.process(&[], &[(0, ratio, 0.375)])?;
    holds(0.375, "in a block without samples")?;
    plug.stop()?;
    plug.flush(&[(ratio, 0.5)])?;
    holds(0.5, "between two activations")?;
    plug.start(RATE_HZ, 480)?;
    plug.process(&[0.1; 480], &[])?;
    holds(0.5, "after the second activation")?;
    plug.stop()
}

#[test]
fn state_loaded_while_active_is_applied_and_requests_a_rescan() -> Result<()> {
    let bare = load()?;
    let plug = bare.plugin();
    let ratio = id(&plug, "Blend ratio")?;
    plug.flush(&[(ratio, 0.125)])?;
    let saved = plug.save()?;
    plug.start(RATE_HZ, 480)?;
    plug.process(&[0.1; 480], &[(0, ratio, 0.75)])?;
    for from_the_main_thread in [true, false] {
        plug.process(&[0.1; 480], &[(0, ratio, 0.75)])?;
        let before = bare.count(HostCall::Rescan);
        if from_the_main_thread {
            plug.load(&saved)?;
        } else {
            plug.load_on_audio_thread(&saved)?;
        }
        bare.run_main_thread_callbacks();
        ensure!(bare.count(HostCall::Rescan) > before, "no rescan was requested");
        plug.process(&[0.1; 480], &[])?;
        let is = plug.value(ratio)?;
        ensure!((is - 0.125).abs() < 1e-6, "{is}");
    }
    plug.stop()
}
