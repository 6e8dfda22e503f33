//! TEMPORARY stand-in for the engine, with its names. Never committed.
#![allow(missing_docs, dead_code)]
pub use voxmeld_core::{retrieval, units};

pub mod controls {
    use voxmeld_core::{retrieval::SearchParams, units::Semitones};
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Controls {
        pub blend_ratio: f32,
        pub pitch_shift: Semitones,
        pub search: SearchParams,
        pub loudness_follow: f32,
    }
}

pub mod pack {
    use std::path::PathBuf;
    #[derive(Clone, Debug)]
    pub struct IndexInfo {
        pub name: String,
        pub label: String,
    }
    #[derive(Clone, Debug)]
    pub struct PackManifest {
        pub name: String,
        pub label: String,
        pub indices: Vec<IndexInfo>,
    }
    pub fn set_data_dir(_path: PathBuf) {}
    pub fn installed_packs() -> Vec<PackManifest> {
        vec![PackManifest {
            name: "default".into(),
            label: "Default voice".into(),
            indices: vec![IndexInfo { name: "main".into(), label: "All speech".into() }],
        }]
    }
}

pub mod engine {
    use super::controls::Controls;
    use serde::{Deserialize, Serialize};
    use std::path::PathBuf;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum Hop {
        #[default]
        Ms20,
        Ms40,
        Ms60,
        Ms80,
        Ms120,
        Ms160,
        Ms240,
    }
    impl Hop {
        pub const ALL: [Hop; 7] = [Hop::Ms20, Hop::Ms40, Hop::Ms60, Hop::Ms80, Hop::Ms120, Hop::Ms160, Hop::Ms240];
        pub fn ms(self) -> u32 {
            match self {
                Hop::Ms20 => 20,
                Hop::Ms40 => 40,
                Hop::Ms60 => 60,
                Hop::Ms80 => 80,
                Hop::Ms120 => 120,
                Hop::Ms160 => 160,
                Hop::Ms240 => 240,
            }
        }
    }
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum WhenNotReady {
        Silence,
        DelayedDry,
    }
    pub struct StreamSetup {
        pub host_rate_hz: f64,
        pub max_block: usize,
        pub channels: usize,
        pub hop: Hop,
        pub offline: bool,
    }
    #[derive(Debug, thiserror::Error)]
    #[error("no")]
    pub struct ActivateError;
    pub struct BlockControls {
        pub voice: Controls,
        pub dry_wet: f32,
        pub input_gain: f32,
        pub output_gain: f32,
        pub when_not_ready: WhenNotReady,
        pub bypass: bool,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct VoiceSelection {
        pub pack: PackRef,
        pub encoder: Option<FileRef>,
        pub synthesizer: Option<FileRef>,
        pub index: Option<IndexRef>,
    }
    impl Default for VoiceSelection {
        fn default() -> Self {
            Self { pack: PackRef::Embedded("default".into()), encoder: None, synthesizer: None, index: None }
        }
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub enum PackRef {
        Embedded(String),
        None,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub enum IndexRef {
        Pack(String),
        File(FileRef),
        None,
    }
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub struct FileRef {
        pub path: PathBuf,
        pub sha256: Option<String>,
        pub len_bytes: Option<u64>,
    }
    #[derive(Clone, Debug, PartialEq)]
    pub enum VoiceState {
        NoVoice,
        Loading { progress: f32, what: String },
        Ready { name: String },
        Failed { why: String },
    }
    #[derive(Clone, Debug)]
    pub struct EngineStatus {
        pub voice: VoiceState,
        pub message: Option<String>,
        pub latency_samples: u32,
        pub host_rate_hz: u32,
        pub hop_ms: u32,
        pub real_time_factor: f32,
        pub xruns: u64,
        pub missing_samples: u64,
        pub failed_hops: u64,
        pub search_us_per_frame: f32,
        pub neighbour_distance: f32,
        pub blend_ratio: f32,
        pub input_peak: f32,
        pub output_peak: f32,
    }
    #[derive(Default)]
    struct Inner {
        selection: Option<VoiceSelection>,
        loads: u32,
        latency: u32,
        rate: u32,
        hop: u32,
        offline: bool,
    }
    #[derive(Clone)]
    pub struct EngineHandle(Arc<Mutex<Inner>>);
    impl EngineHandle {
        pub fn load(&self, selection: VoiceSelection) {
            let mut i = self.0.lock().unwrap();
            i.selection = Some(selection);
            i.loads += 1;
        }
        pub fn selection(&self) -> VoiceSelection {
            self.0.lock().unwrap().selection.clone().unwrap_or_default()
        }
        pub fn status(&self) -> EngineStatus {
            let i = self.0.lock().unwrap();
            EngineStatus {
                voice: if i.loads > 0 { VoiceState::Ready { name: format!("Default voice (load {})", i.loads) } } else { VoiceState::NoVoice },
                message: i.offline.then(|| "offline".to_owned()),
                latency_samples: i.latency,
                host_rate_hz: i.rate,
                hop_ms: i.hop,
                real_time_factor: 0.31,
                xruns: 2,
                missing_samples: 0,
                failed_hops: 0,
                search_us_per_frame: 41.0,
                neighbour_distance: 3.2,
                blend_ratio: 0.5,
                input_peak: 0.5,
                output_peak: 0.25,
            }
        }
    }
    pub struct Engine(EngineHandle);
    impl Engine {
        pub fn new() -> Self {
            Self(EngineHandle(Arc::default()))
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        pub fn activate(&mut self, setup: StreamSetup) -> Result<AudioSide, ActivateError> {
            let latency = ((setup.host_rate_hz * f64::from(setup.hop.ms() + 60) / 1000.0) as usize).max(1);
            let mut i = self.0.0.lock().unwrap();
            i.latency = latency as u32;
            i.rate = setup.host_rate_hz as u32;
            i.hop = setup.hop.ms();
            Ok(AudioSide { handle: self.0.clone(), lines: vec![vec![0.0; latency]; setup.channels], pos: 0, latency })
        }
        pub fn deactivate(&mut self) {}
        pub fn handle(&self) -> EngineHandle {
            self.0.clone()
        }
    }
    pub struct AudioSide {
        handle: EngineHandle,
        lines: Vec<Vec<f32>>,
        pos: usize,
        latency: usize,
    }
    impl AudioSide {
        #[allow(clippy::cast_possible_truncation)]
        pub fn latency_samples(&self) -> u32 {
            self.latency as u32
        }
        pub fn set_offline(&mut self, offline: bool) {
            self.handle.0.lock().unwrap().offline = offline;
        }
        pub fn reset(&mut self) {
            for l in &mut self.lines {
                l.fill(0.0);
            }
            self.pos = 0;
        }
        pub fn process(&mut self, channels: &mut [&mut [f32]], controls: &BlockControls) {
            // Offline shows in the sound, so that tests can hear whether the flag came through.
            let offline = self.handle.0.lock().unwrap().offline;
            let gain = if controls.bypass { 1.0 } else { controls.output_gain * controls.input_gain * if offline { 0.5 } else { 1.0 } };
            let n = channels[0].len();
            for (line, ch) in self.lines.iter_mut().zip(channels.iter_mut()) {
                let mut pos = self.pos;
                for s in ch.iter_mut() {
                    let out = std::mem::replace(&mut line[pos], *s);
                    *s = out * gain;
                    pos = (pos + 1) % self.latency;
                }
            }
            self.pos = (self.pos + n) % self.latency;
        }
    }
}
