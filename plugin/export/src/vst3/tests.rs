//! The component in a host, in this process and without a window.

use super::background_thread_guard;
use super::test_host::{MAX_BLOCK, OFFLINE, REALTIME, SAMPLE_32, TestHost};
use crate::test_plugin::TestPlugin;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ParameterInfo_::ParameterFlags_::kIsReadOnly;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::SymbolicSampleSizes_::kSample64;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    BusInfo, IAudioProcessorTrait, IComponentTrait, IEditControllerTrait, IMidiMappingTrait, ProcessSetup,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    int32, kInvalidArgument, kNotInitialized, kResultFalse, kResultOk, tresult,
};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

fn host() -> TestHost<TestPlugin> {
    TestHost::default()
}

fn started(process_mode: int32) -> TestHost<TestPlugin> {
    let host = host();
    host.set_up(process_mode);
    host.start();
    host
}

#[test]
fn process_mode_of_each_block_reaches_the_plugin() {
    let host = started(REALTIME);
    for (process_mode, sample) in [
        (REALTIME, TestPlugin::LIVE_SAMPLE),
        (OFFLINE, TestPlugin::OFFLINE_SAMPLE),
        (REALTIME, TestPlugin::LIVE_SAMPLE),
    ] {
        let (answer, samples) = host.process(MAX_BLOCK, process_mode, SAMPLE_32);
        assert_eq!(answer, kResultOk);
        assert!(samples.iter().all(|&is| is == sample));
    }
    host.stop();
}

#[test]
fn block_before_setup_is_not_initialized() {
    assert_eq!(host().block(REALTIME), kNotInitialized);
}

#[test]
fn block_above_the_maximum_is_rejected() {
    let host = started(REALTIME);
    let (answer, samples) = host.process(MAX_BLOCK + 1, REALTIME, SAMPLE_32);
    assert_eq!(answer, kInvalidArgument);
    assert!(
        samples.iter().all(|&is| is == 0.0),
        "the input is left in the output"
    );
    host.stop();
}

#[test]
fn block_of_double_precision_is_rejected() {
    let host = started(REALTIME);
    let double = int32::try_from(i64::from(kSample64)).expect("a small constant");
    let (answer, samples) = host.process(MAX_BLOCK, REALTIME, double);
    assert_eq!(answer, kInvalidArgument);
    assert!(
        samples.iter().all(|&is| is == 0.0),
        "the input is left in the output"
    );
    host.stop();
    let mut setup = ProcessSetup {
        processMode: REALTIME,
        symbolicSampleSize: double,
        maxSamplesPerBlock: MAX_BLOCK,
        sampleRate: 48_000.0,
    };
    // SAFETY: the setup outlives the call.
    unsafe {
        assert_eq!(host.component.canProcessSampleSize(double), kResultFalse);
        assert_eq!(host.component.setupProcessing(&raw mut setup), kInvalidArgument);
    }
}

#[test]
fn block_of_no_samples_is_accepted_as_a_parameter_flush() {
    let host = started(REALTIME);
    assert_eq!(host.process(0, REALTIME, SAMPLE_32).0, kResultOk);
    host.stop();
}

#[test]
fn parameter_index_one_past_the_last_is_rejected() {
    let host = host();
    let count = int32::try_from(host.parameters().len()).expect("a few");
    assert_eq!(host.parameter_info(count).0, kInvalidArgument);
}

#[test]
fn value_set_after_the_last_block_is_read_and_saved() {
    let host = started(REALTIME);
    let gain = host.id_of("Gain");
    let before = host.save();
    host.block(REALTIME);
    host.set_value(gain, 0.125);
    assert_eq!(host.value(gain), 0.125);
    assert_ne!(before, host.save());
    host.stop();
}

#[test]
fn restored_state_replaces_a_value_set_after_the_last_block() {
    let host = started(REALTIME);
    let gain = host.id_of("Gain");
    host.block(REALTIME);
    host.set_value(gain, 0.125);
    let saved = host.save();
    host.set_value(gain, 0.9);
    assert_eq!(host.restore(&saved), kResultOk);
    assert_eq!(host.value(gain), 0.125);
    host.stop();
}

