//! The editor, opened and closed many times while audio runs: what that leaves
//! behind. And windows that close by themselves, or with the host's own.
//!
//! Played in child processes on an X server of their own, in a stage of its own of
//! `cargo xtask test`, because they want Xvfb.

use anyhow::{Context, Result, ensure};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};
use voxmeld_tests::bare::{Bare, Call};
use voxmeld_tests::child::{self, Child};
use voxmeld_tests::display::{Display, Windows};
use voxmeld_tests::env;
use voxmeld_tests::host::Host;
use voxmeld_tests::machine::{descriptors, heap_mib, resident_mib, threads};
use voxmeld_tests::say;
use voxmeld_tests::vst3::Vst3;
use vst3::ComPtr;
use vst3::Steinberg::Vst::{IEditControllerTrait, ViewType};
use vst3::Steinberg::{IPlugView, IPlugViewTrait, kPlatformTypeX11EmbedWindowID};

const RATE_HZ: f64 = 48_000.0;
/// Times that everything may still be made for the first time.
const FIRST: usize = 20;
const TIMES: usize = 120;
/// Enough to be drawn more than once.
const OPEN: Duration = Duration::from_millis(60);
/// What a hundred windows may leave: the pixels of one of them are 2.3 MiB.
const LEFT_MIB: f64 = 10.0;
const STEREO: u64 = 0b11;

/// Runs one of [`child`]'s cases in a process of its own.
fn in_a_child(case: &str) -> Result<()> {
    let display = Display::start()?;
    Child::new(module_path!(), case)?
        .env("DISPLAY", display.name())
        .passes()
}

#[test]
#[ignore = "played by other tests, in processes of their own"]
fn child() -> Result<()> {
    match child::case().as_str() {
        "clap" => clap(),
        "vst3" => vst3(),
        "taken" => taken_away(),
        "one view" => one_view(),
        _ => Ok(()),
    }
}

#[test]
#[ignore = "played in stage `editors`, on Xvfb"]
fn opening_the_editor_120_times_in_clap_leaves_nothing_behind() -> Result<()> {
    in_a_child("clap")
}

#[test]
#[ignore = "played in stage `editors`, on Xvfb"]
fn opening_the_editor_120_times_in_vst3_leaves_nothing_behind() -> Result<()> {
    in_a_child("vst3")
}

#[test]
#[ignore = "played in stage `editors`, on Xvfb"]
fn windows_closed_by_user_or_host_are_reported_and_harmless() -> Result<()> {
    in_a_child("taken")
}

#[test]
#[ignore = "played in stage `editors`, on Xvfb"]
fn one_vst3_view_attached_and_removed_20_times_leaves_nothing_behind() -> Result<()> {
    in_a_child("one view")
}

/// What this process has: descriptors, threads, memory. The heap is counted, and
/// what is resident only told: every window has a thread, and glibc keeps what
/// that thread has freed.
struct Holdings {
    descriptors: usize,
    threads: usize,
    heap_mib: f64,
    resident_mib: f64,
}

impl Holdings {
    fn now() -> Self {
        // Threads that have been joined, and their stacks, go a moment later.
        std::thread::sleep(Duration::from_millis(200));
        Self {
            descriptors: descriptors(),
            threads: threads(),
            heap_mib: heap_mib(),
            resident_mib: resident_mib(),
        }
    }

    fn grown_since(&self, first: &Self) -> Result<()> {
        let told = |held: &Self| {
            let (heap, resident) = (held.heap_mib, held.resident_mib);
            let (open, threads) = (held.descriptors, held.threads);
            format!("{open} descriptors, {threads} threads, heap {heap:.1} MiB, resident {resident:.0}")
        };
        say(format!(
            "after {FIRST}: {}; after {TIMES}: {}",
            told(first),
            told(self)
        ));
        ensure!(self.descriptors <= first.descriptors, "descriptors are left open");
        ensure!(self.threads <= first.threads, "threads are left");
        ensure!(self.heap_mib - first.heap_mib < LEFT_MIB, "memory is left");
        Ok(())
    }
}

fn clap() -> Result<()> {
    let windows = Windows::connect()?;
    let host = Host::load_bundle()?;
    let mut instance = host.instance()?;
    instance.activate(RATE_HZ, 480)?;
    let (mut times, mut first) = (0, None);
    let blocks = instance.while_playing(|instance| {
        let window = windows.open()?;
        instance.open_editor(window.into())?;
        let opened = Instant::now();
        while opened.elapsed() < OPEN {
            instance.serve_callbacks();
            std::thread::sleep(Duration::from_millis(5));
        }
        instance.close_editor()?;
        windows.close(window)?;
        times += 1;
        if times == FIRST {
            first = Some(Holdings::now());
        }
        Ok(times == TIMES)
    })?;
    ensure!(blocks > TIMES, "audio did not run");
    // The thread that played is gone: one less than before is right.
    Holdings::now().grown_since(&first.context("more than the first")?)
}

