//! Resources after the editor was opened and closed many times while audio runs; and windows that are closed by the user
//! or together with the host's window.
//!
//! The cases run in child processes, each on its own X server, in a separate stage of `cargo xtask test`, because they
//! need Xvfb.

use anyhow::{Context, Result, ensure};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};
use voxmeld_tests::child::{self, Child};
use voxmeld_tests::display::{Display, Windows};
use voxmeld_tests::env;
use voxmeld_tests::host::Host;
use voxmeld_tests::machine::{descriptors, heap_mib, resident_mib, threads};
use voxmeld_tests::raw_clap_host::{HostCall, RawClapHost};
use voxmeld_tests::say;
use voxmeld_tests::vst3::Vst3Instance;
use vst3::ComPtr;
use vst3::Steinberg::Vst::{IEditControllerTrait, ViewType};
use vst3::Steinberg::{IPlugView, IPlugViewTrait, kPlatformTypeX11EmbedWindowID};

const RATE_HZ: f64 = 48_000.0;
/// Openings before the first measurement, in which libraries may still allocate for the process.
const WARM_UP: usize = 20;
const OPENINGS: usize = 120;
/// Long enough for several frames to be drawn.
const OPEN_TIME: Duration = Duration::from_millis(60);
/// Bound for the growth of the heap by a hundred windows; the pixels of one window are 2.3 MiB.
const MAX_GROWTH_MIB: f64 = 10.0;
const STEREO: u64 = 0b11;

/// Runs a case of [`child`] in a child process.
fn run_in_child(case: &str) -> Result<()> {
    let display = Display::start()?;
    Child::new(module_path!(), case)?
        .env("DISPLAY", display.name())
        .expect_success()
}

#[test]
#[ignore = "run by other tests in child processes"]
fn child() -> Result<()> {
    match child::case().as_str() {
        "clap" => clap(),
        "vst3" => vst3(),
        "closed" => close_windows(),
        "one view" => one_view(),
        _ => Ok(()),
    }
}

#[test]
#[ignore = "run in stage `editors`, on Xvfb"]
fn opening_the_editor_120_times_in_clap_leaks_nothing() -> Result<()> {
    run_in_child("clap")
}

#[test]
#[ignore = "run in stage `editors`, on Xvfb"]
fn opening_the_editor_120_times_in_vst3_leaks_nothing() -> Result<()> {
    run_in_child("vst3")
}

#[test]
#[ignore = "run in stage `editors`, on Xvfb"]
fn window_closed_by_the_user_is_reported_and_by_the_host_does_no_harm() -> Result<()> {
    run_in_child("closed")
}

#[test]
#[ignore = "run in stage `editors`, on Xvfb"]
fn one_vst3_view_attached_and_removed_20_times_leaves_nothing_behind() -> Result<()> {
    run_in_child("one view")
}

/// Resources of this process. The heap is checked; resident memory is only printed, because every
/// window has a thread, and glibc keeps the memory that a thread has freed.
struct ProcessResources {
    descriptors: usize,
    threads: usize,
    heap_mib: f64,
    resident_mib: f64,
}

impl ProcessResources {
    fn now() -> Self {
        // The system frees joined threads and their stacks with a delay.
        std::thread::sleep(Duration::from_millis(200));
        Self {
            descriptors: descriptors(),
            threads: threads(),
            heap_mib: heap_mib(),
            resident_mib: resident_mib(),
        }
    }

    fn check_growth_since(&self, first: &Self) -> Result<()> {
        let text = |resources: &Self| {
            let (heap, resident) = (resources.heap_mib, resources.resident_mib);
            let (open, threads) = (resources.descriptors, resources.threads);
            format!("{open} descriptors, {threads} threads, heap {heap:.1} MiB, resident {resident:.0}")
        };
        say(format!(
            "after {WARM_UP}: {}; after {OPENINGS}: {}",
            text(first),
            text(self)
        ));
        ensure!(self.descriptors <= first.descriptors, "file descriptors leak");
        ensure!(self.threads <= first.threads, "threads leak");
        ensure!(self.heap_mib - first.heap_mib < MAX_GROWTH_MIB, "memory leaks");
        Ok(())
    }
}

fn clap() -> Result<()> {
    let windows = Windows::connect()?;
    let host = Host::load_bundle()?;
    let mut instance = host.instance()?;
    instance.activate(RATE_HZ, 480)?;
    let (mut openings, mut first) = (0, None);
    let blocks = instance.while_playing(|instance| {
        let window = windows.open()?;
        instance.open_editor(window.into())?;
        let opened = Instant::now();
        while opened.elapsed() < OPEN_TIME {
            instance.serve_callbacks();
            std::thread::sleep(Duration::from_millis(5));
        }
        instance.close_editor()?;
        windows.close(window)?;
        openings += 1;
        if openings == WARM_UP {
            first = Some(ProcessResources::now());
        }
        Ok(openings == OPENINGS)
    })?;
    ensure!(blocks > OPENINGS, "audio did not run");
    // One thread less than at the first measurement is correct: the audio thread has ended.
    ProcessResources::now().check_growth_since(&first.context("no first measurement")?)
}

