//! The call order of a live-video program's VST3 host: audio runs on a thread of its own
//! and never stops. Meanwhile the state is restored; a new latency restarts
//! the plugin from inside `restartComponent`; all values are sent back, including those that
//! the plugin publishes; and surround is proposed.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::needless_range_loop,
    reason = "a few seconds of audio in two channels"
)]

use anyhow::{Context, Result, ensure};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};
use voxmeld_core::geometry::{Geometry, Hop};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::signal::energy;
use voxmeld_tests::vst3::{Point, RawBlock, RawBus, Vst3Instance, changes};
use vst3::Steinberg::Vst::{
    IAudioProcessor, IAudioProcessorTrait, IComponent, IComponentHandler, IComponentHandlerTrait,
    IComponentTrait, IEditController, IEditControllerTrait, ParamID, ParamValue, ProcessSetup,
};
use vst3::Steinberg::{int32, kResultOk, tresult};
use vst3::{Class, ComPtr, ComWrapper};

const STEREO: u64 = 0b11;
/// Stereo, 2.1, 4.0, 5.1, 7.1.
const TRACKS: [u64; 5] = [STEREO, 0b1011, 0b1_0000_0111, 0b11_1111, 0b110_0011_1111];
const BLOCK: usize = 480;
const REALTIME: i32 = 0;
const OFFLINE: i32 = 2;
const VALUES_CHANGED: i32 = 1 << 2;
const LATENCY_CHANGED: i32 = 1 << 3;
const HOPS: [(f64, Hop); 3] = [(0.0, Hop::Ms20), (1.0 / 6.0, Hop::Ms40), (2.0 / 6.0, Hop::Ms60)];

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Values for the next block.
type Pending = Arc<Mutex<Vec<(ParamID, f64)>>>;

/// Reacts immediately, on the thread that calls it.
struct Handler {
    component: ComPtr<IComponent>,
    processor: ComPtr<IAudioProcessor>,
    controller: ComPtr<IEditController>,
    ids: Vec<ParamID>,
    pending: Pending,
    calls: Arc<Mutex<Vec<(int32, ThreadId)>>>,
}

impl Class for Handler {
    type Interfaces = (IComponentHandler,);
}

