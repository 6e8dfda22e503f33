//! HuBERT-family encoders (ContentVec, hubert-base, the default pack's).

use super::random;
use super::session::{ModelFileError, failed, open};
use super::state::ModelState;
use super::weights;
use crate::frames::Frames;
use crate::geometry::{FRAME_STEP_16K, FRAME_TAIL_16K};
use crate::model::{Encoder, ModelError};
use ort::session::Session;
use ort::value::TensorRef;
use std::path::Path;

const MODEL: &str = "encoder";

/// Runs any encoder with one audio input and an output `[1, T, dim]`.
///
/// The input is chosen by rank (`[1, 1, N]` or `[B, N]`), the output by its
/// last dimension, since names differ between exporters. With a [`ModelState`] in the
/// file, streams need no context window.
pub struct ContentEncoder {
    session: Session,
    input: String,
    input_rank: usize,
    output: String,
    dim: usize,
    normalize: bool,
    reproducible: bool,
    state: ModelState,
    scratch: Vec<f32>,
}

impl ContentEncoder {
    /// Opens `path`: ONNX, or weights, from which a graph is built. Of several outputs the one with `wanted_dim` values is used, else the
    /// widest. `normalize`: scale the input to zero mean and unit variance (`do_normalize`
    /// in transformers); RVC does not.
    ///
    /// # Errors
    /// See [`ModelFileError`].
    pub fn open(path: &Path, wanted_dim: Option<usize>, normalize: bool) -> Result<Self, ModelFileError> {
        let (session, reproducible) = if weights::are_in(path) {
            (weights::open_encoder(MODEL, path, wanted_dim)?, true)
        } else {
            (open(MODEL, path)?, !random::is_random(MODEL, path)?)
        };
        let wrong = |what: String| ModelFileError::Interface {
            model: MODEL,
            path: path.to_path_buf(),
            what,
        };
        let [input] = session.inputs() else {
            return Err(wrong(format!(
                "it has {} inputs; an encoder has one, audio at 16 kHz",
                session.inputs().len()
            )));
        };
        let input_rank = input.dtype().tensor_shape().map_or(0, |shape| shape.len());
        if !(2..=3).contains(&input_rank) {
            return Err(wrong(format!(
                "its input has {input_rank} dimensions; expected [1, 1, samples] or [1, samples]"
            )));
        }
        let input = input.name().to_string();
        let state = ModelState::find(&session);
        let candidates: Vec<(String, i64)> = session
            .outputs()
            .iter()
            .filter(|outlet| !state.is_state_output(outlet.name()))
            .filter_map(|outlet| {
                let shape = outlet.dtype().tensor_shape()?;
                (shape.len() == 3).then(|| (outlet.name().to_string(), shape[2]))
            })
            .collect();
        let wanted = wanted_dim.and_then(|dim| i64::try_from(dim).ok());
        let (output, _) = candidates
            .iter()
            .find(|(_, dim)| Some(*dim) == wanted)
            .or_else(|| candidates.iter().max_by_key(|(_, dim)| *dim))
            .ok_or_else(|| wrong("it has no output of the shape [1, frames, dimension]".to_string()))?
            .clone();
        let mut encoder = Self {
            session,
            input,
            input_rank,
            output,
            dim: 0,
            normalize,
            reproducible,
            state,
            scratch: Vec::new(),
        };
        encoder.probe(&wrong)?;
        Ok(encoder)
    }

    /// Encodes half a second of near-silence: finds the output size and makes the slow
    /// first run.
    fn probe(&mut self, wrong: &impl Fn(String) -> ModelFileError) -> Result<(), ModelFileError> {
        let frames = 25;
        let audio = vec![1e-4; FRAME_STEP_16K * frames + FRAME_TAIL_16K];
        let mut embeddings = Frames::new(1);
        let got = self
            .run(&audio, &mut embeddings)
            .map_err(|error| wrong(error.to_string()))?;
        if got != frames {
            return Err(wrong(format!(
                "it makes {got} frames from half a second of audio; a HuBERT encoder makes {frames}"
            )));
        }
        self.dim = embeddings.dim();
        Ok(())
    }

    fn run(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<usize, ModelError> {
        let audio = if self.normalize {
            normalize(audio_16k, &mut self.scratch);
            &self.scratch
        } else {
            audio_16k
        };
        let shape = if self.input_rank == 3 {
            vec![1, 1, audio.len()]
        } else {
            vec![1, audio.len()]
        };
        let tensor = TensorRef::from_array_view((shape, audio)).map_err(failed(MODEL))?;
        let mut inputs = ort::inputs![self.input.as_str() => tensor];
        self.state.add_inputs(&mut inputs).map_err(failed(MODEL))?;
        let outputs = self.session.run(inputs).map_err(failed(MODEL))?;
        self.state.store(&outputs).map_err(failed(MODEL))?;
        let (shape, data) = outputs[self.output.as_str()]
            .try_extract_tensor::<f32>()
            .map_err(failed(MODEL))?;
        let dim = shape
            .last()
            .and_then(|&dim| usize::try_from(dim).ok())
            .filter(|&dim| dim > 0)
            .unwrap_or(1);
        embeddings.clear(dim);
        // Encoders that pad their input make one more frame, from the padding.
        let whole = audio_16k.len().saturating_sub(FRAME_TAIL_16K) / FRAME_STEP_16K;
        let got = data.len() / dim;
        let used = if got == whole + 1 { whole } else { got };
        for row in data.chunks_exact(dim).take(used) {
            embeddings.push(row);
        }
        Ok(embeddings.len())
    }
}

impl Encoder for ContentEncoder {
    fn dim(&self) -> usize {
        self.dim
    }

    fn is_reproducible(&self) -> bool {
        self.reproducible
    }

    fn encode(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<(), ModelError> {
        self.state.reset();
        self.encode_streaming(audio_16k, embeddings)
    }

    fn is_stateful(&self) -> bool {
        self.state.is_stateful()
    }

    fn encode_streaming(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<(), ModelError> {
        let expected = audio_16k.len().saturating_sub(FRAME_TAIL_16K) / FRAME_STEP_16K;
        let got = self.run(audio_16k, embeddings)?;
        if got != expected || embeddings.dim() != self.dim {
            return Err(ModelError::Shape {
                model: MODEL,
                expected: expected * self.dim,
                got: got * embeddings.dim(),
            });
        }
        Ok(())
    }
}

/// Zero mean, unit variance, with the epsilon of transformers' extractor.
fn normalize(audio: &[f32], out: &mut Vec<f32>) {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a window of a few ten thousand samples"
    )]
    let len = audio.len().max(1) as f32;
    let mean = audio.iter().sum::<f32>() / len;
    let variance = audio.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / len;
    let scale = 1.0 / (variance + 1e-7).sqrt();
    out.clear();
    out.extend(audio.iter().map(|x| (x - mean) * scale));
}