/// nice-plug's shared thread must neither end with an instance nor abort the
/// process, however many parameter tasks are queued.
#[test]
fn background_thread_survives_instances_dropped_under_automation() {
    for round in 0..20 {
        let (dropped, other) = (host(), host());
        let gain = dropped.id_of("Gain");
        std::thread::scope(|scope| {
            for thread in 0..2 {
                let instance = dropped.component.instance.clone();
                scope.spawn(move || {
                    for step in 0..300_u32 {
                        let value = f64::from((step + thread) % 100) / 100.0;
                        // SAFETY: plain numbers.
                        unsafe { IEditControllerTrait::setParamNormalized(&instance.wrapper, gain, value) };
                    }
                });
            }
        });
        drop(dropped);
        assert!(
            background_thread_guard::drain(),
            "the shared thread ended in round {round}"
        );
        drop(other);
    }
}

#[test]
fn only_output_parameters_are_read_only_and_none_of_midi_is_listed() {
    let read_only = int32::try_from(i64::from(kIsReadOnly)).expect("a flag");
    let listed = host().parameters();
    let listed: Vec<(&str, bool)> = listed
        .iter()
        .map(|listed| (listed.title.as_str(), listed.flags & read_only != 0))
        .collect();
    let expected = [
        ("Gain", false),
        ("Steps", false),
        ("Wheel", false),
        ("First output", true),
        ("Second output", true),
    ];
    assert_eq!(listed, expected);
}

#[test]
fn controller_1_is_mapped_to_the_wheel_parameter_and_controller_7_is_not_mapped() {
    let host = host();
    let wheel = host.id_of("Wheel");
    let mut id = 0;
    // SAFETY: `id` outlives the calls.
    let mut assigned = |bus, channel, controller| unsafe {
        host.component
            .getMidiControllerAssignment(bus, channel, controller, &raw mut id)
    };
    assert_eq!(assigned(0, 0, 7), kResultFalse);
    assert_eq!(assigned(1, 0, 1), kResultFalse);
    assert_eq!(assigned(0, 3, 1), kResultOk);
    assert_eq!(id, wheel);
    // SAFETY: null is rejected.
    let answer = unsafe { host.component.getMidiControllerAssignment(0, 0, 1, null_mut()) };
    assert_eq!(answer, kResultFalse);
}

const MONO: u64 = 1 << 19;
const STEREO: u64 = 0b11;
const SURROUND_51: u64 = 0b11_1111;

/// Some hosts switch a side chain off by giving it no channels; others give it one
/// or more channels whatever the track has.
#[test]
fn side_chain_with_0_1_2_or_6_channels_is_accepted_for_any_track() {
    let host = host();
    for main in [STEREO, MONO] {
        for (side, inputs) in [(STEREO, 2), (MONO, 2), (0, 2), (SURROUND_51, 2), (0, 1)] {
            assert_eq!(
                set_arrangements(&host, [main, side], inputs, main),
                kResultOk,
                "track {main}, side chain {side}, {inputs} inputs"
            );
            if inputs == 2 {
                assert_eq!(arrangement(&host, 0, 1), side);
            }
            host.set_up(REALTIME);
            host.start();
            assert_eq!(host.block(REALTIME), kResultOk);
            host.stop();
        }
    }
}

/// 2.1, 4.0, 5.1 and 7.1: all channels after the first two are silent.
#[test]
fn surround_track_is_accepted_and_has_output_on_its_first_two_channels() {
    let host = host();
    for track in [
        0b1011,
        0b10_0000_0011,
        0b11_0011,
        SURROUND_51,
        0b110_0011_1111,
        STEREO,
        MONO,
    ] {
        assert_eq!(
            set_arrangements(&host, [track, STEREO], 2, track),
            kResultOk,
            "{track:b}"
        );
        for direction in [0, 1] {
            assert_eq!(arrangement(&host, direction, 0), track);
            // SAFETY: all zero is a valid description: numbers and characters.
            let mut info: BusInfo = unsafe { std::mem::zeroed() };
            // SAFETY: `info` outlives the call.
            unsafe { host.component.getBusInfo(0, direction, 0, &raw mut info) };
            assert_eq!(u32::try_from(info.channelCount), Ok(track.count_ones()));
        }
        host.set_up(REALTIME);
        host.start();
        let (answer, channels) = host.process_channels(MAX_BLOCK, REALTIME, SAMPLE_32);
        assert_eq!(answer, kResultOk);
        for (n, channel) in channels.iter().enumerate() {
            let expected = if n < 2 { TestPlugin::LIVE_SAMPLE } else { 0.0 };
            assert!(channel.iter().all(|&is| is == expected), "{track:b}, channel {n}");
        }
        host.stop();
    }
}

