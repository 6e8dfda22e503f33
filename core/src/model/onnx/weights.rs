//! Files of weights (PyTorch, safetensors) in place of ONNX files.

use super::session::{ModelFileError, from_bytes};
use super::shared_session::SharedSession;
use crate::import::{self, ModelKind, WeightsFile, hubert};
use std::path::Path;

/// Extensions that only files of weights have.
const EXTENSIONS: [&str; 5] = ["pth", "pt", "bin", "ckpt", "safetensors"];

/// True if `path` holds weights and not an ONNX graph, by its extension or else its first
/// bytes.
pub fn are_in(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let known = extension.is_some_and(|extension| {
        EXTENSIONS
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    });
    known || import::looks_like_weights(path)
}

/// Opens a file of weights and recognises its content. `model`: the kind of model for which it
/// was chosen.
pub fn open(model: &'static str, path: &Path) -> Result<(WeightsFile, ModelKind), ModelFileError> {
    if !path.is_file() {
        return Err(ModelFileError::Missing {
            model,
            path: path.to_path_buf(),
        });
    }
    let refused = |why: String| ModelFileError::Weights {
        path: path.to_path_buf(),
        why,
    };
    let file = WeightsFile::open(path).map_err(|error| refused(error.to_string()))?;
    let kind = ModelKind::of(&file).map_err(|error| refused(error.to_string()))?;
    Ok((file, kind))
}

/// Frames that the attention of an encoder remembers in a stream: a second, as long as the window of an encoder that
/// remembers nothing.
const PAST_FRAMES: usize = 50;

/// A session with the encoder in a file of weights, with `wanted_dim` values per embedding, for streams.
pub fn open_encoder(
    model: &'static str,
    path: &Path,
    wanted_dim: Option<usize>,
    eight_bits: bool,
) -> Result<SharedSession, ModelFileError> {
    let refused = |why: String| ModelFileError::Weights {
        path: path.to_path_buf(),
        why,
    };
    let (mut file, kind) = open(model, path)?;
    if !matches!(kind, ModelKind::Encoder(_)) {
        return Err(refused(format!("it is {}: {}", kind.name(), kind.advice())));
    }
    let build = hubert::Build {
        wanted: wanted_dim,
        past_frames: Some(PAST_FRAMES),
        eight_bits,
    };
    let graph = hubert::build_as(&mut file, build).map_err(|error| refused(error.to_string()))?;
    drop(file);
    from_bytes(path, &graph)
}
