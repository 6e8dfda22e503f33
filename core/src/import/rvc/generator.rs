//! The generator: HiFi-GAN, with an excitation input if the voice has f0.

use super::super::graph::{Edge, signed};
use super::builder::{Builder, TIME, Window};
use super::error::VoiceFileError;
use super::shape::Stage;

const SLOPE: f32 = 0.1;
/// Slope of the last rectifier: RVC uses PyTorch's default there.
const LAST_SLOPE: f32 = 0.01;

/// `z` `[1, inter, 1, L]` to audio `[1, 1, L * upp]`.
pub fn generate(
    b: &mut Builder<'_>,
    z: Edge,
    excitation: Option<&Edge>,
    speaker: &Edge,
) -> Result<Edge, VoiceFileError> {
    let initial = b.shape.initial;
    let x = b.conv(&z, "dec.conv_pre", [initial, b.shape.inter], 1)?;
    let condition = b.conv(speaker, "dec.cond", [initial, b.shape.gin], 1)?;
    let mut x = b.graph.add(&x, &condition);
    let mut channels = initial;
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
        x = blocks(b, &x, n, channels)?;
    }
    let x = b.graph.leaky(&x, LAST_SLOPE);
    let x = b.conv(&x, "dec.conv_post", [1, channels], 1)?;
    let x = b.graph.op("Tanh", &[&x], vec![]);
    Ok(b.graph.reshape(&x, &[1, 1, -1]))
}

/// The excitation at the rate of stage `n`: `rest` samples become one.
fn excite(
    b: &mut Builder<'_>,
    excitation: &Edge,
    n: usize,
    channels: usize,
    rest: usize,
) -> Result<Edge, VoiceFileError> {
    let name = format!("dec.noise_convs.{n}");
    if n + 1 == b.shape.stages.len() {
        return b.conv_of(excitation, &name, [channels, 1, 1], Window::same(1, 1));
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
    b.conv_of(excitation, &name, [channels, 1, 2 * rest], window)
}

/// A transposed convolution, computed as a convolution whose channels are the `rate` samples of
/// a step, followed by a shuffle.
///
/// Sample `rate * t + r` is the sum over taps `j` of input `t - j` times kernel
/// `rate * j + r`; the kernel may be several times as long as `rate` (v1 at 48
/// and 32 kHz: nearly three times), and the first `pad` samples are cut off.
fn upsample(
    b: &mut Builder<'_>,
    x: &Edge,
    n: usize,
    inputs: usize,
    stage: Stage,
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
    let pad = (kernel - rate) / 2;
    let ahead = pad.div_ceil(rate);
    let window = Window {
        dilation: 1,
        stride: 1,
        pads: [taps - 1, ahead],
    };
    let y = b.conv_with(
        x,
        &weight,
        bias.as_deref(),
        [channels * rate, inputs, taps],
        window,
    );
    let y = b.graph.reshape(&y, &[1, signed(channels), signed(rate), -1]);
    let y = b.graph.transpose(&y, &[0, 1, 3, 2]);
    let y = b.graph.reshape(&y, &[1, signed(channels), 1, -1]);
    let (before, after) = (signed(pad), signed(ahead * rate - pad));
    let end = if after == 0 { i64::MAX } else { -after };
    Ok(b.graph.slice_fixed(&y, before, end, TIME))
}

/// The mean of a stage's residual blocks.
fn blocks(b: &mut Builder<'_>, x: &Edge, stage: usize, channels: usize) -> Result<Edge, VoiceFileError> {
    let kinds = b.shape.blocks.clone();
    let count = kinds.len();
    let mut sums = Vec::with_capacity(count);
    for (n, (kernel, dilations)) in kinds.into_iter().enumerate() {
        sums.push(block(b, x, stage * count + n, channels, kernel, &dilations)?);
    }
    let sums: Vec<&Edge> = sums.iter().collect();
    let sum = b.graph.op("Sum", &sums, vec![]);
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    let share = b.graph.float((count as f32).recip());
    Ok(b.graph.mul(&sum, &share))
}

fn block(
    b: &mut Builder<'_>,
    x: &Edge,
    n: usize,
    channels: usize,
    kernel: usize,
    dilations: &[usize],
) -> Result<Edge, VoiceFileError> {
    let mut x = x.clone();
    let shape = [channels, channels, kernel];
    for (c, &dilation) in dilations.iter().enumerate() {
        let mut y = b.graph.leaky(&x, SLOPE);
        if b.shape.paired {
            let window = Window::same(kernel, dilation);
            y = b.conv_of(&y, &format!("dec.resblocks.{n}.convs1.{c}"), shape, window)?;
            y = b.graph.leaky(&y, SLOPE);
            y = b.conv_of(
                &y,
                &format!("dec.resblocks.{n}.convs2.{c}"),
                shape,
                Window::same(kernel, 1),
            )?;
        } else {
            let window = Window::same(kernel, dilation);
            y = b.conv_of(&y, &format!("dec.resblocks.{n}.convs.{c}"), shape, window)?;
        }
        x = b.graph.add(&y, &x);
    }
    Ok(x)
}
