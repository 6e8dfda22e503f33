//! The graph of a stream against the graph of whole files, for RVC voices of every version and rate.

use anyhow::{Context, Result, bail};
use std::path::PathBuf;
use voxmeld_core::import::rvc::{self, Precision, Voice};
use voxmeld_core::import::{ModelKind, WeightsFile};
use voxmeld_core::model::onnx::{RvcGraph, RvcGraphInput, coarse_pitch};
use voxmeld_tests::env;

fn path(name: &str) -> PathBuf {
    env::workspace().join("tests/data/import").join(name)
}

fn voice_in(file: &WeightsFile, name: &str) -> Result<Voice> {
    match ModelKind::of(file).with_context(|| name.to_string())? {
        ModelKind::Voice(voice) => Ok(*voice),
        other => bail!("{name} was recognised as {}", other.name()),
    }
}

/// Both graphs of a voice, and what a stream of it is late.
struct Graphs {
    voice: Voice,
    whole: RvcGraph,
    stream: RvcGraph,
    late_samples: usize,
}

impl Graphs {
    fn open(name: &str, change: impl FnOnce(&mut [u8])) -> Result<Self> {
        env::use_data()?;
        let mut bytes = std::fs::read(path(name)).with_context(|| name.to_string())?;
        change(&mut bytes);
        let mut file = WeightsFile::from_bytes(bytes.clone())?;
        let voice = voice_in(&file, name)?;
        let whole = rvc::build(&voice, &mut file)?;
        let mut file = WeightsFile::from_bytes(bytes)?;
        let stream = rvc::build_stream(&voice, &mut file, Precision::Float)?;
        Ok(Self {
            whole: RvcGraph::open(&path(name), &whole)?,
            stream: RvcGraph::open(&path(name), &stream.bytes)?,
            late_samples: stream.late_samples,
            voice,
        })
    }

    /// Another graph of the stream; returns its model.
    fn reopen_stream(&mut self, name: &str, precision: Precision<'_>) -> Result<Vec<u8>> {
        let mut file = WeightsFile::open(&path(name))?;
        let graph = rvc::build_stream(&self.voice, &mut file, precision)?;
        self.stream = RvcGraph::open(&path(name), &graph.bytes)?;
        Ok(graph.bytes)
    }
}

/// Values of unit variance, from an integer hash.
fn noise(seed: u32, count: usize) -> Vec<f32> {
    let value = |n: u32| {
        let mut x = n.wrapping_mul(0x9E37_79B9) ^ seed.wrapping_mul(0x85EB_CA6B);
        for _ in 0..2 {
            x = (x ^ (x >> 16)).wrapping_mul(0x7FEB_352D);
            x = (x ^ (x >> 15)).wrapping_mul(0x846C_A68B);
        }
        let unit = f32::from(u16::try_from(x >> 16).unwrap_or(0)) / 65_536.0;
        (2.0 * unit - 1.0) * 3.0_f32.sqrt()
    };
    (0..u32::try_from(count).unwrap_or(0)).map(value).collect()
}

/// Features, one frame after the other.
struct Input {
    frames: usize,
    phone: Vec<f32>,
    hz: Vec<f32>,
    codes: Vec<i64>,
    /// `[channels, frames]`.
    z_noise: Vec<f32>,
    source_noise: Vec<f32>,
}

impl Input {
    fn new(voice: &Voice, frames: usize) -> Self {
        let hz: Vec<f32> = (0..frames)
            .map(|t| if t % 40 < 30 { 100 + t * 7 % 160 } else { 0 })
            .map(|hz| f32::from(u16::try_from(hz).unwrap_or(0)))
            .collect();
        Self {
            frames,
            phone: noise(1, frames * voice.shape.width),
            codes: hz.iter().map(|&hz| coarse_pitch(hz)).collect(),
            hz,
            z_noise: noise(2, frames * voice.shape.inter),
            source_noise: noise(3, frames * voice.shape.upp()),
        }
    }

    /// The frames `from..to`, of which `hop` are new; all of them for a whole file.
    fn render(
        &self,
        graph: &mut RvcGraph,
        voice: &Voice,
        (from, to): (usize, usize),
        hop: Option<usize>,
    ) -> Result<Vec<f32>> {
        let (width, upp) = (voice.shape.width, voice.shape.upp());
        let rows = self.z_noise.chunks_exact(self.frames);
        let z_noise: Vec<f32> = rows.flat_map(|row| &row[from..to]).copied().collect();
        let input = RvcGraphInput {
            phone: &self.phone[from * width..to * width],
            pitch: voice.f0.then_some((&self.codes[from..to], &self.hz[from..to])),
            speaker: 0,
            z_noise: &z_noise,
            source_noise: voice.f0.then_some(&self.source_noise[from * upp..to * upp]),
            crop: None,
            hop_frames: hop,
        };
        let mut audio = Vec::new();
        graph.render(input, &mut audio)?;
        Ok(audio)
    }

    /// A stream of `hops` frames each (repeated until all are used), of which each sees `ahead` more frames.
    fn stream(&self, graphs: &mut Graphs, hops: &[usize], ahead: usize) -> Result<Vec<f32>> {
        let (mut from, mut audio) = (0, Vec::new());
        graphs.stream.restart();
        for hop in hops.iter().cycle() {
            if from >= self.frames {
                break;
            }
            let hop = (*hop).min(self.frames - from);
            let to = (from + hop + ahead).min(self.frames);
            let made = self.render(&mut graphs.stream, &graphs.voice, (from, to), Some(hop))?;
            let unborn = if from == 0 { graphs.late_samples } else { 0 };
            assert_eq!(
                made.len() + unborn,
                hop * graphs.voice.shape.upp(),
                "{hop} frames"
            );
            audio.extend(made);
            from += hop;
        }
        Ok(audio)
    }
}

