//! The excitation of the generator: a sine at the pitch in voiced frames, and
//! noise.

use super::super::graph::{Dim, Edge, int, signed};
use super::builder::Builder;
use super::error::VoiceFileError;
use crate::onnx_proto::DataType;

/// Amplitude of the sine.
const SINE: f32 = 0.1;
/// Amplitude of the noise in voiced and in unvoiced frames.
const NOISE_VOICED: f32 = 0.003;
const NOISE_UNVOICED: f32 = SINE / 3.0;

/// From `pitchf` `[1, L]` in Hz to an image `[1, 1, 1, L * upp]`. Adds the inputs
/// `source_noise` and `source_phase`; in a stream the phase is remembered instead.
///
/// The phase of a sample is the sum of `f0 / rate` up to and including that sample, in cycles
/// with 64 bits; only the fraction is kept, so it is exact over any
/// length. RVC's random initial phase does not affect the first harmonic, the only
/// one that RVC uses.
pub fn excitation(b: &mut Builder<'_>, pitchf: &Edge, rate_hz: u32) -> Result<Edge, VoiceFileError> {
    let upp = b.shape.upp();
    let linear = b.weights.layer("dec.m_source.l_linear", &[1, 1], 1)?;
    let g = &mut b.graph;
    let noise = [Dim::Fixed(1), Dim::Named("noise"), Dim::Fixed(1)];
    let noise = g.input("source_noise", DataType::Float, &noise);
    let begin = match b.memory {
        Some(_) => "past_phase",
        None => "source_phase",
    };
    let begin = g.optional_floats(begin, &[1, 1]);

    let hz = g.cast(pitchf, DataType::Double);
    let rate = g.doubles(&[], &[f64::from(rate_hz)]);
    let per_sample = g.op("Div", &[&hz, &rate], vec![]);
    #[expect(clippy::cast_precision_loss, reason = "at most 1920")]
    let steps: Vec<f64> = (1..=upp).map(|step| step as f64).collect();
    let whole = g.doubles(&[], &steps[upp - 1..]);
    let per_frame = g.mul(&per_sample, &whole);
    let axis = g.int(1);
    let before = g.op("CumSum", &[&per_frame, &axis], vec![int("exclusive", 1)]);
    let begin = g.cast(&begin, DataType::Double);
    let before = g.add(&before, &begin);
    let one = g.doubles(&[], &[1.0]);
    if let Some(memory) = &mut b.memory {
        let after = g.add(&before, &per_frame);
        let after = g.op("Mod", &[&after, &one], vec![int("fmod", 1)]);
        let last = g.ints(&[-1]);
        let end = memory.end(g, 1, 0);
        let start = g.add(&end, &last);
        let after = g.slice(&after, &start, &end, 1);
        let after = g.cast(&after, DataType::Float);
        g.output("present_phase", &after, &[Dim::Fixed(1), Dim::Fixed(1)]);
    }
    let steps = g.doubles(&[1, 1, upp], &steps);
    let (before, per_sample) = (g.unsqueeze(&before, 2), g.unsqueeze(&per_sample, 2));
    let within = g.mul(&per_sample, &steps);
    let phase = g.add(&before, &within);
    let phase = g.op("Mod", &[&phase, &one], vec![int("fmod", 1)]);
    let phase = g.cast(&phase, DataType::Float);
    let turn = g.float(std::f32::consts::TAU);
    let phase = g.mul(&phase, &turn);
    let sine = g.op("Sin", &[&phase], vec![]);

    let zero = g.float(0.0);
    let voiced = g.op("Greater", &[pitchf, &zero], vec![]);
    let voiced = g.cast(&voiced, DataType::Float);
    let voiced = g.unsqueeze(&voiced, 2);
    let amplitude = g.float(SINE);
    let amplitude = g.mul(&voiced, &amplitude);
    let sine = g.mul(&sine, &amplitude);
    let (less, unvoiced) = (g.float(NOISE_VOICED - NOISE_UNVOICED), g.float(NOISE_UNVOICED));
    let amplitude = g.mul(&voiced, &less);
    let amplitude = g.add(&amplitude, &unvoiced);
    let noise = g.reshape(&noise, &[1, -1, signed(upp)]);
    let noise = g.mul(&noise, &amplitude);
    let x = g.add(&sine, &noise);

    let weight = g.floats(&[], &linear.weight);
    let x = g.mul(&x, &weight);
    let bias = g.floats(&[], &linear.bias.unwrap_or_else(|| vec![0.0]));
    let x = g.add(&x, &bias);
    let x = g.op("Tanh", &[&x], vec![]);
    Ok(g.reshape(&x, &[1, 1, 1, -1]))
}
