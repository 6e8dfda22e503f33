//! A host that calls the plugin from inside of what the plugin asks of it: in
//! every request of the main thread, in the midst of a block, and in ways that
//! the standard forbids. The plugin answers, goes on, and sounds as before.

use anyhow::{Result, ensure};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::bare::{Bare, Call, Plug};
use voxmeld_tests::env;
use voxmeld_tests::signal::energy;

const RATE_HZ: f64 = 48_000.0;
const BLOCK: usize = 480;

fn load() -> Result<Bare> {
    Bare::load(&env::bundle()?.join("voxmeld.clap"))
}

fn speech() -> Result<Vec<f32>> {
    let sound = Sound::read(&env::sample_speech()?)?.part(0.1, 1.6);
    Ok(sound.at_rate(48_000)?.samples)
}

fn id(plug: &Plug, name: &str) -> Result<u32> {
    let params = plug.params()?;
    let found = params.iter().find(|param| param.0 == name);
    found
        .map(|param| param.1)
        .ok_or_else(|| anyhow::anyhow!("no parameter \"{name}\""))
}

/// All that a host may ask on its main thread, and a value that it sets.
fn ask_everything(plug: &Plug, ratio: u32) -> Result<()> {
    plug.latency()?;
    for (_, id, [least, greatest]) in plug.params()? {
        let value = plug.value(id)?;
        ensure!((least..=greatest).contains(&value), "{value}");
        plug.text(id, value)?;
    }
    plug.flush(&[(ratio, 0.5)])?;
    plug.save()?;
    Ok(())
}

/// What went wrong in an answer: it cannot fail inside of the plugin.
#[derive(Clone, Default)]
struct Problems(Rc<RefCell<Vec<String>>>);

impl Problems {
    fn note(&self, call: Call, result: Result<()>) {
        if let Err(error) = result {
            self.0.borrow_mut().push(format!("in {call:?}: {error:#}"));
        }
    }

    fn none(&self) -> Result<()> {
        let problems = self.0.borrow();
        ensure!(problems.is_empty(), "{problems:?}");
        Ok(())
    }
}

fn render(plug: &Plug, input: &[f32], ratio: u32) -> Result<Vec<f32>> {
    let mut heard = Vec::new();
    for (n, block) in input.chunks(BLOCK).enumerate() {
        let value = f64::from(u8::try_from(n % 11)?) / 10.0;
        heard.extend(plug.process(block, &[(100, ratio, value), (250, ratio, 1.0 - value)])?);
    }
    ensure!(heard.iter().all(|x| x.is_finite()), "a value that is no number");
    Ok(heard)
}

/// From inside of `request_restart`, `latency.changed` and `params.rescan`, on the
/// main thread, and as deep as three of them: everything is asked, the session is
/// restored, and where a restart was wanted the plugin is restarted on the spot.
#[test]
fn all_main_thread_calls_from_inside_of_plugin_requests_succeed() -> Result<()> {
    let bare = load()?;
    let plug = bare.plug();
    let (ratio, hop) = (id(&plug, "Blend ratio")?, id(&plug, "Hop")?);
    let session = plug.save()?;
    let problems = Problems::default();
    let noted = problems.clone();
    let (may_restart, again) = (Rc::new(Cell::new(false)), session.clone());
    let may = may_restart.clone();
    bare.answer(move |plug, call| {
        noted.note(call, ask_everything(plug, ratio));
        if call == Call::Rescan {
            noted.note(call, plug.load(&again));
        }
        // Not from inside of an activation, as the standard has it.
        if call == Call::Restart && may.replace(false) {
            noted.note(call, plug.stop().and_then(|()| plug.start(RATE_HZ, 480)));
        }
    });
    plug.set_offline(true)?;
    for round in 0..3 {
        plug.start(RATE_HZ, 480)?;
        plug.load(&session)?;
        problems.none()?;
        // While it is active: asks for a restart, which it gets at once.
        may_restart.set(true);
        plug.set_offline(false)?;
        may_restart.set(true);
        plug.set_offline(true)?;
        ensure!(!may_restart.get(), "nothing was restarted");
        // Another hop: told in a block, as any host's audio thread learns of it.
        let steps = [1.0, 2.0, 0.0];
        plug.process(&[0.1; BLOCK], &[(0, hop, steps[round])])?;
        plug.stop()?;
        bare.idle();
        problems.none()?;
    }
    plug.start(RATE_HZ, 480)?;
    for call in [Call::Restart, Call::Rescan] {
        ensure!(bare.count(call) > 0, "{call:?} never came");
    }
    bare.answer(|_, _| {});
    plug.load(&session)?;
    plug.reset()?;
    let heard = render(&plug, &speech()?, ratio)?;
    ensure!(energy(&heard) > 1.0, "the voice is gone");
    plug.stop()
}

