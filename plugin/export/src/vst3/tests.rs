//! What hosts do to a component, in this process and without a window.

use super::background_thread_guard;
use super::test_host::{MAX_BLOCK, OFFLINE, REALTIME, SAMPLE_32, TestHost};
use crate::test_plugin::TestPlugin;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ParameterInfo_::ParameterFlags_::kIsReadOnly;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::SymbolicSampleSizes_::kSample64;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    IAudioProcessorTrait, IEditControllerTrait, IMidiMappingTrait,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    int32, kInvalidArgument, kNotInitialized, kResultFalse, kResultOk, tresult,
};
use std::ptr::null_mut;

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
    let answer = host.process(MAX_BLOCK + 1, REALTIME, SAMPLE_32).0;
    assert_eq!(answer, kInvalidArgument);
    host.stop();
}

#[test]
fn block_of_double_precision_is_rejected() {
    let host = started(REALTIME);
    let double = int32::try_from(i64::from(kSample64)).expect("a small constant");
    assert_eq!(host.process(MAX_BLOCK, REALTIME, double).0, kInvalidArgument);
    host.stop();
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

/// nice-plug's shared thread must neither die with an instance nor take the
/// process with it, however many parameter tasks are queued.
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
            "the shared thread died in round {round}"
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

/// Hosts switch a side chain off by giving it no channels; others give it one
/// channel or two beside any track.
#[test]
fn side_chain_of_two_channels_one_and_none_is_accepted_beside_any_track_and_six_are_not() {
    const MONO: u64 = 1 << 19;
    const STEREO: u64 = 0b11;
    const SURROUND: u64 = 0b11_1111;
    let host = host();
    for main in [STEREO, MONO] {
        assert_eq!(set_arrangements(&host, main, SURROUND, 2), kResultFalse);
        for (side, inputs) in [(STEREO, 2), (MONO, 2), (0, 2), (0, 1)] {
            assert_eq!(
                set_arrangements(&host, main, side, inputs),
                kResultOk,
                "track {main}, side chain {side}, {inputs} inputs"
            );
            if inputs == 2 {
                let mut seen = u64::MAX;
                // SAFETY: `seen` outlives the call.
                let answer = unsafe { host.component.getBusArrangement(0, 1, &raw mut seen) };
                assert_eq!((answer, seen), (kResultOk, side));
            }
            host.set_up(REALTIME);
            host.start();
            assert_eq!(host.block(REALTIME), kResultOk);
            host.stop();
        }
    }
}

fn set_arrangements(host: &TestHost<TestPlugin>, main: u64, side: u64, inputs: int32) -> tresult {
    let (mut ins, mut outs) = ([main, side], [main]);
    // SAFETY: both arrays are as long as is said.
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
