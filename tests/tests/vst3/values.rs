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
use voxmeld_tests::vst3::{RawBlock, Vst3Instance, changes};
use vst3::Steinberg::Vst::{IAudioProcessorTrait, IComponentTrait, IEditControllerTrait};

const STEREO: u64 = 0b11;
const BLOCK: usize = 480;
const RATIO: &str = "Blend ratio";
/// `kParamValuesChanged`.
const VALUES_CHANGED: i32 = 1 << 2;

fn load() -> Result<Vst3Instance> {
    Vst3Instance::load(BLOCK, STEREO, STEREO)
}

fn value(vst3: &Vst3Instance) -> Result<f64> {
    let id = vst3.param_id(RATIO)?;
    // SAFETY: plain numbers.
    Ok(unsafe { vst3.controller().getParamNormalized(id) })
}

fn holds(vst3: &Vst3Instance, value_is: f64, when: &str) -> Result<()> {
    let is = value(vst3)?;
    ensure!((is - value_is).abs() < 1e-6, "{when}: {is}, not {value_is}");
    let restored = load()?;
    restored.load_state(&vst3.save()?)?;
    let is = value(&restored)?;
    ensure!((is - value_is).abs() < 1e-6, "saved {when}: {is}, not {value_is}");
    Ok(())
}

/// Processes a block without samples and buffers, which only sets a value.
fn flush(vst3: &Vst3Instance, ratio: f64) -> Result<()> {
    let mut block = RawBlock {
        mode: 2,
        changes: Some(changes(&[(vst3.param_id(RATIO)?, vec![(0, 0.9), (0, ratio)])])?),
        ..RawBlock::default()
    };
    ensure!(block.process(vst3.processor()).0 == 0, "the flush is rejected");
    Ok(())
}

fn play(vst3: &mut Vst3Instance) -> Result<()> {
    let (mut track, mut side) = (vec![vec![0.1; BLOCK]; 2], vec![vec![0.0; BLOCK]; 2]);
    vst3.process(&mut track, &mut side, &[])
}

/// Set while active, while stopped, while inactive, and in a block that is rejected.
#[test]
fn value_of_a_block_without_samples_is_applied_and_saved() -> Result<()> {
    let mut vst3 = load()?;
    flush(&vst3, 0.125)?;
    holds(&vst3, 0.125, "while active")?;
    play(&mut vst3)?;
    holds(&vst3, 0.125, "after a block")?;
    // SAFETY: plain numbers.
    unsafe { vst3.processor().setProcessing(0) };
    flush(&vst3, 0.25)?;
    holds(&vst3, 0.25, "while stopped")?;
    // SAFETY: plain numbers.
    unsafe { vst3.component().setActive(0) };
    flush(&vst3, 0.375)?;
    holds(&vst3, 0.375, "while inactive")?;
    let mut refused = RawBlock {
        samples: 1 << 20,
        changes: Some(changes(&[(vst3.param_id(RATIO)?, vec![(7, 0.5)])])?),
        ..RawBlock::default()
    };
    ensure!(
        refused.process(vst3.processor()).0 != 0,
        "a block above the maximum is accepted"
    );
    holds(&vst3, 0.5, "in a rejected block")?;
    vst3.restart(48_000.0)?;
    play(&mut vst3)?;
    holds(&vst3, 0.5, "after an activation")
}

/// The host deactivates without `setProcessing(0)`, sets a value, and continues later.
#[test]
fn value_set_while_inactive_is_kept_after_the_next_block() -> Result<()> {
    let mut vst3 = load()?;
    let id = vst3.param_id(RATIO)?;
    play(&mut vst3)?;
    // SAFETY: plain numbers; `setProcessing(0)` is missing on purpose.
    unsafe {
        vst3.controller().setParamNormalized(id, 0.125);
        vst3.component().setActive(0);
    }
    holds(&vst3, 0.125, "set before the deactivation")?;
    // SAFETY: plain numbers.
    unsafe { vst3.controller().setParamNormalized(id, 0.25) };
    holds(&vst3, 0.25, "set while inactive")?;
    // SAFETY: plain numbers.
    unsafe { vst3.component().setActive(1) };
    play(&mut vst3)?;
    holds(&vst3, 0.25, "after a block")
}

#[test]
fn state_loaded_while_active_is_applied_and_reports_changed_values() -> Result<()> {
    for with_run_loop in [true, false] {
        let mut vst3 = Vst3Instance::load_file(
            &Vst3Instance::bundled_library()?,
            BLOCK,
            [STEREO, STEREO],
            with_run_loop,
        )?;
        flush(&vst3, 0.125)?;
        let saved = vst3.save()?;
        flush(&vst3, 0.75)?;
        play(&mut vst3)?;
        drop(vst3.take_restart_requests());
        vst3.load_state(&saved)?;
        let requests = vst3.take_restart_requests();
        let here = std::thread::current().id();
        ensure!(
            requests
                .iter()
                .any(|&(flags, thread)| flags & VALUES_CHANGED != 0 && thread == here),
            "run loop {with_run_loop}: {requests:?}"
        );
        holds(&vst3, 0.125, "after the load")?;
        play(&mut vst3)?;
        holds(&vst3, 0.125, "after a block")?;
    }
    Ok(())
}
