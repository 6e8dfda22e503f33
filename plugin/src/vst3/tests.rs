//! What hosts do to a component, in this process and without a window.

use super::component::Component;
use super::keeper;
use super::memory_stream::MemoryStream;
use nice_plug::wrapper::vst3::vst3::ComWrapper;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ParameterInfo_::ParameterFlags_::kIsReadOnly;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ProcessModes_::{kOffline, kRealtime};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::SymbolicSampleSizes_::{kSample32, kSample64};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{
    AudioBusBuffers, AudioBusBuffers__type0, IAudioProcessorTrait, IComponentTrait, IEditControllerTrait,
    IMidiMappingTrait, ParameterInfo, ProcessData, ProcessSetup,
};
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    IBStream, int32, kInvalidArgument, kNotInitialized, kResultFalse, kResultOk, tresult,
};
use std::ptr::null_mut;

const MAX_BLOCK: i32 = 64;

fn mode(mode: impl TryInto<int32>) -> int32 {
    mode.try_into().ok().expect("the SDK's constants are small")
}

fn set_up(component: &Component, process_mode: int32) {
    let mut setup = ProcessSetup {
        processMode: process_mode,
        symbolicSampleSize: mode(kSample32),
        maxSamplesPerBlock: MAX_BLOCK,
        sampleRate: 48_000.0,
    };
    // SAFETY: the setup outlives the call.
    let answer = unsafe { component.setupProcessing(&raw mut setup) };
    assert_eq!(answer, kResultOk);
}

fn start(component: &Component) {
    // SAFETY: plain numbers, in the order that hosts call.
    unsafe {
        assert_eq!(component.setActive(1), kResultOk);
        component.setProcessing(1);
    }
}

fn stop(component: &Component) {
    // SAFETY: plain numbers, in the order that hosts call.
    unsafe {
        component.setProcessing(0);
        component.setActive(0);
    }
}

/// One block of stereo, in place; gives the host's answer and the samples.
fn process(
    component: &Component,
    samples: i32,
    process_mode: int32,
    sample_size: int32,
) -> (tresult, Vec<f32>) {
    let len = usize::try_from(samples).expect("a length");
    let mut arrangement = 0;
    // SAFETY: `arrangement` outlives the call.
    let answer = unsafe { component.getBusArrangement(1, 0, &raw mut arrangement) };
    assert_eq!(answer, kResultOk);
    let (mut left, mut right) = (vec![0.5_f32; len], vec![0.5_f32; len]);
    let mut channels = [left.as_mut_ptr(), right.as_mut_ptr()];
    let bus = || AudioBusBuffers {
        numChannels: mode(arrangement.count_ones()),
        silenceFlags: 0,
        __field0: AudioBusBuffers__type0 {
            channelBuffers32: channels.as_ptr().cast_mut(),
        },
    };
    let (mut input, mut output) = (bus(), bus());
    let mut data = ProcessData {
        processMode: process_mode,
        symbolicSampleSize: sample_size,
        numSamples: samples,
        numInputs: 1,
        numOutputs: 1,
        inputs: &raw mut input,
        outputs: &raw mut output,
        inputParameterChanges: null_mut(),
        outputParameterChanges: null_mut(),
        inputEvents: null_mut(),
        outputEvents: null_mut(),
        processContext: null_mut(),
    };
    // SAFETY: everything that the data points to outlives the call.
    let answer = unsafe { IAudioProcessorTrait::process(component, &raw mut data) };
    channels.reverse();
    (answer, left)
}

fn block(component: &Component, process_mode: int32) -> tresult {
    process(component, MAX_BLOCK, process_mode, mode(kSample32)).0
}

fn first_id(component: &Component) -> u32 {
    // SAFETY: all zero is a valid `ParameterInfo`: numbers and character arrays.
    let mut info: ParameterInfo = unsafe { std::mem::zeroed() };
    // SAFETY: `info` outlives the call.
    let answer = unsafe { component.getParameterInfo(0, &raw mut info) };
    assert_eq!(answer, kResultOk);
    info.id
}

fn value(component: &Component, id: u32) -> f64 {
    // SAFETY: plain numbers.
    unsafe { component.getParamNormalized(id) }
}

fn set(component: &Component, id: u32, value: f64) {
    // SAFETY: plain numbers.
    unsafe { component.setParamNormalized(id, value) };
}

