//! The synthesizer: as windows, as a stream, and as a stream in 8 bits.

use super::times::{HOPS_MS, Times, add, measure};
use anyhow::{Result, bail};
use std::collections::BTreeMap;
use std::path::Path;
use voxmeld_core::import::rvc::{self, Precision, Voice};
use voxmeld_core::import::{ModelKind, WeightsFile};
use voxmeld_core::model::onnx::{RvcGraph, RvcGraphInput};
use voxmeld_tests::random_models;

/// Context frames of the windows, frames after the hop, and frames before it that are joined.
const CONTEXT: usize = 24;
const HELD: usize = 2;
const JOINED: usize = 1;
/// Frames that lie ahead of a stream's hop.
const AHEAD: usize = 2;

pub fn measure_all(khz: u32, cases: &mut BTreeMap<String, BTreeMap<usize, Times>>) -> Result<()> {
    let bytes = random_models::rvc_v2(khz);
    let (voice, mut file) = open(bytes.clone())?;
    let name = Path::new("random voice");
    let mut windows = RvcGraph::open(name, &rvc::build(&voice, &mut file)?)?;
    for hop_ms in HOPS_MS {
        let hop = hop_ms / 10;
        let input = Input::new(&voice, CONTEXT + hop + HELD);
        let returned = JOINED + hop + HELD;
        let crop = Some((input.frames - returned, returned));
        let times = measure(hop_ms, || input.render(&mut windows, crop, None))?;
        add(cases, &format!("synthesizer {khz}k, windows"), hop_ms, times);
    }
    drop(windows);
    let (_, mut file) = open(bytes.clone())?;
    let watched = rvc::build_stream(&voice, &mut file, Precision::Watched)?;
    let mut watched = RvcGraph::open(name, &watched.bytes)?;
    let input = Input::new(&voice, 60);
    for _ in 0..2 {
        input.render(&mut watched, None, Some(input.frames - AHEAD))?;
    }
    let ranges = watched.ranges();
    drop(watched);
    for (what, precision) in [
        ("stream", Precision::Float),
        ("stream, 8 bits", Precision::EightBits(&ranges)),
    ] {
        let (_, mut file) = open(bytes.clone())?;
        let graph = rvc::build_stream(&voice, &mut file, precision)?;
        let mut graph = RvcGraph::open(name, &graph.bytes)?;
        for hop_ms in HOPS_MS {
            let hop = hop_ms / 10;
            let input = Input::new(&voice, hop + AHEAD);
            graph.restart();
            let times = measure(hop_ms, || input.render(&mut graph, None, Some(hop)))?;
            add(cases, &format!("synthesizer {khz}k, {what}"), hop_ms, times);
        }
    }
    Ok(())
}

fn open(bytes: Vec<u8>) -> Result<(Voice, WeightsFile)> {
    let file = WeightsFile::from_bytes(bytes)?;
    match ModelKind::of(&file)? {
        ModelKind::Voice(voice) => Ok((*voice, file)),
        other => bail!("the random voice is {}", other.name()),
    }
}

struct Input {
    frames: usize,
    phone: Vec<f32>,
    hz: Vec<f32>,
    codes: Vec<i64>,
    z_noise: Vec<f32>,
    source_noise: Vec<f32>,
}

impl Input {
    fn new(voice: &Voice, frames: usize) -> Self {
        let wave = |count: usize, step: f32| -> Vec<f32> {
            (0..count).map(|n| (n as f32 * step).sin() * 1.4).collect()
        };
        Self {
            frames,
            phone: wave(frames * voice.shape.width, 0.7),
            hz: vec![150.0; frames],
            codes: vec![60; frames],
            z_noise: wave(frames * voice.shape.inter, 1.3),
            source_noise: wave(frames * voice.shape.upp(), 2.1),
        }
    }

    fn render(
        &self,
        graph: &mut RvcGraph,
        crop: Option<(usize, usize)>,
        hop_frames: Option<usize>,
    ) -> Result<()> {
        let samples_per_frame = self.source_noise.len() / self.frames;
        let sounding = crop.map_or(self.frames, |(_, returned)| returned);
        let input = RvcGraphInput {
            phone: &self.phone,
            pitch: Some((&self.codes, &self.hz)),
            speaker: 0,
            z_noise: &self.z_noise,
            source_noise: Some(&self.source_noise[..sounding * samples_per_frame]),
            crop,
            hop_frames,
        };
        let mut audio = Vec::new();
        graph.render(input, &mut audio)?;
        std::hint::black_box(audio);
        Ok(())
    }
}
