//! The generator: HiFi-GAN, with an excitation input if the voice has f0.

use super::super::graph::{Edge, signed};
use super::builder::{Builder, TIME, Window};
use super::error::VoiceFileError;
use super::shape::Stage;

pub const SLOPE: f32 = 0.1;
/// Slope of the last rectifier: RVC uses PyTorch's default there.
pub const LAST_SLOPE: f32 = 0.01;

/// `z` `[1, inter, 1, L]` to audio `[1, 1, L * upp]`.
pub fn generate(
    b: &mut Builder<'_>,
    z: Edge,
    excitation: Option<&Edge>,
    speaker: &Edge,
) -> Result<Edge, VoiceFileError> {
    let mut x = begin(b, &z, speaker)?;
    let mut channels = b.shape.initial;
    let mut rest = b.shape.upp();
    for (n, stage) in b.shape.stages.clone().into_iter().enumerate() {
        x = b.graph.leaky(&x, SLOPE);
        x = upsample(b, &x, n, channels, stage)?;
        channels = stage.channels;
        rest /= stage.rate;
        if let Some(excitation) = excitation {
            let added = excite(b, excitation, n, channels, rest)?;
            x = b.graph.add(&x, &added);
        }
        x = blocks(b, &x, n, channels, 1)?;
    }
    let x = b.graph.leaky(&x, LAST_SLOPE);
    let x = b.conv(&x, "dec.conv_post", [1, channels], 1)?;
    let x = b.graph.op("Tanh", &[&x], vec![]);
    Ok(b.graph.reshape(&x, &[1, 1, -1]))
}

/// The input of the first stage.
pub fn begin(b: &mut Builder<'_>, z: &Edge, speaker: &Edge) -> Result<Edge, VoiceFileError> {
    let initial = b.shape.initial;
    let x = b.conv(z, "dec.conv_pre", [initial, b.shape.inter], 1)?;
    let condition = b.conv(speaker, "dec.cond", [initial, b.shape.gin], 1)?;
    Ok(b.graph.add(&x, &condition))
}

/// The excitation at the rate of stage `n`: `rest` samples become one.
fn excite(
    b: &mut Builder<'_>,
    excitation: &Edge,
    n: usize,
    channels: usize,
    rest: usize,
) -> Result<Edge, VoiceFileError> {
    let (kernel, window) = excitation_window(b, n, rest)?;
    b.conv_of(
        excitation,
        &format!("dec.noise_convs.{n}"),
        [channels, 1, kernel],
        window,
    )
}

/// Kernel and window of the convolution that brings the excitation to the rate of stage `n`.
pub fn excitation_window(b: &Builder<'_>, n: usize, rest: usize) -> Result<(usize, Window), VoiceFileError> {
    if n + 1 == b.shape.stages.len() {
        return Ok((1, Window::same(1, 1)));
    }
    if !rest.is_multiple_of(2) {
        return Err(VoiceFileError::config(format!(
            "an odd total upsampling factor of {rest} after stage {n}"
        )));
    }
    let window = Window {
        dilation: 1,
        stride: rest,
        pads: [rest / 2; 2],
    };
    Ok((2 * rest, window))
}

/// A transposed convolution, computed as a convolution whose channels are the `rate` samples of
/// a step, followed by a shuffle.
///
/// Sample `rate * t + r` is the sum over taps `j` of input `t - j` times kernel
/// `rate * j + r`; the kernel may be several times as long as `rate` (v1 at 48
/// and 32 kHz: nearly three times), and the first `pad` samples are cut off.
pub fn upsample(
    b: &mut Builder<'_>,
    x: &Edge,
    n: usize,
    inputs: usize,
    stage: Stage,
) -> Result<Edge, VoiceFileError> {
    let taps = stage.kernel.div_ceil(stage.rate);
    let pad = (stage.kernel - stage.rate) / 2;
    let ahead = pad.div_ceil(stage.rate);
    let (x, past) = if b.memory.is_some() {
        let name = format!("dec.ups.{n}");
        (b.remembered(x, &name, inputs, taps - 1, 1), 0)
    } else {
        (x.clone(), taps - 1)
    };
    let y = upsample_natural(b, &x, n, inputs, stage, [past, ahead])?;
    let (before, after) = (signed(pad), signed(ahead * stage.rate - pad));
    let end = if after == 0 { i64::MAX } else { -after };
    Ok(b.graph.slice_fixed(&y, before, end, TIME))
}