fn save(component: &Component) -> Vec<u8> {
    let stream = ComWrapper::new(MemoryStream::default());
    let pointer = stream.to_com_ptr::<IBStream>().expect("it is a stream");
    // SAFETY: the stream outlives the call.
    let answer = unsafe { IComponentTrait::getState(component, pointer.as_ptr()) };
    assert_eq!(answer, kResultOk);
    stream.bytes()
}

fn restore(component: &Component, state: &[u8]) -> tresult {
    let stream = ComWrapper::new(MemoryStream::new(state.to_vec()));
    let pointer = stream.to_com_ptr::<IBStream>().expect("it is a stream");
    // SAFETY: the stream outlives the call.
    unsafe { IComponentTrait::setState(component, pointer.as_ptr()) }
}

#[test]
fn each_blocks_mode_reaches_the_plugin() {
    let component = Component::default();
    set_up(&component, mode(kRealtime));
    start(&component);
    for (process_mode, offline) in [
        (mode(kRealtime), false),
        (mode(kOffline), true),
        (mode(kRealtime), false),
    ] {
        assert_eq!(block(&component, process_mode), kResultOk);
        assert_eq!(component.instance.link.is_offline(), offline);
    }
    stop(&component);
}

#[test]
fn calls_that_would_end_the_host_are_refused() {
    let component = Component::default();
    assert_eq!(
        block(&component, mode(kRealtime)),
        kNotInitialized,
        "before setupProcessing"
    );
    set_up(&component, mode(kRealtime));
    start(&component);
    let refused = |samples, size| process(&component, samples, mode(kRealtime), size).0;
    assert_eq!(
        refused(MAX_BLOCK + 1, mode(kSample32)),
        kInvalidArgument,
        "a block above the maximum"
    );
    assert_eq!(
        refused(MAX_BLOCK, mode(kSample64)),
        kInvalidArgument,
        "double precision"
    );
    assert_eq!(
        refused(0, mode(kSample32)),
        kResultOk,
        "no samples: a parameter flush"
    );
    // SAFETY: no arguments.
    let count = unsafe { component.getParameterCount() };
    // SAFETY: all zero is a valid `ParameterInfo`: numbers and character arrays.
    let mut info: ParameterInfo = unsafe { std::mem::zeroed() };
    // SAFETY: `info` outlives the call.
    let answer = unsafe { component.getParameterInfo(count, &raw mut info) };
    assert_eq!(answer, kInvalidArgument, "one past the last");
    stop(&component);
}

/// Never the speaker's own voice: silence is the default while nothing is loaded.
#[test]
fn without_a_voice_the_input_does_not_leak() {
    let component = Component::default();
    set_up(&component, mode(kOffline));
    start(&component);
    for _ in 0..200 {
        let (answer, samples) = process(&component, MAX_BLOCK, mode(kOffline), mode(kSample32));
        assert_eq!(answer, kResultOk);
        assert!(samples.iter().all(|sample| *sample == 0.0));
    }
    stop(&component);
}

/// A stopped host sets a value, saves, and gets it back; restored state wins over it.
#[test]
fn a_value_set_between_blocks_is_saved_and_a_restored_one_is_newer() {
    let component = Component::default();
    let id = first_id(&component);
    set_up(&component, mode(kRealtime));
    start(&component);
    let before = save(&component);
    block(&component, mode(kRealtime));
    set(&component, id, 0.125);
    assert_eq!(value(&component, id), 0.125);
    let after = save(&component);
    assert_ne!(before, after);
    set(&component, id, 0.9);
    assert_eq!(restore(&component, &after), kResultOk);
    assert_eq!(value(&component, id), 0.125);
    stop(&component);
}

#[test]
fn garbage_as_state_is_refused_and_changes_nothing() {
    let component = Component::default();
    let before = save(&component);
    for garbage in [
        &b""[..],
        b"garbage",
        b"{}",
        b"\xff\xfe\x00",
        br#"{"version":"9","params":[],"fields":{}}"#,
        &before[..before.len() / 2],
    ] {
        assert_ne!(restore(&component, garbage), kResultOk);
    }
    // Well-formed, but nonsense inside: taken as far as it goes.
    let nonsense = br#"{"version":"9","params":{"blend_ratio":{"f32":1e30},"nobody":{"i32":3}},"fields":{"voice":"[[}"}}"#;
    assert_eq!(restore(&component, nonsense), kResultOk);
    assert_eq!(value(&component, first_id(&component)), 1.0);
}

