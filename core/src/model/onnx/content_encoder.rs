//! HuBERT-family encoders (ContentVec, hubert-base, the default pack's).

use super::encoder_interface::EncoderInterface;
use super::random;
use super::session::{ModelFileError, failed, open};
use super::shared_session::SharedSession;
use super::signature::Signature;
use super::state::ModelState;
use super::tensors;
use super::weights;
use crate::frames::Frames;
use crate::geometry::{FRAME_STEP_16K, FRAME_TAIL_16K};
use crate::model::{Encoder, ModelError};
use std::ops::Range;
use std::path::Path;

const MODEL: &str = "encoder";

/// Runs any encoder with an [`EncoderInterface`]. With a [`ModelState`] in the file, streams need
/// no window.
pub struct ContentEncoder {
    session: SharedSession,
    interface: EncoderInterface,
    /// The chosen output.
    output: String,
    dim: usize,
    normalize: bool,
    reproducible: bool,
    state: ModelState,
    values: Vec<f32>,
}

impl ContentEncoder {
    /// Opens `path`: ONNX, or weights, from which a graph is built. Of several outputs one with
    /// `wanted_dim` values is used, else the widest. `normalize`: scale the input to zero mean and unit variance; RVC does not. It is also done
    /// if the settings next to an export by transformers require it (`do_normalize` in `preprocessor_config.json`).
    ///
    /// # Errors
    /// See [`ModelFileError`].
    pub fn open(path: &Path, wanted_dim: Option<usize>, normalize: bool) -> Result<Self, ModelFileError> {
        Self::open_as(path, wanted_dim, normalize, false)
    }

    /// As [`Self::open`]; from weights with matrix products in 8 bits.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in_8_bits(
        path: &Path,
        wanted_dim: Option<usize>,
        normalize: bool,
    ) -> Result<Self, ModelFileError> {
        Self::open_as(path, wanted_dim, normalize, true)
    }

    fn open_as(
        path: &Path,
        wanted_dim: Option<usize>,
        normalize: bool,
        eight_bits: bool,
    ) -> Result<Self, ModelFileError> {
        let from_weights = weights::are_in(path);
        let (session, reproducible) = if from_weights {
            (weights::open_encoder(MODEL, path, wanted_dim, eight_bits)?, true)
        } else {
            (open(MODEL, path)?, !random::is_random(MODEL, path)?)
        };
        let wrong = |what: String| ModelFileError::Interface {
            model: MODEL,
            path: path.to_path_buf(),
            what,
        };
        let state = ModelState::find(&session);
        let signature = Signature::of(&session, |output| state.is_state_output(output));
        let interface = EncoderInterface::read(&signature).map_err(|error| wrong(error.to_string()))?;
        let mut encoder = Self {
            session,
            interface,
            output: String::new(),
            dim: 0,
            // The graph from weights normalizes each channel of its first layer, over more than one call.
            normalize: !from_weights && (normalize || asks_for_normalizing(path)),
            reproducible,
            state,
            values: Vec::new(),
        };
        encoder.probe(wanted_dim).map_err(wrong)?;
        Ok(encoder)
    }

    /// Encodes half a second of near-silence: chooses the output by its size, and makes the
    /// slow first run.
    fn probe(&mut self, wanted_dim: Option<usize>) -> Result<(), String> {
        let frames = 25;
        let audio = vec![1e-4; len_16k(frames)];
        let mut sizes = Vec::new();
        for output in self.interface.outputs.clone() {
            self.output.clone_from(&output);
            self.state.reset();
            let shape = self.run(&audio).map_err(|error| error.to_string())?;
            sizes.push((output, shape.last().copied().unwrap_or(0)));
        }
        self.output = EncoderInterface::choose_output(&sizes, wanted_dim).ok_or("it has no output")?;
        let dim = sizes
            .iter()
            .find(|(name, _)| *name == self.output)
            .map_or(0, |(_, dim)| *dim);
        self.dim = dim;
        self.state.reset();
        let mut embeddings = Frames::new(dim.max(1));
        self.encode_piece(&audio, &mut embeddings)
            .map_err(|error| error.to_string())?;
        if embeddings.len() != frames || dim == 0 {
            return Err(format!(
                "it makes {} frames from half a second of audio; a HuBERT encoder makes {frames}",
                embeddings.len()
            ));
        }
        Ok(())
    }

    /// Runs the model; the chosen output is in `values`, and its sizes are returned.
    fn run(&mut self, audio_16k: &[f32]) -> Result<Vec<usize>, ModelError> {
        let mut audio = if self.normalize {
            normalized(audio_16k)
        } else {
            audio_16k.to_vec()
        };
        let len = self.interface.fixed_samples.unwrap_or(audio.len());
        let given = audio.len().min(len);
        audio.resize(len, 0.0);
        let port = &self.interface.audio;
        let mut shape = vec![1; port.rank()];
        shape[port.rank() - 1] = len;
        let tensor = tensors::floats(port.element, shape, audio).map_err(failed(MODEL))?;
        let mut inputs = ort::inputs![port.name.as_str() => tensor];
        if let Some(mask) = &self.interface.mask {
            let mut values = vec![mask.audio; given];
            values.resize(len, 1 - mask.audio);
            let mut shape = vec![1; mask.port.rank()];
            if let Some(last) = shape.last_mut() {
                *last = len;
            }
            let tensor = tensors::ints(mask.port.element, shape, values).map_err(failed(MODEL))?;
            inputs.push((mask.port.name.as_str().into(), tensor));
        }
        self.state.add_inputs(&mut inputs).map_err(failed(MODEL))?;
        let outputs = self.session.run(inputs).map_err(failed(MODEL))?;
        self.state.store(&outputs).map_err(failed(MODEL))?;
        tensors::read_floats(&outputs[self.output.as_str()], &mut self.values).map_err(failed(MODEL))
    }

    /// Encodes at most as much as the model accepts; appends to `embeddings`.
    fn encode_piece(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<(), ModelError> {
        let frames = audio_16k.len().saturating_sub(FRAME_TAIL_16K) / FRAME_STEP_16K;
        let shape = self.run(audio_16k)?;
        let got = self.values.len() / self.dim.max(1);
        // Encoders that pad their input make one more frame, from the padding; where all calls have one length,
        // what follows the audio is padding too.
        let whole =
            got == frames || got == frames + 1 || (got > frames && self.interface.fixed_samples.is_some());
        if !whole || shape.last() != Some(&self.dim) {
            return Err(ModelError::Shape {
                model: MODEL,
                expected: frames * self.dim,
                got: self.values.len(),
            });
        }
        for row in self.values.chunks_exact(self.dim.max(1)).take(frames) {
            embeddings.push(row);
        }
        Ok(())
    }
}