/// A latency that changes while the plugin is inactive, or at the activation
/// that follows a restart, is told from inside of `activate`.
#[test]
fn latency_read_inside_of_latency_changed_is_the_new_one() -> Result<()> {
    let bare = load()?;
    let plug = bare.plug();
    let hop = id(&plug, "Hop")?;
    let seen = Rc::new(RefCell::new(Vec::new()));
    let kept = seen.clone();
    bare.answer(move |plug, call| {
        if call == Call::LatencyChanged {
            kept.borrow_mut().push(plug.latency().unwrap_or(0));
        }
    });
    for step in [1.0, 3.0, 0.0] {
        plug.flush(&[(hop, step)])?;
        // The first activation learns of the latency, the second one tells it.
        plug.start(RATE_HZ, 480)?;
        plug.stop()?;
        plug.start(RATE_HZ, 480)?;
        let told = seen.borrow().last().copied();
        ensure!(
            told == Some(plug.latency()?),
            "told {told:?}, is {}",
            plug.latency()?
        );
        plug.stop()?;
    }
    Ok(())
}

/// In the midst of a block, whenever the plugin reads or writes an event or asks
/// for a callback, the host asks for what costs nothing. The sound is the same,
/// bit for bit.
#[test]
fn queries_from_inside_of_a_block_give_equal_output() -> Result<()> {
    let input = speech()?;
    let heard = |asks: bool| -> Result<(Vec<f32>, u32)> {
        let bare = load()?;
        let plug = bare.plug();
        let ratio = id(&plug, "Blend ratio")?;
        let asked = Rc::new(Cell::new(0));
        let (count, problems) = (asked.clone(), Problems::default());
        let noted = problems.clone();
        plug.set_offline(true)?;
        plug.start(RATE_HZ, 480)?;
        if asks {
            bare.answer(move |plug, call| {
                count.set(count.get() + 1);
                let told = plug.has_params() && plug.value(ratio).is_ok() && plug.latency().is_ok();
                if !told {
                    noted.note(call, Err(anyhow::anyhow!("no answer")));
                }
            });
        }
        let heard = render(&plug, &input, ratio)?;
        problems.none()?;
        plug.stop()?;
        Ok((heard, asked.get()))
    };
    let (quiet, _) = heard(false)?;
    let (asked, count) = heard(true)?;
    ensure!(count > 100, "only {count} events were seen");
    ensure!(energy(&quiet) > 1.0, "it does not sound");
    ensure!(quiet == asked, "it sounds otherwise");
    Ok(())
}

/// Forbidden, and seen: a block or a flush from inside of a block, a flush from
/// inside of a flush. They are refused or do nothing; the host lives, and the
/// block is whole.
#[test]
fn process_inside_of_process_is_refused_and_harmless() -> Result<()> {
    let bare = load()?;
    let plug = bare.plug();
    let ratio = id(&plug, "Blend ratio")?;
    plug.set_offline(true)?;
    plug.start(RATE_HZ, 480)?;
    let (refused, flushed) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let (blocks, flushes) = (refused.clone(), flushed.clone());
    bare.answer(move |plug, call| {
        if matches!(call, Call::EventRead | Call::EventWritten) {
            blocks.set(blocks.get() + i32::from(plug.process(&[0.1; 16], &[]).is_err()));
            flushes.set(flushes.get() + i32::from(plug.flush(&[(ratio, 0.1)]).is_ok()));
        }
    });
    let heard = render(&plug, &speech()?, ratio)?;
    ensure!(energy(&heard) > 1.0, "it does not sound");
    ensure!(refused.get() > 0 && flushed.get() > 0, "nothing was tried");
    plug.flush(&[(ratio, 0.25)])?;
    plug.stop()
}

/// `state.load` (and all else) from inside of `on_main_thread`, which is called
/// again from inside of itself. The session comes from a thread that says it is
/// not the main one, so that the plugin has something to tell there.
#[test]
fn state_load_inside_of_on_main_thread_succeeds() -> Result<()> {
    let bare = load()?;
    let plug = bare.plug();
    let ratio = id(&plug, "Blend ratio")?;
    let session = plug.save()?;
    plug.set_offline(true)?;
    plug.start(RATE_HZ, 480)?;
    let problems = Problems::default();
    let (noted, again) = (problems.clone(), session.clone());
    bare.answer(move |plug, call| {
        if call == Call::Rescan {
            noted.note(call, plug.load(&again));
            noted.note(call, ask_everything(plug, ratio));
            plug.on_main_thread();
        }
    });
    let before = bare.count(Call::Rescan);
    plug.load_as_audio(&session)?;
    bare.idle();
    ensure!(bare.count(Call::Rescan) > before, "nothing was told");
    problems.none()?;
    let heard = render(&plug, &speech()?, ratio)?;
    ensure!(energy(&heard) > 1.0, "it does not sound");
    plug.stop()
}
