//! A host that calls the plugin from inside the plugin's calls: in every call on the main thread, inside a block, and in
//! ways that the standard forbids. The calls succeed or are rejected, and the output stays correct.

use anyhow::{Result, ensure};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::raw_clap_host::{HostCall, RawClapHost, RawPlugin};
use voxmeld_tests::signal::energy;

const RATE_HZ: f64 = 48_000.0;
const BLOCK: usize = 480;

fn load() -> Result<RawClapHost> {
    RawClapHost::load(&env::bundle()?.join("voxmeld.clap"))
}

fn speech() -> Result<Vec<f32>> {
    let sound = Sound::read(&env::sample_speech()?)?.part(0.1, 1.6);
    Ok(sound.at_rate(48_000)?.samples)
}

fn id(plugin: &RawPlugin, name: &str) -> Result<u32> {
    let params = plugin.params()?;
    let found = params.iter().find(|param| param.0 == name);
    found
        .map(|param| param.1)
        .ok_or_else(|| anyhow::anyhow!("no parameter \"{name}\""))
}

/// The calls that a host may make on its main thread.
fn call_everything(plugin: &RawPlugin, ratio: u32) -> Result<()> {
    plugin.latency()?;
    for (_, id, [min, max]) in plugin.params()? {
        let value = plugin.value(id)?;
        ensure!((min..=max).contains(&value), "{value}");
        plugin.text(id, value)?;
    }
    plugin.flush(&[(ratio, 0.5)])?;
    plugin.save()?;
    Ok(())
}

/// Errors of the handler, which is called by the plugin and cannot return them.
#[derive(Clone, Default)]
struct HandlerErrors(Rc<RefCell<Vec<String>>>);

impl HandlerErrors {
    fn record(&self, call: HostCall, result: Result<()>) {
        if let Err(error) = result {
            self.0.borrow_mut().push(format!("in {call:?}: {error:#}"));
        }
    }

    fn check(&self) -> Result<()> {
        let errors = self.0.borrow();
        ensure!(errors.is_empty(), "{errors:?}");
        Ok(())
    }
}

fn render(plugin: &RawPlugin, input: &[f32], ratio: u32) -> Result<Vec<f32>> {
    let mut output = Vec::new();
    for (n, block) in input.chunks(BLOCK).enumerate() {
        let value = f64::from(u8::try_from(n % 11)?) / 10.0;
        output.extend(plugin.process(block, &[(100, ratio, value), (250, ratio, 1.0 - value)])?);
    }
    ensure!(output.iter().all(|x| x.is_finite()), "the output is not finite");
    Ok(output)
}

/// From inside `request_restart`, `latency.changed` and `params.rescan`, nested up to three deep, the host makes all
/// calls of the main thread, restores the session, and restarts the plugin where that was requested.
#[test]
fn main_thread_calls_from_inside_plugin_requests_succeed() -> Result<()> {
    let host = load()?;
    let plugin = host.plugin();
    let (ratio, hop) = (id(&plugin, "Blend ratio")?, id(&plugin, "Hop")?);
    let session = plugin.save()?;
    let errors = HandlerErrors::default();
    let recorded = errors.clone();
    let (may_restart, again) = (Rc::new(Cell::new(false)), session.clone());
    let may = may_restart.clone();
    host.on_call(move |plugin, call| {
        recorded.record(call, call_everything(plugin, ratio));
        if call == HostCall::Rescan {
            recorded.record(call, plugin.load(&again));
        }
        // The standard forbids it inside an activation.
        if call == HostCall::Restart && may.replace(false) {
            recorded.record(call, plugin.stop().and_then(|()| plugin.start(RATE_HZ, 480)));
        }
    });
    plugin.set_offline(true)?;
    for round in 0..3 {
        plugin.start(RATE_HZ, 480)?;
        plugin.load(&session)?;
        errors.check()?;
        // While active the plugin requests a restart, which happens inside the request.
        may_restart.set(true);
        plugin.set_offline(false)?;
        may_restart.set(true);
        plugin.set_offline(true)?;
        ensure!(!may_restart.get(), "the plugin was not restarted");
        // Another hop, set in a block.
        let steps = [1.0, 2.0, 0.0];
        plugin.process(&[0.1; BLOCK], &[(0, hop, steps[round])])?;
        plugin.stop()?;
        host.run_main_thread_callbacks();
        errors.check()?;
    }
    plugin.start(RATE_HZ, 480)?;
    for call in [HostCall::Restart, HostCall::Rescan] {
        ensure!(host.count(call) > 0, "the plugin never made the call {call:?}");
    }
    host.on_call(|_, _| {});
    plugin.load(&session)?;
    plugin.reset()?;
    let output = render(&plugin, &speech()?, ratio)?;
    ensure!(energy(&output) > 1.0, "the voice is silent");
    plugin.stop()
}