/// Signal to difference, in dB, of `made` against the beginning of `wanted`.
fn snr_db(wanted: &[f32], made: &[f32]) -> f64 {
    let square = |x: f32| f64::from(x) * f64::from(x);
    let wanted = &wanted[..made.len()];
    let signal: f64 = wanted.iter().map(|&x| square(x)).sum();
    let off: f64 = wanted.iter().zip(made).map(|(&a, &b)| square(a - b)).sum();
    10.0 * (signal / off.max(1e-30)).log10()
}

const VOICES: [&str; 10] = [
    "v1_32k_f16.pth",
    "v1_32k_nof0_bf16.pth",
    "v1_40k_mixed_legacy_4.pth",
    "v1_48k_f16_legacy.pth",
    "v2_24k_custom.pth",
    "v2_32k_f32.pth",
    "v2_40k_safetensors.safetensors",
    "v2_40k_nof0_f32_legacy.pth",
    "v2_48k_f16.pth",
    "v2_48k_nof0_f16_4.pth",
];

/// Attention sees all 60 frames in both cases, because no more than 64 are behind and the others lie ahead.
#[test]
fn a_stream_that_sees_all_frames_is_the_whole_file_from_its_first_sample_on_whatever_the_hops() -> Result<()>
{
    for name in VOICES {
        let mut graphs = Graphs::open(name, |_| ())?;
        let input = Input::new(&graphs.voice, 60);
        let wanted = input.render(&mut graphs.whole, &graphs.voice, (0, 60), None)?;
        for hops in [&[60][..], &[8], &[4, 1, 3, 2, 16]] {
            let made = input.stream(&mut graphs, hops, 60)?;
            assert_eq!(made.len() + graphs.late_samples, wanted.len());
            let snr = snr_db(&wanted, &made);
            voxmeld_tests::say(format!(
                "{name}, hops {hops:?}: {snr:.1} dB, {} samples late",
                graphs.late_samples
            ));
            assert!(snr > 90.0, "{name}, hops {hops:?}: {snr:.1} dB");
        }
    }
    Ok(())
}

/// Zeros in the layers that return the result of attention: it would look at the whole file.
fn silence_attention(safetensors: &mut [u8]) {
    let (length, rest) = safetensors.split_at_mut(8);
    let length = length
        .iter()
        .rev()
        .fold(0, |sum, &byte| sum << 8 | usize::from(byte));
    let (header, data) = rest.split_at_mut(length);
    let header: serde_json::Value = serde_json::from_slice(header).expect("a header");
    for (name, tensor) in header.as_object().expect("tensors by name") {
        if name.ends_with("conv_o.weight") {
            let at = |n: usize| {
                tensor["data_offsets"][n]
                    .as_u64()
                    .and_then(|at| usize::try_from(at).ok())
            };
            data[at(0).expect("a start")..at(1).expect("an end")].fill(0);
        }
    }
}

#[test]
fn with_16_frames_ahead_convolutions_are_exact_and_with_fewer_they_lose_more_and_more() -> Result<()> {
    let mut graphs = Graphs::open("v2_40k_safetensors.safetensors", silence_attention)?;
    let input = Input::new(&graphs.voice, 400);
    let wanted = input.render(&mut graphs.whole, &graphs.voice, (0, 400), None)?;
    let mut before = 0.0;
    for (ahead, least_db) in [
        (0, 3.0),
        (1, 5.0),
        (2, 8.0),
        (4, 15.0),
        (8, 30.0),
        (16, 60.0),
        (48, 104.0),
    ] {
        let mut worst = f64::INFINITY;
        for hops in [&[8][..], &[4, 1, 3, 2, 16]] {
            let made = input.stream(&mut graphs, hops, ahead)?;
            worst = worst.min(snr_db(&wanted, &made));
        }
        voxmeld_tests::say(format!("{ahead} frames ahead: {worst:.1} dB"));
        assert!(
            worst > least_db && worst > before,
            "{ahead} frames ahead: {worst:.1} dB"
        );
        before = worst - 3.0;
    }
    Ok(())
}

/// How often a kind of node is named in a model.
fn nodes(model: &[u8], kind: &str) -> usize {
    model
        .windows(kind.len())
        .filter(|window| *window == kind.as_bytes())
        .count()
}

#[test]
fn in_8_bits_measured_on_a_voice_its_layers_lose_little() -> Result<()> {
    let name = "v2_40k_safetensors.safetensors";
    let mut graphs = Graphs::open(name, |_| ())?;
    let input = Input::new(&graphs.voice, 120);
    let wanted = input.stream(&mut graphs, &[8], 2)?;
    graphs.reopen_stream(name, Precision::Watched)?;
    input.stream(&mut graphs, &[8], 2)?;
    let ranges = graphs.stream.ranges();
    assert!(ranges.len() >= 8, "{} layers of residual blocks", ranges.len());
    let bytes = graphs.reopen_stream(name, Precision::EightBits(&ranges))?;
    let made = input.stream(&mut graphs, &[8], 2)?;
    let (snr, layers) = (snr_db(&wanted, &made), nodes(&bytes, "QLinearConv"));
    voxmeld_tests::say(format!("8 bits: {snr:.1} dB, {layers} names of layers"));
    // A node's kind is also in the name of its output, at both ends.
    assert!(
        2 * layers >= 3 * ranges.len(),
        "{layers} names of {} layers",
        ranges.len()
    );
    assert!(snr > 15.0, "{snr:.1} dB");
    Ok(())
}
