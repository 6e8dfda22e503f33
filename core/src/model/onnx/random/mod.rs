//! Replaces the random nodes of a model by inputs.
//!
//! Two renders are equal only if their noise is, so a model's random nodes are replaced by
//! inputs when it is loaded, and filled by the counter-based generator, keyed by the
//! absolute frame. For that their shapes must be known: the unchanged file is run at several
//! lengths, with its random values as additional outputs. An axis that grows with the
//! length is time, with a fixed number of values per frame; values without such an axis
//! are constant.
//!
//! If that is not possible, the model runs unchanged and is reported as not reproducible.

mod graph;
mod input;

pub use input::RunLength;

use super::session::{ModelFileError, from_bytes, read};
use super::shared_session::SharedSession;
use super::signature::Element;
use super::tensors;
use graph::RandomNode;
use half::f16;
use input::{Drawn, NoiseInput};
use ort::session::{SessionInputValue, SessionOutputs};
use std::borrow::Cow;
use std::path::Path;

/// True if two runs of the model at `path` may differ.
///
/// # Errors
/// If the file cannot be read; see [`ModelFileError`].
pub fn is_random(model: &'static str, path: &Path) -> Result<bool, ModelFileError> {
    let bytes = read(model, path)?;
    Ok(graph::find(&bytes).is_ok_and(|found| found.is_random()))
}

/// How a model's random nodes are handled.
pub enum ModelNoise {
    /// There are none.
    None,
    /// Their shapes are being probed.
    Probing {
        /// The file.
        bytes: Vec<u8>,
        /// The nodes.
        nodes: Vec<RandomNode>,
        /// The values of all nodes in each run.
        runs: Vec<(RunLength, Vec<Drawn>)>,
    },
    /// They are replaced by inputs.
    Replaced(Vec<NoiseInput>),
    /// They stay random.
    Random,
}

impl ModelNoise {
    /// Opens the model in `bytes`; `path` is for messages. If the result is [`Self::Probing`],
    /// run it at several lengths, pass the outputs to [`Self::record_shapes`], and call
    /// [`Self::finish_probing`].
    ///
    /// # Errors
    /// See [`ModelFileError`].
    pub fn open(path: &Path, bytes: &[u8]) -> Result<(SharedSession, Self), ModelFileError> {
        let found = graph::find(bytes).unwrap_or_default();
        if !found.is_random() {
            return Ok((from_bytes(path, bytes)?, Self::None));
        }
        let probing = graph::with_inputs(bytes, &[], &[])
            .and_then(|bytes| Ok((graph::with_outputs(&bytes, &found.nodes)?, bytes)));
        let (false, Ok((with_outputs, trained))) = (found.has_others, probing) else {
            return Ok((from_bytes(path, bytes)?, Self::Random));
        };
        if found.nodes.is_empty() {
            // Dropouts only, and their training is disabled.
            return Ok((from_bytes(path, &trained)?, Self::None));
        }
        let Ok(session) = from_bytes(path, &with_outputs) else {
            return Ok((from_bytes(path, &trained)?, Self::Random));
        };
        let noise = Self::Probing {
            bytes: trained,
            nodes: found.nodes,
            runs: Vec::new(),
        };
        Ok((session, noise))
    }

    /// Records the shapes of a run, while probing.
    pub fn record_shapes(&mut self, length: RunLength, outputs: &SessionOutputs<'_>) {
        if let Self::Probing { nodes, runs, .. } = self {
            runs.push((length, nodes.iter().map(|node| drawn(node, outputs)).collect()));
        }
    }

    /// The session to use after the runs; `None`: the current one. `fixed`: all runs had
    /// the model's only length.
    ///
    /// # Errors
    /// If the unchanged file does not load.
    pub fn finish_probing(
        &mut self,
        path: &Path,
        fixed: bool,
    ) -> Result<Option<SharedSession>, ModelFileError> {
        let Self::Probing { bytes, nodes, runs } = self else {
            return Ok(None);
        };
        let inputs: Option<Vec<NoiseInput>> = nodes
            .iter()
            .enumerate()
            .map(|(n, node)| {
                let of_node: Vec<_> = runs
                    .iter()
                    .map(|(length, values)| (*length, &values[n]))
                    .collect();
                NoiseInput::from_runs(node, n as u64, &of_node, fixed)
            })
            .collect();
        let replaced = inputs.and_then(|inputs| {
            let kinds: Vec<(usize, bool)> = inputs
                .iter()
                .map(|input| (input.shape.len(), input.half))
                .collect();
            let changed = graph::with_inputs(bytes, nodes, &kinds).ok()?;
            Some((from_bytes(path, &changed).ok()?, inputs))
        });
        let session = match replaced {
            Some((session, inputs)) => {
                *self = Self::Replaced(inputs);
                session
            }
            None => {
                let session = from_bytes(path, bytes)?;
                *self = Self::Random;
                session
            }
        };
        Ok(Some(session))
    }

    /// Adds the noise of a run whose first frame has the number `first_frame` in the stream.
    ///
    /// # Errors
    /// If the runtime is out of memory.
    pub fn add_inputs<'a>(
        &'a self,
        length: RunLength,
        first_frame: i64,
        values: &mut Vec<(Cow<'a, str>, SessionInputValue<'a>)>,
    ) -> Result<(), ort::Error> {
        if let Self::Replaced(inputs) = self {
            for input in inputs {
                let element = if input.half { Element::F16 } else { Element::F32 };
                let tensor =
                    tensors::floats(element, input.shape_of(length), input.draw(length, first_frame))?;
                values.push((input.name.as_str().into(), tensor));
            }
        }
        Ok(())
    }

    /// True if two renders are the same.
    #[must_use]
    pub fn is_reproducible(&self) -> bool {
        matches!(self, Self::None | Self::Replaced(_))
    }
}

/// The values that a node drew in a run.
fn drawn(node: &RandomNode, outputs: &SessionOutputs<'_>) -> Drawn {
    let sizes = |shape: &[i64]| {
        shape
            .iter()
            .map(|&size| usize::try_from(size).unwrap_or(0))
            .collect()
    };
    let value = outputs.get(node.name.as_str());
    let shape_of_floats = value.and_then(|value| Some(value.try_extract_tensor::<f32>().ok()?.0.to_vec()));
    let shape_of_halves = value.and_then(|value| Some(value.try_extract_tensor::<f16>().ok()?.0.to_vec()));
    match (shape_of_floats, shape_of_halves) {
        (Some(shape), _) => Drawn {
            shape: sizes(&shape),
            half: false,
        },
        (None, Some(shape)) => Drawn {
            shape: sizes(&shape),
            half: true,
        },
        // An impossible shape.
        (None, None) => Drawn {
            shape: vec![0],
            half: false,
        },
    }
}