/// A latency that changes while the plugin is inactive is reported from inside `activate`.
#[test]
fn latency_read_inside_latency_changed_is_the_new_one() -> Result<()> {
    let host = load()?;
    let plugin = host.plugin();
    let hop = id(&plugin, "Hop")?;
    let reported = Rc::new(RefCell::new(Vec::new()));
    let latencies = reported.clone();
    host.on_call(move |plugin, call| {
        if call == HostCall::LatencyChanged {
            latencies.borrow_mut().push(plugin.latency().unwrap_or(0));
        }
    });
    for step in [1.0, 3.0, 0.0] {
        plugin.flush(&[(hop, step)])?;
        // The first activation computes the latency, the second one reports it.
        plugin.start(RATE_HZ, 480)?;
        plugin.stop()?;
        plugin.start(RATE_HZ, 480)?;
        let last = reported.borrow().last().copied();
        ensure!(
            last == Some(plugin.latency()?),
            "reported {last:?}, is {}",
            plugin.latency()?
        );
        plugin.stop()?;
    }
    Ok(())
}

/// Inside a block, whenever the plugin reads or writes an event or requests a callback, the host makes queries that do
/// not allocate.
#[test]
fn queries_from_inside_a_block_leave_the_output_unchanged() -> Result<()> {
    let input = speech()?;
    let play = |with_queries: bool| -> Result<(Vec<f32>, u32)> {
        let host = load()?;
        let plugin = host.plugin();
        let ratio = id(&plugin, "Blend ratio")?;
        let calls = Rc::new(Cell::new(0));
        let (count, errors) = (calls.clone(), HandlerErrors::default());
        let recorded = errors.clone();
        plugin.set_offline(true)?;
        plugin.start(RATE_HZ, 480)?;
        if with_queries {
            host.on_call(move |plugin, call| {
                count.set(count.get() + 1);
                let succeeded =
                    plugin.has_params() && plugin.value(ratio).is_ok() && plugin.latency().is_ok();
                if !succeeded {
                    recorded.record(call, Err(anyhow::anyhow!("a query failed")));
                }
            });
        }
        let output = render(&plugin, &input, ratio)?;
        errors.check()?;
        plugin.stop()?;
        Ok((output, calls.get()))
    };
    let (without_queries, _) = play(false)?;
    let (with_queries, count) = play(true)?;
    ensure!(count > 100, "only {count} calls");
    ensure!(energy(&without_queries) > 1.0, "the output is silent");
    ensure!(without_queries == with_queries, "queries change the output");
    Ok(())
}

/// The standard forbids a block or a flush inside a block and a flush inside a flush, but some hosts do it. The inner
/// call is rejected or does nothing, and the outer block is complete.
#[test]
fn process_inside_process_is_rejected_and_the_outer_block_is_complete() -> Result<()> {
    let host = load()?;
    let plugin = host.plugin();
    let ratio = id(&plugin, "Blend ratio")?;
    plugin.set_offline(true)?;
    plugin.start(RATE_HZ, 480)?;
    let (rejected_blocks, accepted_flushes) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let (blocks, flushes) = (rejected_blocks.clone(), accepted_flushes.clone());
    host.on_call(move |plugin, call| {
        if matches!(call, HostCall::EventRead | HostCall::EventWritten) {
            blocks.set(blocks.get() + i32::from(plugin.process(&[0.1; 16], &[]).is_err()));
            flushes.set(flushes.get() + i32::from(plugin.flush(&[(ratio, 0.1)]).is_ok()));
        }
    });
    let output = render(&plugin, &speech()?, ratio)?;
    ensure!(energy(&output) > 1.0, "the output is silent");
    ensure!(
        rejected_blocks.get() > 0 && accepted_flushes.get() > 0,
        "no nested calls were made"
    );
    plugin.flush(&[(ratio, 0.25)])?;
    plugin.stop()
}

/// `state.load` and the other calls from inside `on_main_thread`, which is also called from inside itself. The session
/// is restored in the role of the audio thread, so that the plugin has to request a rescan on the main thread.
#[test]
fn state_load_inside_on_main_thread_succeeds() -> Result<()> {
    let host = load()?;
    let plugin = host.plugin();
    let ratio = id(&plugin, "Blend ratio")?;
    let session = plugin.save()?;
    plugin.set_offline(true)?;
    plugin.start(RATE_HZ, 480)?;
    let errors = HandlerErrors::default();
    let (recorded, again) = (errors.clone(), session.clone());
    host.on_call(move |plugin, call| {
        if call == HostCall::Rescan {
            recorded.record(call, plugin.load(&again));
            recorded.record(call, call_everything(plugin, ratio));
            plugin.on_main_thread();
        }
    });
    let before = host.count(HostCall::Rescan);
    plugin.load_on_audio_thread(&session)?;
    host.run_main_thread_callbacks();
    ensure!(
        host.count(HostCall::Rescan) > before,
        "the plugin did not request a rescan"
    );
    errors.check()?;
    let output = render(&plugin, &speech()?, ratio)?;
    ensure!(energy(&output) > 1.0, "the output is silent");
    plugin.stop()
}