/// As [`upsample`], with the first `pad` samples, and `pads` at the ends of `x`.
pub fn upsample_natural(
    b: &mut Builder<'_>,
    x: &Edge,
    n: usize,
    inputs: usize,
    stage: Stage,
    pads: [usize; 2],
) -> Result<Edge, VoiceFileError> {
    let Stage {
        rate,
        kernel,
        channels,
    } = stage;
    let layer = b
        .weights
        .layer(&format!("dec.ups.{n}"), &[inputs, channels, kernel], channels)?;
    let taps = kernel.div_ceil(rate);
    let mut weight = vec![0.0; channels * rate * inputs * taps];
    for (from, row) in layer.weight.chunks_exact(kernel).enumerate() {
        let (input, channel) = (from / channels, from % channels);
        for (k, &value) in row.iter().enumerate() {
            let (tap, r) = (k / rate, k % rate);
            let place = (channel * rate + r) * inputs + input;
            // A convolution goes through the inputs forwards, so the newest tap is the last one.
            weight[place * taps + taps - 1 - tap] = value;
        }
    }
    let bias = layer.bias.map(|bias| -> Vec<f32> {
        let repeated = bias.iter().flat_map(|&value| std::iter::repeat_n(value, rate));
        repeated.collect()
    });
    let window = Window {
        dilation: 1,
        stride: 1,
        pads,
    };
    let shape = [channels * rate, inputs, taps];
    let y = b.conv_with(x, &weight, bias.as_deref(), shape, window);
    let y = b.graph.reshape(&y, &[1, signed(channels), signed(rate), -1]);
    let y = b.graph.transpose(&y, &[0, 1, 3, 2]);
    Ok(b.graph.reshape(&y, &[1, signed(channels), 1, -1]))
}

/// The mean of a stage's residual blocks, at `per_frame` samples per frame.
pub fn blocks(
    b: &mut Builder<'_>,
    x: &Edge,
    stage: usize,
    channels: usize,
    per_frame: usize,
) -> Result<Edge, VoiceFileError> {
    let kinds = b.shape.blocks.clone();
    let mut all = Vec::with_capacity(kinds.len());
    for (n, (kernel, dilations)) in kinds.iter().enumerate() {
        let place = stage * kinds.len() + n;
        let shape = [channels, channels, *kernel];
        let mut x = x.clone();
        for (c, &dilation) in dilations.iter().enumerate() {
            let mut y = x.clone();
            for (name, dilation) in pair(b, place, c, dilation) {
                y = b.graph.leaky(&y, SLOPE);
                y = b.same(&y, &name, shape, dilation, per_frame)?;
            }
            x = b.graph.add(&y, &x);
        }
        all.push(x);
    }
    Ok(mean(b, &all))
}

/// Name and dilation of each convolution of step `c` in a residual block.
pub fn pair(b: &Builder<'_>, block: usize, c: usize, dilation: usize) -> Vec<(String, usize)> {
    let name = |part: &str| format!("dec.resblocks.{block}.{part}.{c}");
    if b.shape.paired {
        vec![(name("convs1"), dilation), (name("convs2"), 1)]
    } else {
        vec![(name("convs"), dilation)]
    }
}

/// The mean of all.
pub fn mean(b: &mut Builder<'_>, all: &[Edge]) -> Edge {
    let edges: Vec<&Edge> = all.iter().collect();
    let sum = b.graph.op("Sum", &edges, vec![]);
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let share = b.graph.float((all.len() as f32).recip());
    b.graph.mul(&sum, &share)
}