fn vst3() -> Result<()> {
    let windows = Windows::connect()?;
    let vst3 = Vst3::load(480, STEREO, STEREO)?;
    let (player, stop) = (vst3.player(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let audio = scope.spawn(|| -> Result<usize> {
            let mut blocks = 0;
            while !stop.load(SeqCst) {
                player.block(480)?;
                blocks += 1;
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(blocks)
        });
        let mut first = None;
        let opened = (1..=TIMES).try_for_each(|time| {
            let window = windows.open()?;
            let opened = Instant::now();
            vst3.with_editor(window, || {
                std::thread::sleep(Duration::from_millis(5));
                Ok(opened.elapsed() > OPEN)
            })?;
            windows.close(window)?;
            if time == FIRST {
                first = Some(Holdings::now());
            }
            anyhow::Ok(())
        });
        let now = Holdings::now();
        stop.store(true, SeqCst);
        let blocks = audio
            .join()
            .map_err(|_| anyhow::anyhow!("the audio thread panicked"))??;
        opened?;
        ensure!(blocks > TIMES, "audio did not run");
        now.grown_since(&first.context("more than the first")?)
    })
}

/// Some hosts keep their view, and attach and remove it whenever its window opens and
/// closes; also without a run loop in its frame.
fn one_view() -> Result<()> {
    let windows = Windows::connect()?;
    let vst3 = Vst3::load(480, STEREO, STEREO)?;
    let (player, stop) = (vst3.player(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let audio = scope.spawn(|| -> Result<()> {
            while !stop.load(SeqCst) {
                player.block(480)?;
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(())
        });
        // SAFETY: the view is the plugin's, with a reference for us.
        let view = unsafe { ComPtr::<IPlugView>::from_raw(vst3.controller().createView(ViewType::kEditor)) };
        let view = view.context("no editor")?;
        let mut first = None;
        let attached = (1..=20).try_for_each(|time| -> Result<()> {
            let window = windows.open()?;
            // SAFETY: an X11 window's number goes where pointers do.
            let answers = unsafe {
                let parent = std::ptr::without_provenance_mut(window as usize);
                let attached = view.attached(parent, kPlatformTypeX11EmbedWindowID);
                std::thread::sleep(OPEN);
                [attached, view.removed()]
            };
            ensure!(answers == [0, 0], "time {time}: {answers:?}");
            windows.close(window)?;
            if time == 5 {
                first = Some(Holdings::now());
            }
            Ok(())
        });
        let now = Holdings::now();
        stop.store(true, SeqCst);
        audio
            .join()
            .map_err(|_| anyhow::anyhow!("the audio thread panicked"))??;
        attached?;
        now.grown_since(&first.context("more than the first")?)
    })
}

/// The editor's window is asked to close; the host hears of that from inside of
/// `on_main_thread`, and destroys the editor on the spot, as the standard wants it
/// to. Or the host's own window goes first, with the editor in it.
fn taken_away() -> Result<()> {
    let windows = Windows::connect()?;
    let bare = Bare::load(&env::bundle()?.join("voxmeld.clap"))?;
    let plug = bare.plug();
    let closed = Rc::new(Cell::new(0));
    let count = closed.clone();
    bare.answer(move |plug, call| match call {
        Call::Closed => {
            count.set(count.get() + 1);
            assert!(plug.close_editor().is_ok(), "there is an editor");
        }
        Call::Resize => assert!(plug.editor_size().is_ok(), "it has a size"),
        _ => {}
    });
    plug.start(RATE_HZ, 480)?;
    let live_for = |time: Duration, ends: &dyn Fn() -> bool| -> Result<()> {
        let began = Instant::now();
        while began.elapsed() < time && !ends() {
            bare.idle();
            plug.process(&[0.1; 480], &[])?;
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    };
    for time in 1..=3 {
        let window = windows.open()?;
        plug.open_editor(window)?;
        live_for(OPEN, &|| false)?;
        plug.size_editor(800, 700)?;
        plug.size_editor(840, 720)?;
        windows.ask_to_close(window)?;
        live_for(Duration::from_secs(10), &|| closed.get() == time)?;
        ensure!(closed.get() == time, "time {time}: the host was not told");
        windows.close(window)?;

        let window = windows.open()?;
        plug.open_editor(window)?;
        live_for(OPEN, &|| false)?;
        windows.close(window)?;
        live_for(OPEN, &|| false)?;
        plug.close_editor()?;
        live_for(OPEN, &|| false)?;
    }
    plug.stop()
}
