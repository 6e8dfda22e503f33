//! Runs the graphs that [`crate::import::rvc`] builds from a voice's weights.

use super::session::{ModelFileError, failed, from_bytes};
use super::shared_session::SharedSession;
use super::state::ModelState;
use crate::import::rvc::{Ranges, Span};
use crate::model::ModelError;
use ort::session::SessionInputValue;
use ort::value::TensorRef;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

const MODEL: &str = "synthesizer";

/// Inputs of the graph; the head of `import/rvc/graph.rs` describes its parts.
#[derive(Clone, Copy, Debug)]
pub struct RvcGraphInput<'a> {
    /// `T` embeddings, one after the other.
    pub phone: &'a [f32],
    /// Coarse codes and Hz, `T` of each; for voices with f0.
    pub pitch: Option<(&'a [i64], &'a [f32])>,
    /// Speaker.
    pub speaker: i64,
    /// Noise: `channels * T` values of unit variance, channel by channel.
    pub z_noise: &'a [f32],
    /// Noise of the source: one value of unit variance per returned sample; for voices with f0.
    pub source_noise: Option<&'a [f32]>,
    /// Frames at the beginning that are context only, and how many are
    /// returned after them; all of them where this is `None`.
    pub crop: Option<(usize, usize)>,
    /// New frames; the others lie ahead and are given again in the next call. Only for graphs of streams.
    pub hop_frames: Option<usize>,
}

/// A session with such a graph.
pub struct RvcGraph {
    session: SharedSession,
    /// Of the graph of a stream; else empty.
    state: ModelState,
    width: usize,
    noise_channels: usize,
    /// Outputs of a watched graph, and what was seen in them.
    watched: Vec<String>,
    seen: BTreeMap<String, Span>,
}

impl RvcGraph {
    /// Opens a graph; `path` is where the weights came from. Thread: the
    /// loader's.
    ///
    /// # Errors
    /// See [`ModelFileError`].
    pub fn open(path: &Path, graph: &[u8]) -> Result<Self, ModelFileError> {
        let session = from_bytes(path, graph)?;
        let size = |name: &str, axis: usize| {
            let input = session.inputs().iter().find(|input| input.name() == name);
            let size = input.and_then(|input| input.dtype().tensor_shape()?.get(axis).copied());
            size.and_then(|size| usize::try_from(size).ok()).unwrap_or(0)
        };
        let (width, noise_channels) = (size("phone", 2), size("z_noise", 1));
        if width == 0 || noise_channels == 0 {
            return Err(ModelFileError::Interface {
                model: MODEL,
                path: path.to_path_buf(),
                what: "it has no `phone` and `z_noise` of fixed size".into(),
            });
        }
        Ok(Self {
            state: ModelState::find(&session),
            watched: session
                .outputs()
                .iter()
                .map(|output| output.name().to_string())
                .filter(|name| name.starts_with("watch."))
                .collect(),
            seen: BTreeMap::new(),
            session,
            width,
            noise_channels,
        })
    }

    /// The next call begins a stream.
    pub fn restart(&mut self) {
        self.state.reset();
    }

    /// What was seen in the layers of a watched graph.
    #[must_use]
    pub fn ranges(&self) -> Ranges {
        let mut ranges = Ranges::new();
        for (output, span) in &self.seen {
            if let Some(name) = output.strip_prefix("watch.input.") {
                ranges.entry(name.to_string()).or_default().input = *span;
            } else if let Some(name) = output.strip_prefix("watch.output.") {
                ranges.entry(name.to_string()).or_default().output = *span;
            }
        }
        ranges
    }

    /// Synthesizes; the graph of a stream continues from the previous call. All but `audio`, which is overwritten, is read in place.
    ///
    /// # Errors
    /// See [`ModelError`].
    pub fn render(&mut self, input: RvcGraphInput<'_>, audio: &mut Vec<f32>) -> Result<(), ModelError> {
        let frames = input.phone.len() / self.width;
        let speaker = [input.speaker];
        let crop = input
            .crop
            .map(|(skip, length)| [skip, length].map(|frames| [i64::try_from(frames).unwrap_or(i64::MAX)]));
        let hop = input
            .hop_frames
            .map(|frames| [i64::try_from(frames).unwrap_or(i64::MAX)]);
        let mut values: Vec<(Cow<'_, str>, SessionInputValue<'_>)> = Vec::new();
        let mut floats = |name: &'static str, shape: Vec<usize>, data| {
            values.push((name.into(), TensorRef::from_array_view((shape, data))?.into()));
            Ok::<(), ort::Error>(())
        };
        floats("phone", vec![1, frames, self.width], input.phone).map_err(failed(MODEL))?;
        floats("z_noise", vec![1, self.noise_channels, frames], input.z_noise).map_err(failed(MODEL))?;
        if let Some(noise) = input.source_noise {
            floats("source_noise", vec![1, noise.len(), 1], noise).map_err(failed(MODEL))?;
        }
        if let Some((_, hz)) = input.pitch {
            floats("pitchf", vec![1, frames], hz).map_err(failed(MODEL))?;
        }
        let mut ints = |name: &'static str, shape: Vec<usize>, data| {
            values.push((name.into(), TensorRef::from_array_view((shape, data))?.into()));
            Ok::<(), ort::Error>(())
        };
        ints("sid", vec![1], &speaker[..]).map_err(failed(MODEL))?;
        if let Some((codes, _)) = input.pitch {
            ints("pitch", vec![1, frames], codes).map_err(failed(MODEL))?;
        }
        if let Some([skip, length]) = &crop {
            ints("skip_head", vec![], &skip[..]).map_err(failed(MODEL))?;
            ints("return_length", vec![], &length[..]).map_err(failed(MODEL))?;
        }
        if let Some(hop) = &hop {
            ints("hop_frames", vec![1], &hop[..]).map_err(failed(MODEL))?;
        }
        self.state.add_inputs(&mut values).map_err(failed(MODEL))?;
        let outputs = self.session.run(values).map_err(failed(MODEL))?;
        self.state.store(&outputs).map_err(failed(MODEL))?;
        for name in &self.watched {
            let (_, span) = outputs[name.as_str()]
                .try_extract_tensor::<f32>()
                .map_err(failed(MODEL))?;
            if let &[low, high, power] = span {
                self.seen
                    .entry(name.clone())
                    .or_default()
                    .extend([low, high, power]);
            }
        }
        let (_, samples) = outputs["audio"]
            .try_extract_tensor::<f32>()
            .map_err(failed(MODEL))?;
        audio.clear();
        audio.extend_from_slice(samples);
        Ok(())
    }
}