/// Number of samples for `frames`.
fn len_16k(frames: usize) -> usize {
    frames * FRAME_STEP_16K + FRAME_TAIL_16K
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

    fn is_settled(&self) -> bool {
        self.state.is_settled()
    }

    fn encode_streaming(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<(), ModelError> {
        embeddings.clear(self.dim);
        let frames = audio_16k.len().saturating_sub(FRAME_TAIL_16K) / FRAME_STEP_16K;
        let fixed = self.interface.fixed_samples.unwrap_or(usize::MAX);
        for piece in pieces(frames, fixed.saturating_sub(FRAME_TAIL_16K) / FRAME_STEP_16K) {
            let mut encoded = Frames::new(self.dim);
            let start = piece.given.start * FRAME_STEP_16K;
            self.encode_piece(
                &audio_16k[start..start + len_16k(piece.given.len())],
                &mut encoded,
            )?;
            let first = piece.kept.start - piece.given.start;
            encoded
                .rows()
                .skip(first)
                .take(piece.kept.len())
                .for_each(|row| embeddings.push(row));
        }
        Ok(())
    }
}

/// Part of a long window, in frames, for an encoder with a fixed length.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    given: Range<usize>,
    /// The frames of `given` that are used.
    kept: Range<usize>,
}

/// Frames at both ends of a piece that are only context for the others (half a second).
const PIECE_CONTEXT_50HZ: usize = 12;

/// Overlapping pieces of at most `room` frames (48 or more); each frame is kept once.
fn pieces(frames: usize, room: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut kept = 0;
    while kept < frames {
        let start = if frames <= room {
            0
        } else {
            kept.saturating_sub(PIECE_CONTEXT_50HZ).min(frames - room)
        };
        let end = frames.min(start.saturating_add(room));
        let last = if end == frames {
            end
        } else {
            end - PIECE_CONTEXT_50HZ
        };
        pieces.push(Piece {
            given: start..end,
            kept: kept..last,
        });
        kept = last;
    }
    pieces
}

/// True if the settings of transformers next to an exported encoder require normalized audio.
fn asks_for_normalizing(path: &Path) -> bool {
    let settings = std::fs::read_to_string(path.with_file_name("preprocessor_config.json")).ok();
    let json: Option<serde_json::Value> = settings.and_then(|text| serde_json::from_str(&text).ok());
    json.is_some_and(|json| json.get("do_normalize") == Some(&serde_json::Value::Bool(true)))
}

/// Zero mean, unit variance, with the epsilon of transformers' extractor.
fn normalized(audio: &[f32]) -> Vec<f32> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a window of a few ten thousand samples"
    )]
    let len = audio.len().max(1) as f32;
    let mean = audio.iter().sum::<f32>() / len;
    let variance = audio.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / len;
    let scale = 1.0 / (variance + 1e-7).sqrt();
    audio.iter().map(|x| (x - mean) * scale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_windows_are_cut_into_pieces_that_overlap_and_keep_each_frame_once() {
        assert_eq!(
            pieces(50, 60),
            [Piece {
                given: 0..50,
                kept: 0..50
            }]
        );
        for frames in [61, 100, 123, 500] {
            let pieces = pieces(frames, 60);
            let mut next = 0;
            for piece in &pieces {
                assert_eq!((piece.given.len(), piece.kept.start), (60, next), "{frames}");
                let before = piece.kept.start - piece.given.start;
                let after = piece.given.end - piece.kept.end;
                assert!(before >= PIECE_CONTEXT_50HZ || piece.given.start == 0, "{frames}");
                assert!(
                    after >= PIECE_CONTEXT_50HZ || piece.given.end == frames,
                    "{frames}"
                );
                next = piece.kept.end;
            }
            assert_eq!(next, frames);
        }
    }

    #[test]
    fn normalized_audio_has_mean_0_and_variance_1() {
        let audio: Vec<f32> = (0..1600_i16)
            .map(|n| 0.3 + 0.01 * (f32::from(n) * 0.7).sin())
            .collect();
        let scaled = normalized(&audio);
        let mean = scaled.iter().sum::<f32>() / 1600.0;
        let variance = scaled.iter().map(|x| x * x).sum::<f32>() / 1600.0;
        assert!(
            mean.abs() < 1e-3 && (variance - 1.0).abs() < 0.01,
            "{mean} {variance}"
        );
    }
}
