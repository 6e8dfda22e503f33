//! Every family of exports, and rejected files.

use super::super::signature::Element::{F16, F32, I64, Other};
use super::super::signature::{Element, tests::port};
use super::*;

type Declared<'a> = (&'a str, Element, &'a [usize]);

const WEBUI: [Declared<'static>; 6] = [
    ("phone", F32, &[1, 0, 768]),
    ("phone_lengths", I64, &[1]),
    ("pitch", I64, &[1, 0]),
    ("pitchf", F32, &[1, 0]),
    ("ds", I64, &[1]),
    ("rnd", F32, &[1, 192, 0]),
];
const VC_CLIENT: [Declared<'static>; 5] = [
    ("feats", F16, &[1, 0, 256]),
    ("p_len", I64, &[1]),
    ("pitch", I64, &[1, 0]),
    ("pitchf", F16, &[1, 0]),
    ("sid", I64, &[1]),
];

fn signature(inputs: &[Declared<'_>], output: Declared<'_>) -> Signature {
    let made = |&(name, element, shape): &Declared<'_>| port(name, element, shape);
    Signature {
        inputs: inputs.iter().map(made).collect(),
        outputs: vec![made(&output)],
    }
}

fn read_with(
    inputs: &[Declared<'_>],
    metadata: Option<&str>,
    facts: GraphFacts,
) -> Result<SynthesizerInterface, SynthesizerInterfaceError> {
    SynthesizerInterface::read(&signature(inputs, ("audio", F32, &[0])), metadata, |_, _| facts)
}

fn read(inputs: &[Declared<'_>]) -> Result<SynthesizerInterface, SynthesizerInterfaceError> {
    read_with(inputs, None, GraphFacts::default())
}

#[test]
fn webui_exports_have_pitch_speaker_and_noise() {
    let facts = GraphFacts {
        speakers: Some(109),
        width: None,
    };
    let found = read_with(&WEBUI, None, facts).expect("a voice");
    assert_eq!(found.family(), Family::WebUi);
    assert_eq!(
        (found.width, found.speakers, found.fixed_frames),
        (768, 109, None)
    );
    assert!(found.has_f0() && found.noise.is_some() && found.crop.is_none());
    // Without noise, and in another order.
    let mut inputs = WEBUI[..5].to_vec();
    inputs.reverse();
    let found = read(&inputs).expect("a voice");
    assert_eq!(found.family(), Family::WebUi);
    assert!(found.noise.is_none());
}

#[test]
fn vc_client_exports_state_rate_and_width_in_their_metadata() {
    let metadata = r#"{"application":"VC_CLIENT","version":"2.1","modelType":"pyTorchRVCv2","samplingRate":40000,"f0":1,"embChannels":768}"#;
    let mut inputs = VC_CLIENT;
    inputs[0].2 = &[1, 0, 0];
    let found = read_with(&inputs, Some(metadata), GraphFacts::default()).expect("a voice");
    assert_eq!(found.family(), Family::VcClient);
    assert_eq!((found.width, found.stated_rate_hz), (768, Some(40_000)));
    assert_eq!(found.embeddings.element, F16);
    // The size of the input takes precedence over the metadata.
    let found = read_with(&VC_CLIENT, Some(metadata), GraphFacts::default()).expect("a voice");
    assert_eq!(found.width, 256);
    for broken in ["", "no JSON", "[]", r#"{"samplingRate":"fast","embChannels":-1}"#] {
        let found = read_with(&VC_CLIENT, Some(broken), GraphFacts::default()).expect("a voice");
        assert_eq!(found.stated_rate_hz, None);
    }
}

#[test]
fn exports_without_pitch_are_voices() {
    let found = read(&[VC_CLIENT[0], VC_CLIENT[1], VC_CLIENT[4]]).expect("a voice");
    assert_eq!((found.family(), found.has_f0()), (Family::VcClient, false));
}

#[test]
fn exports_of_deiteris_crop() {
    let mut inputs = VC_CLIENT.to_vec();
    inputs.extend([
        ("skip_head", I64, &[][..]),
        ("return_length", I64, &[]),
        ("formant_length", I64, &[]),
    ]);
    let found = read(&inputs).expect("a voice");
    assert_eq!(found.family(), Family::Deiteris);
    assert!(found.crop.expect("it crops").formant.is_some());
    inputs.remove(6);
    let error = read(&inputs).expect_err("half of a crop");
    assert!(
        error.to_string().contains("`skip_head` but not `return_length`"),
        "{error}"
    );
}

#[test]
fn obs_rvc_exports_have_neither_lengths_nor_speaker() {
    let found = read(&[WEBUI[0], WEBUI[2], WEBUI[3]]).expect("a voice");
    assert_eq!((found.family(), found.speakers), (Family::ObsRvc, 1));
}

#[test]
fn a_length_that_the_exporter_fixed_is_found() {
    let mut inputs = VC_CLIENT;
    inputs[0].2 = &[1, 1000, 256];
    assert_eq!(read(&inputs).expect("a voice").fixed_frames, Some(1000));
}

#[test]
fn other_names_are_recognized_by_rank_and_type() {
    let found = read(&[
        ("a", F32, &[1, 0, 768]),
        ("b", I64, &[1, 0]),
        ("c", F32, &[1, 0]),
        ("d", F32, &[1, 192, 0]),
    ])
    .expect("a voice");
    let names = |port: &Option<Port>| port.as_ref().map(|port| port.name.clone());
    assert_eq!(found.embeddings.name, "a");
    assert_eq!(names(&found.coarse_pitch).as_deref(), Some("b"));
    assert_eq!(names(&found.pitch).as_deref(), Some("c"));
    assert_eq!(names(&found.noise).as_deref(), Some("d"));
}

#[test]
fn width_is_taken_from_the_weights_or_asked_for() {
    let mut inputs = WEBUI;
    inputs[0].2 = &[1, 0, 0];
    let facts = GraphFacts {
        speakers: None,
        width: Some(768),
    };
    assert_eq!(read_with(&inputs, None, facts).expect("a voice").width, 768);
    let error = read(&inputs).expect_err("no width").to_string();
    assert!(
        error.contains("256 values (RVC v1) or 768 (v2)") && error.contains("`phone`"),
        "{error}"
    );
}

#[test]
fn other_models_are_refused_with_what_they_are() {
    let unknown: Declared<'_> = ("emotion", F32, &[1]);
    let cases: &[(&[Declared<'_>], Declared<'_>, &str)] = &[
        (
            &[("source", F32, &[1, 1, 0])],
            ("embed", F32, &[1, 0, 768]),
            "it is an encoder",
        ),
        (
            &[("audio", F32, &[1, 0])],
            ("units9", F32, &[1, 0, 256]),
            "it is an encoder",
        ),
        (
            &[("audio", F32, &[1, 0]), ("fmin", F32, &[]), ("fmax", F32, &[])],
            ("pitch", Other, &[1, 0]),
            "it is a pitch tracker",
        ),
        (
            &[("x", I64, &[1, 0])],
            ("y", F32, &[1, 10]),
            "none of its inputs (x)",
        ),
        (
            &[WEBUI[0], WEBUI[1], unknown],
            ("audio", F32, &[0]),
            "no known kind of RVC voice has: emotion",
        ),
        (
            &[("phone", F32, &[4, 0, 768])],
            ("audio", F32, &[0]),
            "a batch of that size",
        ),
        (
            &[WEBUI[0], ("ds", F32, &[1])],
            ("audio", F32, &[0]),
            "`ds` has the wrong type",
        ),
        (&[WEBUI[0]], ("audio", I64, &[0]), "no output of floats"),
    ];
    for (inputs, output, words) in cases {
        let read =
            SynthesizerInterface::read(&signature(inputs, *output), None, |_, _| GraphFacts::default());
        let error = read.expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    }
}
