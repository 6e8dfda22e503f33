//! The sizes of a voice, read from its weights.

use super::super::names::Names;
use super::config::Config;
use super::error::VoiceFileError;

/// Maximum number of layers or blocks; more than any voice has.
const MAX_COUNT: usize = 64;
/// Widest accepted layer; wider than any voice's.
const MAX_SIZE: usize = 1 << 16;

/// Sizes of every part of the synthesizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Values per embedding.
    pub width: usize,
    /// Channels of the text encoder.
    pub hidden: usize,
    /// Its attention heads.
    pub heads: usize,
    /// Number of frames on each side with a relative embedding.
    pub window: usize,
    /// Its layers.
    pub layers: usize,
    /// Channels between encoder, flow and generator, and of the noise.
    pub inter: usize,
    /// Positions of the flow's coupling layers (RVC: 4), in order.
    pub flows: Vec<usize>,
    /// Values of a speaker's embedding.
    pub gin: usize,
    /// Speakers.
    pub speakers: usize,
    /// Upsampling stages of the generator.
    pub stages: Vec<Stage>,
    /// Channels before the first of them.
    pub initial: usize,
    /// Residual blocks of each stage: kernel and dilations.
    pub blocks: Vec<(usize, Vec<usize>)>,
    /// True if each dilation has a second convolution.
    pub paired: bool,
}

/// An upsampling stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Upsampling factor.
    pub rate: usize,
    /// Kernel of its transposed convolution.
    pub kernel: usize,
    /// Output channels.
    pub channels: usize,
}

impl Shape {
    /// Samples per frame of 10 ms.
    #[must_use]
    pub fn upp(&self) -> usize {
        self.stages.iter().map(|stage| stage.rate).product()
    }

    /// Reads the sizes from `names`, and from `config` where weights do not determine them.
    ///
    /// # Errors
    /// See [`VoiceFileError`].
    pub fn read(names: &Names, config: &Config) -> Result<Self, VoiceFileError> {
        let [hidden, width] = dims(names, "enc_p.emb_phone.weight")?;
        let [two_inter, _, _] = dims(names, "enc_p.proj.weight")?;
        let [speakers, gin] = dims(names, "emb_g.weight")?;
        let [_, relative, per_head] = dims(names, "enc_p.encoder.attn_layers.0.emb_rel_k")?;
        let [initial, _, _] = dims(names, "dec.conv_pre.weight")?;
        if !hidden.is_multiple_of(per_head) || relative.is_multiple_of(2) || !two_inter.is_multiple_of(4) {
            return Err(VoiceFileError::config(
                "the weights of its text encoder do not fit together",
            ));
        }
        let layers = count(names, |n| format!("enc_p.encoder.attn_layers.{n}.conv_q.weight"))?;
        let flows = (0..MAX_COUNT).filter(|n| names.has(&format!("flow.flows.{n}.pre.weight")));
        let flows: Vec<usize> = flows.collect();
        if flows.iter().enumerate().any(|(n, &flow)| flow != 2 * n) || flows.is_empty() {
            return Err(VoiceFileError::Missing {
                name: "flow.flows.0.pre.weight".into(),
            });
        }
        let stages = stages(names, config)?;
        let paired = !names.any("dec.resblocks.0.convs.");
        let blocks = blocks(names, config, stages.len(), paired)?;
        Ok(Self {
            width,
            hidden,
            heads: hidden / per_head,
            window: relative / 2,
            layers,
            inter: two_inter / 2,
            flows,
            gin,
            speakers,
            stages,
            initial,
            blocks,
            paired,
        })
    }
}

fn stages(names: &Names, config: &Config) -> Result<Vec<Stage>, VoiceFileError> {
    let found = count(names, |n| format!("dec.ups.{n}.weight"))?;
    if found != config.rates.len() {
        return Err(VoiceFileError::config(format!(
            "it has {} upsampling factors, but the weights have {found} stages",
            config.rates.len()
        )));
    }
    let mut upp = 1_usize;
    let mut stages = Vec::new();
    for (n, &rate) in config.rates.iter().enumerate() {
        let [_, channels, kernel] = dims(names, &format!("dec.ups.{n}.weight"))?;
        if kernel < rate || !(kernel - rate).is_multiple_of(2) {
            return Err(VoiceFileError::config(format!(
                "an upsampling factor of {rate} with a kernel of {kernel}"
            )));
        }
        upp = upp.saturating_mul(rate);
        stages.push(Stage {
            rate,
            kernel,
            channels,
        });
    }
    // 192 kHz.
    if !(2..=1920).contains(&upp) {
        return Err(VoiceFileError::config(format!("{upp} samples per 10 ms")));
    }
    Ok(stages)
}

fn blocks(
    names: &Names,
    config: &Config,
    stages: usize,
    paired: bool,
) -> Result<Vec<(usize, Vec<usize>)>, VoiceFileError> {
    let first = if paired { "convs1" } else { "convs" };
    let found = count(names, |n| format!("dec.resblocks.{n}.{first}.0.weight"))?;
    if found != stages * config.dilations.len() {
        return Err(VoiceFileError::config(format!(
            "it has {} residual blocks for each of {stages} stages, but the weights have {found}",
            config.dilations.len()
        )));
    }
    let mut blocks = Vec::new();
    for (n, dilations) in config.dilations.iter().enumerate() {
        let [_, _, kernel] = dims(names, &format!("dec.resblocks.{n}.{first}.0.weight"))?;
        if kernel.is_multiple_of(2) {
            return Err(VoiceFileError::config(format!("a residual kernel of {kernel}")));
        }
        // The simpler block has two dilations, whatever its list says.
        let used = if paired {
            dilations.len()
        } else {
            2.min(dilations.len())
        };
        blocks.push((kernel, dilations[..used].to_vec()));
    }
    Ok(blocks)
}

fn count(names: &Names, name: impl Fn(usize) -> String) -> Result<usize, VoiceFileError> {
    let count = (0..=MAX_COUNT)
        .take_while(|&n| names.shape(&name(n)).is_some())
        .count();
    match count {
        0 => Err(VoiceFileError::Missing { name: name(0) }),
        1..=MAX_COUNT => Ok(count),
        _ => Err(VoiceFileError::config(format!(
            "more than {MAX_COUNT} of {}",
            name(0)
        ))),
    }
}

fn dims<const N: usize>(names: &Names, name: &str) -> Result<[usize; N], VoiceFileError> {
    let shape = names
        .shape(name)
        .ok_or_else(|| VoiceFileError::Missing { name: name.into() })?;
    let mut sizes = [0; N];
    let fits = shape.len() == N
        && sizes.iter_mut().zip(shape).all(|(size, &found)| {
            *size = usize::try_from(found).unwrap_or(usize::MAX);
            (1..=MAX_SIZE).contains(size)
        });
    if fits {
        return Ok(sizes);
    }
    Err(VoiceFileError::config(format!(
        "`{name}` has the shape {shape:?}, which no voice has"
    )))
}
