//! Sessions of every format that was ever written, kept as files.

use super::*;
use crate::params::VoxmeldParams;
use nice_plug::prelude::Params;
use std::path::PathBuf;
use voxmeld_core::controls::{
    BlendSettings, Curves, LevelCurve, Listen, Morph, Scene, Temperature, VoicingCurve, Weighting,
    WeightingKind,
};
use voxmeld_core::engine::Engine;
use voxmeld_core::selection::{FileRef, IndexRef, PackRef, VoiceSelection};

/// A session as a CLAP host stored it: 8 bytes of length, then JSON.
fn kept(name: &str) -> PluginState {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/data/states")
        .join(name);
    let bytes = std::fs::read(&path).expect("kept in the repository");
    serde_json::from_slice(&bytes[8..]).expect("JSON")
}

/// Restores the fields of a session.
fn restored(mut state: PluginState) -> VoxmeldParams {
    let params = VoxmeldParams::new(Engine::new().handle());
    upgrade(&mut state);
    params.deserialize_fields(&state.fields);
    params
}

fn level(depth: f32, points: [f32; 3]) -> LevelCurve {
    LevelCurve { depth, points }
}

/// The scenes of the kept sessions.
fn two_scenes() -> [Scene; 2] {
    let a = Scene {
        ratio: 0.125,
        blend: BlendSettings {
            trust: 0.25,
            curves: Curves {
                voicing: VoicingCurve {
                    depth: 0.5,
                    unvoiced: 0.2,
                    voiced: 0.9,
                },
                loudness: level(0.375, [0.1, 0.6, 0.8]),
                pitch: level(0.75, [0.05, 0.45, 0.95]),
            },
            morph: Morph {
                weights: [0.5, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.125],
                pad: None,
            },
            continuity: 0.0625,
            listen: Listen::Live,
            weighting: Weighting::default(),
        },
    };
    let b = Scene {
        ratio: 0.875,
        blend: BlendSettings {
            trust: 0.75,
            curves: Curves {
                voicing: VoicingCurve {
                    depth: 1.0,
                    unvoiced: 0.4,
                    voiced: 0.7,
                },
                loudness: level(0.0, [0.3, 0.2, 0.1]),
                pitch: level(0.25, [0.15, 0.55, 0.65]),
            },
            morph: Morph {
                weights: [0.0, 1.0, 0.75, 0.5, 0.25, 0.125, 0.0625, 0.031_25],
                pad: Some([0.2, 0.85]),
            },
            continuity: 0.5,
            listen: Listen::Difference,
            weighting: Weighting::default(),
        },
    };
    [a, b]
}

#[test]
fn every_kept_session_with_two_scenes_restores_them_exactly() {
    for name in ["two-scenes-0.1.0.clap-state", "two-scenes-format-2.clap-state"] {
        let params = restored(kept(name));
        assert_eq!(params.blend.scenes.scenes(), two_scenes(), "{name}");
        assert_eq!(params.blend.scenes.problem(), None, "{name}");
        assert_eq!(params.format.problem(), None, "{name}");
        let selection = params.voice.selection();
        assert_eq!(selection.index, Some(IndexRef::Pack("am_michael".into())));
        assert_eq!(
            selection.others,
            Some(vec![IndexRef::Pack("af_heart".into()), IndexRef::None])
        );
        assert_eq!(selection.takes["Heart (woman)"]["a b.wav"], 30);
    }
}

#[test]
fn a_kept_session_with_files_of_the_users_restores_their_paths() {
    let file = |path: &str| IndexRef::File(FileRef::at(path));
    let expected = VoiceSelection {
        pack: PackRef::None,
        encoder: Some(FileRef {
            path: "/Stimmen/Gehör.onnx".into(),
            sha256: Some("ab".repeat(32)),
            len_bytes: Some(7),
        }),
        synthesizer: Some(FileRef::at("/Stimmen/mit Leerzeichen/声.onnx")),
        index: Some(file("/Stimmen/eigene.index")),
        others: Some(vec![file("/Stimmen/andere.index")]),
        ..VoiceSelection::nothing()
    };
    let params = restored(kept("own-files-0.1.0.clap-state"));
    assert_eq!(params.voice.selection(), expected);
}

#[test]
fn a_session_is_saved_in_todays_format_and_read_back() {
    let params = restored(kept("two-scenes-0.1.0.clap-state"));
    let fields = params.serialize_fields();
    assert_eq!(fields["format"], FORMAT.to_string());
    let again = PluginState {
        fields,
        ..kept("defaults-0.1.0.clap-state")
    };
    assert_eq!(restored(again).blend.scenes.scenes(), two_scenes());
}

#[test]
fn a_newer_session_is_named_and_an_older_one_after_it_is_not() {
    let mut newer = kept("defaults-0.1.0.clap-state");
    newer.fields.insert("format".into(), (FORMAT + 1).to_string());
    newer
        .fields
        .insert("scenes".into(), r#"{"a":{"ratio":0.5}}"#.into());
    let params = restored(newer);
    assert!(params.format.problem().is_some_and(|why| why.contains("newer")));
    assert_eq!(
        params.blend.scenes.scenes()[0].ratio,
        0.5,
        "what is known is read"
    );
    let mut older = kept("defaults-0.1.0.clap-state");
    upgrade(&mut older);
    params.deserialize_fields(&older.fields);
    assert_eq!(params.format.problem(), None);
}

#[test]
fn damaged_scenes_of_the_first_format_are_reported_and_change_nothing() {
    for damaged in ["[[1.0],[2.0]]", "[[]]", "", "[[1e99,2]]"] {
        let mut state = kept("two-scenes-0.1.0.clap-state");
        state.fields.insert("scenes".into(), damaged.into());
        let params = restored(state);
        assert_eq!(
            params.blend.scenes.scenes()[1].ratio,
            1.0,
            "{damaged}: the default"
        );
        assert_eq!(
            params.voice.selection().index,
            Some(IndexRef::Pack("am_michael".into()))
        );
    }
}

#[test]
fn scenes_of_28_numbers_without_keys_restore_all_of_them() {
    let mut state = kept("two-scenes-0.1.0.clap-state");
    let mut numbers: Vec<Vec<f32>> = serde_json::from_str(&state.fields["scenes"]).expect("lists");
    numbers[1].extend([2.0, 1.5]);
    let text = serde_json::to_string(&numbers).expect("numbers");
    state.fields.insert("scenes".into(), text);
    let mut expected = two_scenes();
    expected[1].blend.weighting = Weighting {
        kind: WeightingKind::Softmax,
        temperature: Temperature(1.5),
    };
    assert_eq!(restored(state).blend.scenes.scenes(), expected);
}