/// nice-plug's shared thread must neither die with an instance nor take the
/// process with it, however many parameter tasks are on their way.
#[test]
fn instances_come_and_go_under_automation() {
    for round in 0..20 {
        let component = Component::default();
        let other = Component::default();
        let id = first_id(&component);
        std::thread::scope(|scope| {
            for thread in 0..2 {
                let component = component.instance.clone();
                scope.spawn(move || {
                    for step in 0..300_u32 {
                        let value = f64::from((step + thread) % 100) / 100.0;
                        // SAFETY: plain numbers.
                        unsafe { IEditControllerTrait::setParamNormalized(&component.wrapper, id, value) };
                    }
                });
            }
        });
        drop(component);
        assert!(keeper::drain(), "the shared thread died in round {round}");
        drop(other);
    }
}

/// All parameters by title, with id and flags.
fn listed(component: &Component) -> Vec<(String, u32, i32)> {
    // SAFETY: no arguments.
    let count = unsafe { component.getParameterCount() };
    (0..count)
        .map(|index| {
            // SAFETY: all zero is a valid `ParameterInfo`: numbers and character arrays.
            let mut info: ParameterInfo = unsafe { std::mem::zeroed() };
            // SAFETY: `info` outlives the call.
            let answer = unsafe { component.getParameterInfo(index, &raw mut info) };
            assert_eq!(answer, kResultOk);
            let title = info.title;
            let end = title
                .iter()
                .position(|&letter| letter == 0)
                .unwrap_or(title.len());
            (String::from_utf16_lossy(&title[..end]), info.id, info.flags)
        })
        .collect()
}

#[test]
fn outputs_are_read_only_and_no_midi_parameter_is_listed() {
    let component = Component::default();
    let all = listed(&component);
    assert!(all.len() < 100, "{} parameters", all.len());
    let read_only = i32::try_from(i64::from(kIsReadOnly)).expect("a flag");
    for (title, _, flags) in &all {
        let output = matches!(title.as_str(), "Ratio applied" | "Confidence");
        assert_eq!(flags & read_only != 0, output, "{title}");
    }
}

#[test]
fn the_modulation_wheel_is_mapped_to_its_parameter_and_nothing_else_is() {
    let component = Component::default();
    let all = listed(&component);
    let wheel = all
        .iter()
        .find(|(title, ..)| title == "Mod wheel")
        .expect("a wheel")
        .1;
    let mut id = 0;
    // SAFETY: `id` outlives the calls.
    unsafe {
        assert_eq!(
            component.getMidiControllerAssignment(0, 3, 1, &raw mut id),
            kResultOk
        );
        assert_eq!(id, wheel);
        assert_ne!(
            component.getMidiControllerAssignment(0, 0, 7, &raw mut id),
            kResultOk
        );
        assert_ne!(
            component.getMidiControllerAssignment(0, 0, 1, null_mut()),
            kResultOk
        );
    }
}

/// Hosts switch a side chain off by giving it no channels; others give it one
/// channel or two beside any track. All must do, and be what the host is told.
#[test]
fn a_side_chain_of_any_channels_is_taken() {
    const MONO: u64 = 1 << 19;
    const STEREO: u64 = 0b11;
    const SURROUND: u64 = 0b11_1111;
    let component = Component::default();
    for main in [STEREO, MONO] {
        for (side, inputs) in [(STEREO, 2), (MONO, 2), (SURROUND, 2), (0, 2), (0, 1)] {
            let (mut ins, mut outs) = ([main, side], [main]);
            // SAFETY: both arrays are as long as is said.
            let answer = unsafe {
                IAudioProcessorTrait::setBusArrangements(
                    &component,
                    ins.as_mut_ptr(),
                    inputs,
                    outs.as_mut_ptr(),
                    1,
                )
            };
            if side == SURROUND {
                assert_eq!(answer, kResultFalse);
                continue;
            }
            assert_eq!(
                answer, kResultOk,
                "track {main}, side chain {side}, {inputs} inputs"
            );
            if inputs == 2 {
                let mut seen = u64::MAX;
                // SAFETY: `seen` outlives the call.
                let answer = unsafe { component.getBusArrangement(0, 1, &raw mut seen) };
                assert_eq!((answer, seen), (kResultOk, side));
            }
            set_up(&component, mode(kRealtime));
            start(&component);
            assert_eq!(block(&component, mode(kRealtime)), kResultOk);
            stop(&component);
        }
    }
}
