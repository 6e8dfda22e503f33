//! Properties that sessions and automation lanes depend on.

use super::*;
use voxmeld_core::controls::{BlendSettings, Drive, Scene};
use voxmeld_core::engine::Engine;

fn params() -> VoxmeldParams {
    VoxmeldParams::new(Engine::new().handle())
}

/// Sessions and automation lanes refer to these; a change breaks them.
#[test]
fn ids_order_ranges_and_defaults_are_stable() {
    let params = params();
    let table: Vec<_> = params
        .param_map()
        .into_iter()
        .map(|(id, ptr, _)| {
            // SAFETY: `params` outlives the pointers.
            let (unit, steps, low, high, default) = unsafe {
                (
                    ptr.unit().to_owned(),
                    ptr.step_count(),
                    ptr.preview_plain(0.0),
                    ptr.preview_plain(1.0),
                    ptr.preview_plain(ptr.default_normalized_value()),
                )
            };
            (id, unit, steps, low, high, default)
        })
        .collect();
    let table: Vec<_> = table
        .iter()
        .map(|(id, unit, steps, low, high, default)| {
            (id.as_str(), unit.as_str(), *steps, *low, *high, *default)
        })
        .collect();
    assert_eq!(
        table,
        [
            ("blend_ratio", " %", None, 0.0, 100.0, 50.0),
            ("pitch_shift", " st", None, -24.0, 24.0, 0.0),
            ("speaker", "", Some(127), 0.0, 127.0, 0.0),
            ("dry_wet", " %", None, 0.0, 100.0, 100.0),
            ("input_gain", " dB", None, -48.0, 24.0, 0.0),
            ("output_gain", " dB", None, -48.0, 24.0, 0.0),
            ("n_probe", "", Some(63), 1.0, 64.0, 1.0),
            ("auto_probes", "", Some(1), 0.0, 1.0, 0.0),
            ("k", "", Some(63), 1.0, 64.0, 8.0),
            ("loudness_follow", " %", None, 0.0, 100.0, 0.0),
            ("when_not_ready", "", Some(1), 0.0, 1.0, 0.0),
            ("hop", "", Some(6), 0.0, 6.0, 0.0),
            ("host_block", "", Some(8), 0.0, 8.0, 0.0),
            ("safety_buffer", " ms", Some(200), 0.0, 200.0, 0.0),
            ("input", "", Some(4), 0.0, 4.0, 0.0),
            ("gate", "", Some(2), 0.0, 2.0, 1.0),
            ("noise_suppression", "", Some(1), 0.0, 1.0, 0.0),
            ("eight_bits", "", Some(1), 0.0, 1.0, 0.0),
            ("bypass", "", Some(1), 0.0, 1.0, 0.0),
            ("trust", " %", None, 0.0, 100.0, 0.0),
            ("continuity", " %", None, 0.0, 100.0, 0.0),
            ("listen", "", Some(3), 0.0, 3.0, 0.0),
            ("weighting", "", Some(3), 0.0, 3.0, 0.0),
            ("weighting_temperature", "", None, 0.01, 10.0, 0.499_999_97),
            ("ratio_glide", " ms", None, 0.0, 500.0, 0.0),
            ("voicing_depth", " %", None, 0.0, 100.0, 0.0),
            ("voicing_unvoiced", " %", None, 0.0, 100.0, 33.0),
            ("voicing_voiced", " %", None, 0.0, 100.0, 100.0),
            ("loudness_depth", " %", None, 0.0, 100.0, 0.0),
            ("loudness_low", " %", None, 0.0, 100.0, 0.0),
            ("loudness_mid", " %", None, 0.0, 100.0, 50.0),
            ("loudness_high", " %", None, 0.0, 100.0, 100.0),
            ("pitch_depth", " %", None, 0.0, 100.0, 0.0),
            ("pitch_low", " %", None, 0.0, 100.0, 0.0),
            ("pitch_mid", " %", None, 0.0, 100.0, 50.0),
            ("pitch_high", " %", None, 0.0, 100.0, 100.0),
            ("morph_by", "", Some(1), 0.0, 1.0, 0.0),
            ("morph_x", " %", None, 0.0, 100.0, 50.0),
            ("morph_y", " %", None, 0.0, 100.0, 50.0),
            ("morph_1", " %", None, 0.0, 100.0, 100.0),
            ("morph_2", " %", None, 0.0, 100.0, 0.0),
            ("morph_3", " %", None, 0.0, 100.0, 0.0),
            ("morph_4", " %", None, 0.0, 100.0, 0.0),
            ("morph_5", " %", None, 0.0, 100.0, 0.0),
            ("morph_6", " %", None, 0.0, 100.0, 0.0),
            ("morph_7", " %", None, 0.0, 100.0, 0.0),
            ("morph_8", " %", None, 0.0, 100.0, 0.0),
            ("side_depth", " %", None, -100.0, 100.0, 0.0),
            ("side_attack", " ms", None, 0.0, 500.0, 5.0),
            ("side_release", " ms", None, 0.0, 2000.0, 100.0),
            ("wheel_depth", " %", None, -100.0, 100.0, 0.0),
            ("wheel", " %", None, 0.0, 100.0, 0.0),
            ("scenes_on", "", Some(1), 0.0, 1.0, 0.0),
            ("scene_morph", " %", None, 0.0, 100.0, 0.0),
            ("out_ratio", " %", None, 0.0, 100.0, 0.0),
            ("out_confidence", " %", None, 0.0, 100.0, 0.0),
            ("f0_min", " Hz", None, 50.0, 400.0, 50.0),
            ("f0_max", " Hz", None, 100.0, 1100.0, 1100.0),
            ("octave_guard", " ms", None, 0.0, 500.0, 0.0),
            ("f0_smoothing", " ms", None, 0.0, 200.0, 0.0),
            ("auto_pitch", "", Some(1), 0.0, 1.0, 0.0),
            ("formant_shift", " st", None, -12.0, 12.0, 0.0),
            ("snap_strength", " %", None, 0.0, 100.0, 0.0),
            ("snap_key", "", Some(11), 0.0, 11.0, 0.0),
            ("snap_scale", "", Some(8), 0.0, 8.0, 0.0),
            ("snap_speed", " ms", None, 0.0, 500.0, 50.0),
            ("midi_pitch", "", Some(1), 0.0, 1.0, 0.0),
            ("midi_glide", " ms", None, 0.0, 1000.0, 0.0),
            ("bend_range", " st", None, 0.0, 48.0, 2.0),
            ("bend", " %", None, -100.0, 100.0, 0.0),
            ("pressure_depth", " %", None, -100.0, 100.0, 0.0),
            ("pressure", " %", None, 0.0, 100.0, 0.0),
        ]
    );
}

