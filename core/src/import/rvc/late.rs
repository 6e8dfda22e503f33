//! The generator in a stream: causal, and therefore late.
//!
//! All before the second upsampling stage is cheap and looks ahead. From there on is most of the work, and what these
//! convolutions look ahead is less than two frames: they look back instead (twice as far), and their output is
//! as much later. What is added to it must be as late.
//!
//! In the first call of a stream there are no samples from before its beginning: it returns fewer samples, and each
//! convolution sees zeros there, exactly as in a graph of whole files.

use super::super::graph::{Edge, signed};
use super::builder::{Builder, TIME, Window};
use super::error::VoiceFileError;
use super::generator::{
    LAST_SLOPE, SLOPE, begin, blocks, excitation_window, mean, pair, upsample, upsample_natural,
};
use super::shape::{Shape, Stage};

/// How late a stream's samples are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lateness {
    /// Each stage after its upsampling, in samples of its own; 0 for the first.
    stages: Vec<usize>,
    /// The audio, in samples.
    pub audio: usize,
}

impl Lateness {
    /// Of a voice of this shape whose last convolution has `last_kernel` taps.
    pub fn of(shape: &Shape, last_kernel: usize) -> Self {
        let block = block_delays(shape).into_iter().max().unwrap_or(0);
        let (mut stages, mut late) = (vec![0], 0);
        for stage in shape.stages.iter().skip(1) {
            late = late * stage.rate + (stage.kernel - stage.rate) / 2;
            stages.push(late);
            late += block;
        }
        Self {
            stages,
            audio: late + last_kernel / 2,
        }
    }

    /// Earlier samples of the excitation that the stages read.
    fn excitation_past(&self, shape: &Shape) -> usize {
        let mut rest = shape.upp();
        let all = shape.stages.iter().zip(&self.stages).map(|(stage, late)| {
            rest /= stage.rate;
            rest * late + rest / 2
        });
        all.max().unwrap_or(0)
    }
}

/// How late each residual block is, in samples.
fn block_delays(shape: &Shape) -> Vec<usize> {
    let more = usize::from(shape.paired);
    let delay = |(kernel, dilations): &(usize, Vec<usize>)| {
        let steps: usize = dilations.iter().map(|dilation| dilation + more).sum();
        (kernel - 1) * steps / 2
    };
    shape.blocks.iter().map(delay).collect()
}

/// `z` `[1, inter, 1, T]` to audio `[1, 1, hop * upp]`, `lateness.audio` samples late; so many fewer in
/// the first call.
pub fn generate(
    b: &mut Builder<'_>,
    z: &Edge,
    excitation: Option<&Edge>,
    speaker: &Edge,
    lateness: &Lateness,
) -> Result<Edge, VoiceFileError> {
    let excitation = excitation.map(|edge| Excitation::new(b, edge, lateness));
    let mut x = begin(b, z, speaker)?;
    let (mut channels, mut per_frame) = (b.shape.initial, 1);
    for (n, stage) in b.shape.stages.clone().into_iter().enumerate() {
        per_frame *= stage.rate;
        if n == 0 {
            x = b.graph.leaky(&x, SLOPE);
            x = upsample(b, &x, n, channels, stage)?;
        } else {
            x = upsample_late(b, &x, n, channels, stage)?;
        }
        channels = stage.channels;
        if let Some(excitation) = &excitation {
            let added = excitation.at_stage(b, n, per_frame, lateness.stages[n])?;
            x = b.graph.add(&x, &added);
        }
        if n == 0 {
            x = blocks(b, &x, n, channels, per_frame)?;
            let (start, end) = (b.graph.ints(&[0]), b.end_of_hop(per_frame, 0));
            x = b.graph.slice(&x, &start, &end, TIME);
        } else {
            x = blocks_late(b, &x, n, channels)?;
        }
    }
    let kernel = b.weights.kernel("dec.conv_post")?;
    let x = b.remembered_late(&x, "dec.conv_post", channels, kernel - 1, kernel / 2);
    let x = b.graph.leaky(&x, LAST_SLOPE);
    let x = b.conv_of(&x, "dec.conv_post", [1, channels, kernel], Window::causal(1))?;
    let x = b.graph.op("Tanh", &[&x], vec![]);
    Ok(b.graph.reshape(&x, &[1, 1, -1]))
}