impl IComponentHandlerTrait for Handler {
    unsafe fn beginEdit(&self, _id: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn performEdit(&self, _id: ParamID, _value: ParamValue) -> tresult {
        kResultOk
    }

    unsafe fn endEdit(&self, _id: ParamID) -> tresult {
        kResultOk
    }

    unsafe fn restartComponent(&self, flags: int32) -> tresult {
        lock(&self.calls).push((flags, std::thread::current().id()));
        // SAFETY: plain numbers, in this host's order.
        unsafe {
            if flags & LATENCY_CHANGED != 0 {
                self.processor.setProcessing(0);
                self.component.setActive(0);
                self.component.setActive(1);
                self.processor.setProcessing(1);
            }
            if flags & VALUES_CHANGED != 0 {
                let values = self
                    .ids
                    .iter()
                    .map(|&id| (id, self.controller.getParamNormalized(id)));
                let values: Vec<_> = values.collect();
                lock(&self.pending).extend(values);
            }
        }
        kResultOk
    }
}

/// The audio thread's part of the host.
struct Audio {
    processor: ComPtr<IAudioProcessor>,
    pending: Pending,
    channels: usize,
}

impl Audio {
    /// Processes a block in place, with the pending values. Returns the first two channels; the
    /// others must be silent.
    fn block(&self, input: &[f32], mode: i32) -> Result<[Vec<f32>; 2]> {
        let mut channels = vec![input.to_vec(); self.channels];
        let bus: Vec<*mut f32> = channels.iter_mut().map(|channel| channel.as_mut_ptr()).collect();
        let bus = RawBus::of(&bus);
        let given: Vec<(ParamID, Vec<Point>)> = std::mem::take(&mut *lock(&self.pending))
            .into_iter()
            .map(|(id, value)| (id, vec![(0, value)]))
            .collect();
        // The side chain is off: its channels are null.
        let side = RawBus::of(&[null_mut::<f32>(), null_mut()]);
        let mut block = RawBlock {
            mode,
            samples: i32::try_from(input.len())?,
            inputs: vec![bus.clone(), side],
            outputs: vec![bus],
            changes: Some(changes(&given)?),
            ..RawBlock::default()
        };
        ensure!(
            block.process(&self.processor).0 == kResultOk,
            "a block is rejected"
        );
        let mut channels = channels.into_iter();
        let [left, right] = [channels.next(), channels.next()].map(Option::unwrap_or_default);
        ensure!(
            left.iter().chain(&right).all(|x| x.is_finite()),
            "the output is not finite"
        );
        ensure!(
            channels.flatten().all(|x| x == 0.0),
            "the other channels are not silent"
        );
        Ok([left, right])
    }
}

/// Deactivates, proposes the arrangement `track`, and activates again.
fn set_up(vst3: &Vst3Instance, track: u64) -> Result<()> {
    let (mut ins, mut outs) = ([track, STEREO], [track]);
    let mut setup = ProcessSetup {
        processMode: REALTIME,
        symbolicSampleSize: 0,
        maxSamplesPerBlock: i32::try_from(BLOCK)?,
        sampleRate: 48_000.0,
    };
    let (component, processor) = (vst3.component(), vst3.processor());
    // SAFETY: arrays of the given lengths, and a setup, which outlive the calls.
    unsafe {
        processor.setProcessing(0);
        component.setActive(0);
        let answer = processor.setBusArrangements(ins.as_mut_ptr(), 2, outs.as_mut_ptr(), 1);
        ensure!(answer == kResultOk, "{track:b} is rejected");
        ensure!(processor.setupProcessing(&raw mut setup) == kResultOk);
        ensure!(component.setActive(1) == kResultOk);
        processor.getLatencySamples();
        processor.setProcessing(1);
    }
    Ok(())
}

fn host(track: u64) -> Result<()> {
    let speech = Sound::read(&env::sample_speech()?)?.part(0.1, 1.4);
    let speech = speech.at_rate(48_000)?.samples;
    let vst3 = Vst3Instance::load_file(&Vst3Instance::bundled_library()?, BLOCK, [STEREO, STEREO], false)?;
    let (pending, calls) = (Pending::default(), Arc::default());
    let handler = ComWrapper::new(Handler {
        component: vst3.component().clone(),
        processor: vst3.processor().clone(),
        controller: vst3.controller().clone(),
        ids: vst3.param_ids().collect(),
        pending: pending.clone(),
        calls: Arc::clone(&calls),
    });
    let handler = handler.to_com_ptr::<IComponentHandler>().context("a handler")?;
    // SAFETY: the plugin takes a reference of its own.
    unsafe { vst3.controller().setComponentHandler(handler.as_ptr()) };
    let state = vst3.save()?;
    set_up(&vst3, track)?;
    let hop = vst3.param_id("Hop")?;
    let ratio = vst3.param_id("Blend ratio")?;
    let audio = Audio {
        processor: vst3.processor().clone(),
        pending: pending.clone(),
        channels: track.count_ones() as usize,
    };
    let stop = AtomicBool::new(false);
    let played_blocks = AtomicUsize::new(0);
    let last = std::thread::scope(|scope| -> Result<Hop> {
        let played = scope.spawn(|| -> Result<usize> {
            let mut blocks = 0;
            while !stop.load(SeqCst) {
                audio.block(&[0.1; BLOCK], REALTIME)?;
                blocks += 1;
                played_blocks.store(blocks, SeqCst);
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(blocks)
        });
        let mut last = Hop::Ms20;
        let ran = (0..12).try_for_each(|round| -> Result<()> {
            let (step, wanted) = HOPS[round % HOPS.len()];
            vst3.load_state(&state)?;
            // SAFETY: null is rejected.
            unsafe { vst3.controller().setComponentState(null_mut()) };
            lock(&pending).push((hop, step));
            std::thread::sleep(Duration::from_millis(60));
            // On a busy machine no block may have been played yet.
            let (from, started) = (played_blocks.load(SeqCst), Instant::now());
            while played_blocks.load(SeqCst) < from + 2 && started.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(Duration::from_millis(1));
            }
            // A call on the main thread, in which the plugin can deliver its restart requests.
            // SAFETY: no arguments.
            unsafe { vst3.processor().getLatencySamples() };
            last = wanted;
            Ok(())
        });
        stop.store(true, SeqCst);
        let played = played
            .join()
            .map_err(|_| anyhow::anyhow!("the audio thread panicked"))?;
        ran?;
        ensure!(played? > 12, "too few blocks were played");
        Ok(last)
    })?;
    let here = std::thread::current().id();
    ensure!(
        lock(&calls).iter().all(|&(_, thread)| thread == here),
        "called on another thread"
    );
    for flag in [LATENCY_CHANGED, VALUES_CHANGED] {
        let count = lock(&calls).iter().filter(|(flags, _)| flags & flag != 0).count();
        ensure!(count > 2, "flag {flag} was sent {count} times");
    }
    // Lets a busy machine deliver what is still pending.
    audio.block(&[0.0; BLOCK], OFFLINE)?;
    let expected = Geometry::new(48_000.0, last, BLOCK)?.latency_samples() as u64;
    let started = Instant::now();
    while vst3.latency() != expected && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(5));
    }
    ensure!(
        vst3.latency() == expected,
        "{} of {expected} samples",
        vst3.latency()
    );
    // SAFETY: plain numbers.
    let is = unsafe { vst3.controller().getParamNormalized(ratio) };
    let fresh = Vst3Instance::load(BLOCK, STEREO, STEREO)?;
    // SAFETY: plain numbers.
    let default = unsafe { fresh.controller().getParamNormalized(ratio) };
    ensure!(
        (is - default).abs() < 1e-6,
        "the ratio is {is}, but was saved as {default}"
    );
    let mut sum_of_squares = 0.0;
    for block in speech.chunks_exact(BLOCK) {
        let [left, right] = audio.block(block, OFFLINE)?;
        ensure!(left == right, "the channels differ");
        sum_of_squares += energy(&left);
    }
    ensure!(sum_of_squares > 1.0, "{track:b}: the voice is silent");
    Ok(())
}

#[test]
fn restarts_and_restored_states_during_audio_keep_the_voice_on_any_surround_track() -> Result<()> {
    for track in TRACKS {
        host(track).with_context(|| format!("track {track:b}"))?;
    }
    Ok(())
}