#[test]
fn arrangements_without_a_main_bus_or_with_mono_to_stereo_are_rejected_and_change_nothing() {
    let host = host();
    assert_eq!(
        set_arrangements(&host, [SURROUND_51, STEREO], 2, SURROUND_51),
        kResultOk
    );
    for (main, inputs, output) in [
        (0, 2, 0),
        (MONO, 2, STEREO),
        (STEREO, 2, MONO),
        (STEREO, 3, STEREO),
        (0, 0, 0),
    ] {
        assert_eq!(
            set_arrangements(&host, [main, STEREO], inputs, output),
            kResultFalse
        );
        assert_eq!(arrangement(&host, 0, 0), SURROUND_51);
    }
    // SAFETY: null is rejected.
    let answer = unsafe { host.component.setBusArrangements(null_mut(), 2, null_mut(), 1) };
    assert_eq!(answer, kResultFalse);
}

/// Another thread keeps processing while the host activates and deactivates. Each block is either
/// the plugin's output or silence.
#[test]
fn blocks_during_activation_and_deactivation_are_whole_or_silent() {
    let host = started(REALTIME);
    let stop = AtomicBool::new(false);
    let has_sounded = AtomicUsize::new(0);
    let player = Player(&host);
    std::thread::scope(|scope| {
        let played = scope.spawn(|| {
            let player = &player;
            let (mut sounding, mut silent) = (0, 0);
            while !stop.load(SeqCst) {
                let (answer, samples) = player.0.process(MAX_BLOCK, REALTIME, SAMPLE_32);
                assert_eq!(answer, kResultOk);
                assert!(samples.iter().all(|&is| is == samples[0]));
                if samples[0] == 0.0 {
                    silent += 1;
                } else {
                    assert_eq!(samples[0], TestPlugin::LIVE_SAMPLE);
                    sounding += 1;
                    has_sounded.store(sounding, SeqCst);
                }
            }
            (sounding, silent)
        });
        let mut rounds = 0;
        // On a busy machine the other thread may not run at all in 200 rounds.
        while rounds < 200 || (has_sounded.load(SeqCst) == 0 && rounds < 200_000) {
            rounds += 1;
            host.stop();
            std::thread::yield_now();
            host.set_up(REALTIME);
            host.start();
            std::thread::sleep(Duration::from_micros(200));
        }
        stop.store(true, SeqCst);
        let (sounding, silent) = played.join().expect("no block is torn");
        assert!(sounding > 0, "{sounding} blocks sounded, {silent} were silent");
    });
    host.stop();
}

/// Lets another thread call `process`, as hosts do.
struct Player<'a>(&'a TestHost<TestPlugin>);

// SAFETY: the only call made there is `process`, which hosts make concurrently with all others.
unsafe impl Sync for Player<'_> {}

fn arrangement(host: &TestHost<TestPlugin>, direction: int32, index: int32) -> u64 {
    let mut seen = u64::MAX;
    // SAFETY: `seen` outlives the call.
    let answer = unsafe { host.component.getBusArrangement(direction, index, &raw mut seen) };
    assert_eq!(answer, kResultOk);
    seen
}

fn set_arrangements(host: &TestHost<TestPlugin>, ins: [u64; 2], inputs: int32, output: u64) -> tresult {
    let (mut ins, mut outs) = ([ins[0], ins[1], 0], [output]);
    // SAFETY: both arrays have the given lengths.
    unsafe {
        IAudioProcessorTrait::setBusArrangements(
            &host.component,
            ins.as_mut_ptr(),
            inputs,
            outs.as_mut_ptr(),
            1,
        )
    }
}