fn vst3() -> Result<()> {
    let windows = Windows::connect()?;
    let vst3 = Vst3Instance::load(480, STEREO, STEREO)?;
    let (player, stop) = (vst3.real_time_player(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let audio = scope.spawn(|| -> Result<usize> {
            let mut blocks = 0;
            while !stop.load(SeqCst) {
                player.process_block(480)?;
                blocks += 1;
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(blocks)
        });
        let mut first = None;
        let opened = (1..=OPENINGS).try_for_each(|opening| {
            let window = windows.open()?;
            let opened = Instant::now();
            vst3.with_editor(window, || {
                std::thread::sleep(Duration::from_millis(5));
                Ok(opened.elapsed() > OPEN_TIME)
            })?;
            windows.close(window)?;
            if opening == WARM_UP {
                first = Some(ProcessResources::now());
            }
            anyhow::Ok(())
        });
        let now = ProcessResources::now();
        stop.store(true, SeqCst);
        let blocks = audio
            .join()
            .map_err(|_| anyhow::anyhow!("the audio thread panicked"))??;
        opened?;
        ensure!(blocks > OPENINGS, "audio did not run");
        now.check_growth_since(&first.context("no first measurement")?)
    })
}

/// Some hosts keep one view, and attach and remove it whenever its window opens and
/// closes; some have no run loop in the view's frame.
fn one_view() -> Result<()> {
    let windows = Windows::connect()?;
    let vst3 = Vst3Instance::load(480, STEREO, STEREO)?;
    let (player, stop) = (vst3.real_time_player(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let audio = scope.spawn(|| -> Result<()> {
            while !stop.load(SeqCst) {
                player.process_block(480)?;
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
                std::thread::sleep(OPEN_TIME);
                [attached, view.removed()]
            };
            ensure!(answers == [0, 0], "time {time}: {answers:?}");
            windows.close(window)?;
            if time == 5 {
                first = Some(ProcessResources::now());
            }
            Ok(())
        });
        let now = ProcessResources::now();
        stop.store(true, SeqCst);
        audio
            .join()
            .map_err(|_| anyhow::anyhow!("the audio thread panicked"))??;
        attached?;
        now.check_growth_since(&first.context("no first measurement")?)
    })
}

/// First the editor's window receives `WM_DELETE_WINDOW`: the plugin calls `gui.closed` from inside
/// `on_main_thread`, and the host destroys the editor in that call, as the standard requires. Then
/// the host's window is destroyed before the editor in it.
fn close_windows() -> Result<()> {
    let windows = Windows::connect()?;
    let host = RawClapHost::load(&env::bundle()?.join("voxmeld.clap"))?;
    let plugin = host.plugin();
    let closed = Rc::new(Cell::new(0));
    let count = closed.clone();
    host.on_call(move |plugin, call| match call {
        HostCall::Closed => {
            count.set(count.get() + 1);
            assert!(plugin.close_editor().is_ok(), "the editor could not be closed");
        }
        HostCall::Resize => assert!(plugin.editor_size().is_ok(), "the editor has no size"),
        _ => {}
    });
    plugin.start(RATE_HZ, 480)?;
    let play_for = |time: Duration, ends: &dyn Fn() -> bool| -> Result<()> {
        let started = Instant::now();
        while started.elapsed() < time && !ends() {
            host.run_main_thread_callbacks();
            plugin.process(&[0.1; 480], &[])?;
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    };
    for round in 1..=3 {
        let window = windows.open()?;
        plugin.open_editor(window)?;
        play_for(OPEN_TIME, &|| false)?;
        plugin.resize_editor(800, 712)?;
        plugin.resize_editor(840, 720)?;
        windows.request_close(window)?;
        play_for(Duration::from_secs(10), &|| closed.get() == round)?;
        ensure!(closed.get() == round, "round {round}: the host was not notified");
        windows.close(window)?;

        let window = windows.open()?;
        plugin.open_editor(window)?;
        play_for(OPEN_TIME, &|| false)?;
        windows.close(window)?;
        play_for(OPEN_TIME, &|| false)?;
        plugin.close_editor()?;
        play_for(OPEN_TIME, &|| false)?;
    }
    plugin.stop()
}