/// The excitation, with what the late stages still need of it.
struct Excitation {
    /// `[1, 1, 1, past + T * upp]`.
    joined: Edge,
    past: usize,
}

impl Excitation {
    fn new(b: &mut Builder<'_>, excitation: &Edge, lateness: &Lateness) -> Self {
        let past = lateness.excitation_past(b.shape);
        let joined = b.remembered(excitation, "excitation", 1, past, b.shape.upp());
        Self { joined, past }
    }

    /// At the rate of stage `n`, which has `per_frame` samples per frame and is `late` of them late.
    fn at_stage(
        &self,
        b: &mut Builder<'_>,
        n: usize,
        per_frame: usize,
        late: usize,
    ) -> Result<Edge, VoiceFileError> {
        let upp = b.shape.upp();
        let rest = upp / per_frame;
        let (kernel, mut window) = excitation_window(b, n, rest)?;
        let [before, after] = window.pads;
        let (from, newest) = (self.past - before, self.past - rest * late);
        let start = b.start(from - rest * late, from);
        // The first stage also needs the frames that lie ahead, the others end with the hop.
        let (end, after) = match n {
            0 => (b.graph.ints(&[i64::MAX]), after),
            _ => (b.end_of_hop(upp, newest + after), 0),
        };
        let x = b.graph.slice(&self.joined, &start, &end, TIME);
        window.pads = [0, after];
        let shape = [b.shape.stages[n].channels, 1, kernel];
        b.conv_of(&x, &format!("dec.noise_convs.{n}"), shape, window)
    }
}

fn upsample_late(
    b: &mut Builder<'_>,
    x: &Edge,
    n: usize,
    inputs: usize,
    stage: Stage,
) -> Result<Edge, VoiceFileError> {
    let taps = stage.kernel.div_ceil(stage.rate);
    let x = b.remembered_late(x, &format!("dec.ups.{n}"), inputs, taps - 1, 0);
    let x = b.graph.leaky(&x, SLOPE);
    let y = upsample_natural(b, &x, n, inputs, stage, [0, 0])?;
    Ok(b.slice_from(&y, 0, (stage.kernel - stage.rate) / 2, i64::MAX))
}

/// The mean of a stage's residual blocks, as late as the latest of them: the others get their input later.
fn blocks_late(b: &mut Builder<'_>, x: &Edge, stage: usize, channels: usize) -> Result<Edge, VoiceFileError> {
    let delays = block_delays(b.shape);
    let (most, least) = (
        delays.iter().copied().max().unwrap_or(0),
        delays.iter().copied().min().unwrap_or(0),
    );
    let spread = most - least;
    let joined = b.remembered_late(x, &format!("stage{stage}"), channels, spread, spread);
    let mut all = Vec::with_capacity(delays.len());
    for (n, delay) in delays.iter().enumerate() {
        let back = most - delay;
        let x = match back {
            0 => x.clone(),
            _ => b.slice_from(&joined, spread - back, 0, -signed(back)),
        };
        all.push(block_late(b, x, stage * delays.len() + n, n, channels)?);
    }
    Ok(mean(b, &all))
}

/// Residual block number `place` of the file, the `kind`-th of its stage.
fn block_late(
    b: &mut Builder<'_>,
    mut x: Edge,
    place: usize,
    kind: usize,
    channels: usize,
) -> Result<Edge, VoiceFileError> {
    let (kernel, dilations) = b.shape.blocks[kind].clone();
    let shape = [channels, channels, kernel];
    for (c, &dilation) in dilations.iter().enumerate() {
        let reach = (kernel - 1) * dilation;
        let mut late = 0;
        let mut given = None;
        let mut y = x.clone();
        for (name, dilation) in pair(b, place, c, dilation) {
            let reach = (kernel - 1) * dilation;
            let joined = b.remembered_late(&y, &name, channels, reach, reach / 2);
            y = b.graph.leaky(&joined, SLOPE);
            y = b.conv_of(&y, &name, shape, Window::causal(dilation))?;
            given.get_or_insert(joined);
            late += reach / 2;
        }
        let end = if late == 0 { i64::MAX } else { -signed(late) };
        let given = b.slice_from(given.as_ref().unwrap_or(&x), reach - late, reach / 2, end);
        x = b.graph.add(&y, &given);
    }
    Ok(x)
}
