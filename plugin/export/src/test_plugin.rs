//! A small plugin for the tests of both exports.

use crate::{Bridge, BridgeTask, ExportedPlugin};
use nice_plug::prelude::*;
use std::sync::Arc;

#[derive(Params)]
pub struct TestParams {
    #[id = "gain"]
    pub gain: FloatParam,
    #[id = "steps"]
    pub steps: IntParam,
    #[id = "wheel"]
    pub wheel: FloatParam,
    #[id = "out_first"]
    pub out_first: FloatParam,
    #[id = "out_second"]
    pub out_second: FloatParam,
}

fn unit(name: &str) -> FloatParam {
    FloatParam::new(name, 0.5, FloatRange::Linear { min: 0.0, max: 1.0 })
}

/// Writes [`TestPlugin::OFFLINE_SAMPLE`] or [`TestPlugin::LIVE_SAMPLE`] to its output, and
/// publishes the gain as its first output.
pub struct TestPlugin {
    params: Arc<TestParams>,
    bridge: Bridge,
    position: u64,
}

impl TestPlugin {
    pub const OFFLINE_SAMPLE: f32 = 1.0;
    pub const LIVE_SAMPLE: f32 = 0.25;
}

impl Default for TestPlugin {
    fn default() -> Self {
        let params = Arc::new(TestParams {
            gain: unit("Gain"),
            steps: IntParam::new("Steps", 1, IntRange::Linear { min: 1, max: 3 }),
            wheel: unit("Wheel"),
            out_first: unit("First output"),
            out_second: unit("Second output"),
        });
        Self {
            bridge: Bridge::new(params.clone()),
            params,
            position: 0,
        }
    }
}

const fn layout(channels: u32, side: &'static [std::num::NonZeroU32]) -> AudioIOLayout {
    AudioIOLayout {
        main_input_channels: std::num::NonZeroU32::new(channels),
        main_output_channels: std::num::NonZeroU32::new(channels),
        aux_input_ports: side,
        ..AudioIOLayout::const_default()
    }
}

impl Plugin for TestPlugin {
    const NAME: &'static str = "Test";
    const VENDOR: &'static str = "Test";
    const URL: &'static str = "";
    const EMAIL: &'static str = "";
    const VERSION: &'static str = "0";
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[
        layout(2, &[new_nonzero_u32(2)]),
        layout(1, &[new_nonzero_u32(1)]),
        layout(2, &[]),
        layout(1, &[]),
    ];
    const MIDI_INPUT: MidiConfig = MidiConfig::MidiCCs;
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;

    type Editor = ();
    type SysExMessage = ();
    type BackgroundTask = BridgeTask;

    fn task_executor(&mut self) -> TaskExecutor<Self> {
        let bridge = self.bridge.clone();
        Box::new(move |task| bridge.run(task))
    }

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn editor(&mut self, executor: AsyncExecutor<Self>) -> Option<()> {
        self.bridge.editor(Some(()), executor)
    }

    fn activate(
        &mut self,
        _layout: &AudioIOLayout,
        config: &BufferConfig,
        _context: &mut impl ActivateContext<Self>,
    ) -> bool {
        self.bridge.set_activation_mode(config.process_mode);
        true
    }

    fn reset(&mut self) {
        if self.bridge.must_start_over() {
            self.position = 0;
        }
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        _aux: &mut AuxiliaryBuffers,
        _context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        let sample = if self.bridge.is_offline() {
            Self::OFFLINE_SAMPLE
        } else {
            Self::LIVE_SAMPLE
        };
        self.bridge
            .publish(self.position, &[self.params.gain.value(), sample]);
        self.position += buffer.samples() as u64;
        for channel in buffer.as_slice() {
            channel.fill(sample);
        }
        self.bridge.set_position(self.position);
        ProcessStatus::Normal
    }
}

impl ClapPlugin for TestPlugin {
    const CLAP_ID: &'static str = "test.test";
    const CLAP_DESCRIPTION: Option<&'static str> = None;
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = &[ClapFeature::AudioEffect];
}

impl Vst3Plugin for TestPlugin {
    const VST3_CLASS_ID: [u8; 16] = *b"VoxmeldExportTst";
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] = &[Vst3SubCategory::Fx];
}

impl ExportedPlugin for TestPlugin {
    const OUTPUT_PARAMS: &'static [&'static str] = &["out_first", "out_second"];
    const MOD_WHEEL_PARAM: Option<&'static str> = Some("wheel");
}