#[test]
fn latency_settings_and_outputs_are_not_automatable_and_bypass_is_marked() {
    for (id, ptr, _) in params().param_map() {
        // SAFETY: the flags are read before the parameters go away with the loop.
        let flags = unsafe { ptr.flags() };
        let fixed = matches!(
            id.as_str(),
            "hop"
                | "host_block"
                | "safety_buffer"
                | "noise_suppression"
                | "eight_bits"
                | "out_ratio"
                | "out_confidence"
        );
        assert_eq!(flags.contains(ParamFlags::NON_AUTOMATABLE), fixed, "{id}");
        assert_eq!(flags.contains(ParamFlags::BYPASS), id == "bypass", "{id}");
    }
}

#[test]
fn hop_variants_equal_the_engines_hops() {
    let hops: Vec<Hop> = (0..HopParam::variants().len())
        .map(|index| HopParam::from_index(index).into())
        .collect();
    assert_eq!(hops, Hop::ALL);
    for (hop, id) in hops.iter().zip(HopParam::ids().unwrap_or_default()) {
        assert_eq!(hop.ms().to_string(), *id);
    }
}

#[test]
fn default_parameters_give_the_engines_default_controls() {
    let controls = params().controls();
    assert_eq!(controls.voice.blend_ratio, 0.5);
    assert_eq!(controls.voice.search, SearchParams::default());
    assert_eq!(
        (controls.dry_wet, controls.input_gain, controls.output_gain),
        (1.0, 1.0, 1.0)
    );
    assert_eq!(controls.when_not_ready, WhenNotReady::Silence);
    assert!(!controls.bypass);
    assert_eq!(controls.input, BlockControls::default().input);
    assert_eq!(controls.voice.gate, Controls::default().gate);
    // Blending as the engine has it: RVC's arithmetic, one target.
    assert_eq!(controls.voice.blend, BlendSettings::default());
    assert_eq!(controls.voice.drive, Drive::default());
    assert_eq!(controls.ratio_glide_ms, 0.0);
    assert_eq!(controls.voice.pitch, Controls::default().pitch);
}

#[test]
fn enabled_scenes_replace_the_settings_and_are_interpolated() {
    let params = params();
    let set = |param: &FloatParam, value: f32| {
        // SAFETY: `params` lives; setting is an atomic store.
        unsafe { param.as_ptr()._internal_set_normalized_value(value) };
    };
    let mut scene = Scene {
        ratio: 0.25,
        blend: params.blend.settings(),
    };
    scene.blend.trust = 1.0;
    params.blend.scenes.keep(0, &scene);
    scene.ratio = 0.75;
    scene.blend.trust = 0.0;
    params.blend.scenes.keep(1, &scene);
    assert_eq!(params.controls().voice.blend_ratio, 0.5);
    // SAFETY: as above.
    unsafe {
        params
            .blend
            .scenes_on
            .as_ptr()
            ._internal_set_normalized_value(1.0)
    };
    for (morph, ratio, trust) in [(0.0, 0.25, 1.0), (0.5, 0.5, 0.5), (1.0, 0.75, 0.0)] {
        set(&params.blend.scene_morph, morph);
        let voice = params.controls().voice;
        assert!((voice.blend_ratio - ratio).abs() < 1e-6 && (voice.blend.trust - trust).abs() < 1e-6);
    }
}

#[test]
fn every_parameter_id_is_in_the_manual() {
    let manual = include_str!("../../../MANUAL.md");
    for (id, _, _) in params().param_map() {
        assert!(
            manual.contains(&format!("`{id}`")),
            "MANUAL.md does not list {id}"
        );
    }
}
