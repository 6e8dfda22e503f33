//! The whole plugin in a VST3 host in process, without a voice.

use crate::plugin::Voxmeld;
use voxmeld_export::vst3::test_host::{MAX_BLOCK, OFFLINE, SAMPLE_32, TestHost};

/// VST3's `kResultOk`, and the flag `kIsReadOnly`.
const RESULT_OK: i32 = 0;
const READ_ONLY: i32 = 1 << 1;

fn host() -> TestHost<Voxmeld> {
    TestHost::default()
}

/// Never the speaker's own voice: silence is the default while nothing is loaded.
#[test]
fn offline_render_without_a_voice_is_silent() {
    let host = host();
    host.set_up(OFFLINE);
    host.start();
    for _ in 0..200 {
        let (answer, samples) = host.process(MAX_BLOCK, OFFLINE, SAMPLE_32);
        assert_eq!(answer, RESULT_OK);
        assert!(samples.iter().all(|sample| *sample == 0.0));
    }
    host.stop();
}

#[test]
fn state_that_is_not_nice_plugs_json_is_rejected() {
    let host = host();
    let saved = host.save();
    for garbage in [
        &b""[..],
        b"garbage",
        b"{}",
        b"\xff\xfe\x00",
        br#"{"version":"9","params":[],"fields":{}}"#,
        &saved[..saved.len() / 2],
    ] {
        assert_ne!(host.restore(garbage), RESULT_OK);
    }
    assert_eq!(host.save(), saved);
}

#[test]
fn state_with_values_out_of_range_and_unknown_parameters_is_clamped() {
    let host = host();
    let state = br#"{"version":"9","params":{"blend_ratio":{"f32":1e30},"nobody":{"i32":3}},"fields":{"voice":"[[}"}}"#;
    assert_eq!(host.restore(state), RESULT_OK);
    assert_eq!(host.value(host.id_of("Blend ratio")), 1.0);
}

#[test]
fn only_ratio_applied_and_confidence_are_read_only() {
    let listed = host().parameters();
    assert!(listed.len() < 100, "{} parameters", listed.len());
    let read_only: Vec<&str> = listed
        .iter()
        .filter(|listed| listed.flags & READ_ONLY != 0)
        .map(|listed| listed.title.as_str())
        .collect();
    assert_eq!(read_only, ["Ratio applied", "Confidence"]);
}

#[test]
fn modulation_wheel_moves_the_parameter_mod_wheel() {
    let host = host();
    assert_eq!(host.wheel_id(), Some(host.id_of("Mod wheel")));
}
