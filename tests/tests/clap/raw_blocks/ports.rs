//! Ports and blocks as a host passes them, with arbitrary pointers.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    clippy::needless_range_loop,
    reason = "a few seconds of audio in two channels"
)]

use super::*;

/// A port as a host describes it.
#[derive(Clone, Default)]
pub(super) struct Port {
    pub(super) singles: Option<Vec<*mut f32>>,
    pub(super) doubles: Option<Vec<*mut f64>>,
    pub(super) channels: u32,
    pub(super) mask: u64,
}

impl Port {
    pub(super) fn of(channels: &[*mut f32]) -> Self {
        Self {
            singles: Some(channels.to_vec()),
            channels: channels.len() as u32,
            ..Self::default()
        }
    }

    pub(super) fn double(channels: &[*mut f64]) -> Self {
        Self {
            doubles: Some(channels.to_vec()),
            channels: channels.len() as u32,
            ..Self::default()
        }
    }

    /// A port of `channels` channels whose array is null.
    pub(super) fn null(channels: u32) -> Self {
        Self {
            channels,
            ..Self::default()
        }
    }

    pub(super) fn buffer(&mut self) -> clap_audio_buffer {
        clap_audio_buffer {
            data32: self.singles.as_mut().map_or(null_mut(), Vec::as_mut_ptr),
            data64: self.doubles.as_mut().map_or(null_mut(), Vec::as_mut_ptr),
            channel_count: self.channels,
            latency: 0,
            constant_mask: self.mask,
        }
    }
}

/// Processes one block; true if the plugin reports success.
pub(super) fn block(plug: &RawPlugin, inputs: &mut [Port], outputs: &mut [Port], len: usize) -> Result<bool> {
    let inputs: Vec<_> = inputs.iter_mut().map(Port::buffer).collect();
    let mut outputs: Vec<_> = outputs.iter_mut().map(Port::buffer).collect();
    let block = clap_process {
        steady_time: -1,
        frames_count: len as u32,
        transport: null(),
        audio_inputs: if inputs.is_empty() {
            null()
        } else {
            inputs.as_ptr()
        },
        audio_outputs: if outputs.is_empty() {
            null_mut()
        } else {
            outputs.as_mut_ptr()
        },
        audio_inputs_count: inputs.len() as u32,
        audio_outputs_count: outputs.len() as u32,
        in_events: null(),
        out_events: null(),
    };
    let status = plug.process_raw(&raw const block)?;
    // A host would play only the first sample of a constant output.
    ensure!(
        outputs.iter().all(|port| port.constant_mask == 0),
        "an output is marked as constant"
    );
    Ok(status != CLAP_PROCESS_ERROR)
}

pub(super) fn id(plug: &RawPlugin, name: &str) -> Result<(u32, [f64; 2])> {
    let found = plug.params()?.into_iter().find(|param| param.0 == name);
    found.map(|param| (param.1, param.2)).context("a parameter")
}

/// Half dry, so that both channels affect the output; the side chain lowers the ratio.
pub(super) fn load() -> Result<RawClapHost> {
    let bare = RawClapHost::load(&env::bundle()?.join("voxmeld.clap"))?;
    let plug = bare.plugin();
    let ((mix, _), (side, range)) = (id(&plug, "Dry/wet")?, id(&plug, "Side to ratio")?);
    plug.flush(&[(mix, 0.5), (side, range[0])])?;
    plug.set_offline(true)?;
    plug.start(RATE_HZ, BLOCK as u32)?;
    Ok(bare)
}

pub(super) fn input() -> Result<[Vec<f32>; 2]> {
    let len = BLOCK * BLOCKS;
    let speech = Sound::read(&env::sample_speech()?)?.part(0.1, 1.4);
    let mut left = speech.at_rate(48_000)?.samples;
    left.resize(len, 0.0);
    Ok([left, noise(3, len)])
}

/// The channels of a block; outputs contain values that must be overwritten.
pub(super) struct Channels {
    pub(super) ins: [Fenced<f32>; 2],
    pub(super) side: [Fenced<f32>; 2],
    pub(super) outs: [Fenced<f32>; 2],
    pub(super) doubles: [Fenced<f64>; 4],
}

impl Channels {
    pub(super) fn new(len: usize) -> Result<Self> {
        let single = |value| Fenced::new(len, value);
        let double = || Fenced::new(len, f64::NAN);
        Ok(Self {
            ins: [single(0.0)?, single(0.0)?],
            side: [single(0.0)?, single(0.0)?],
            outs: [single(f32::NAN)?, single(f32::NAN)?],
            doubles: [double()?, double()?, double()?, double()?],
        })
    }

    pub(super) fn ins(&mut self) -> [*mut f32; 2] {
        self.ins.each_mut().map(Fenced::pointer)
    }

    pub(super) fn side(&mut self) -> [*mut f32; 2] {
        self.side.each_mut().map(Fenced::pointer)
    }

    pub(super) fn outs(&mut self) -> [*mut f32; 2] {
        self.outs.each_mut().map(Fenced::pointer)
    }
}
