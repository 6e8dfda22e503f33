//! Metadata of the plugin for CLAP and VST3 hosts.

use crate::plugin::Voxmeld;
use nice_plug::editor::dpi::{NativeSize, Size};
use nice_plug::prelude::*;
use voxmeld_export::{EditorWindow, ExportedPlugin};

impl ClapPlugin for Voxmeld {
    /// Identifies the plugin in every saved CLAP session: never change it.
    const CLAP_ID: &'static str = "org.voxmeld.voxmeld";
    const CLAP_DESCRIPTION: Option<&'static str> =
        Some("Real-time voice conversion with retrieval and blending");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = &[
        ClapFeature::AudioEffect,
        ClapFeature::Stereo,
        ClapFeature::Mono,
        ClapFeature::PitchShifter,
        ClapFeature::Custom("voice-conversion"),
    ];

    fn remote_controls(&self, context: &mut impl RemoteControlsContext) {
        let params = &self.params;
        context.add_section("Voice", |section| {
            section.add_page("Voice", |page| {
                page.add_param(&params.blend_ratio);
                page.add_param(&params.pitch_shift);
                page.add_param(&params.dry_wet);
                page.add_param(&params.loudness_follow);
                page.add_param(&params.input_gain);
                page.add_param(&params.output_gain);
                page.add_param(&params.k);
                page.add_param(&params.n_probe);
            });
            section.add_page("Blend", |page| {
                page.add_param(&params.blend_ratio);
                page.add_param(&params.blend.trust);
                page.add_param(&params.blend.continuity);
                page.add_param(&params.blend.scene_morph);
                page.add_param(&params.blend.morph_x);
                page.add_param(&params.blend.morph_y);
                page.add_param(&params.blend.side_depth);
                page.add_param(&params.blend.wheel_depth);
            });
        });
    }
}

impl Vst3Plugin for Voxmeld {
    /// Identifies the plugin in every saved VST3 session: never change it.
    const VST3_CLASS_ID: [u8; 16] = *b"VoxmeldVoiceConv";
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] =
        &[Vst3SubCategory::Fx, Vst3SubCategory::PitchShift];
}

impl ExportedPlugin for Voxmeld {
    /// "Ratio applied" and "Confidence", in the order in which `process` publishes them.
    const OUTPUT_PARAMS: &'static [&'static str] = &["out_ratio", "out_confidence"];
    const MOD_WHEEL_PARAM: Option<&'static str> = Some("wheel");
    const PITCH_BEND_PARAM: Option<&'static str> = Some("bend");
    const PRESSURE_PARAM: Option<&'static str> = Some("pressure");
    const READS_NOTES: bool = true;

    fn window_size(window: &EditorWindow<Self>) -> Option<NativeSize<u32>> {
        let size = window.size();
        Some(NativeSize::from_size(
            Size::Physical(size.physical),
            size.scale_factor,
        ))
    }
}
