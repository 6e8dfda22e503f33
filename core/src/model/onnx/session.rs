//! ONNX Runtime: loaded once by absolute path; a session runs on the thread that calls it.

use super::super::ModelError;
use super::external;
use super::file_bytes::FileBytes;
use super::shared_session::{SharedSession, shared};
use crate::file_kind::{FileKind, HEAD_BYTES, Place};
use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A model file that cannot be used; the running voice is kept.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// No such file.
    #[error("the {model} file is missing: {}", path.display())]
    Missing {
        /// Which model.
        model: &'static str,
        /// Where it should be.
        path: PathBuf,
    },
    /// Not an ONNX model, or truncated.
    #[error("{} is not a complete ONNX model (copy or download it again): {why}", path.display())]
    Broken {
        /// Which file.
        path: PathBuf,
        /// The runtime's message.
        why: String,
    },
    /// Another kind of file.
    #[error("{} is not an ONNX model but {found}: {}", path.display(), found.advice(Place::Onnx))]
    OtherFile {
        /// Which file.
        path: PathBuf,
        /// What it is.
        found: FileKind,
    },
    /// A model without the expected inputs and outputs.
    #[error("{} is not a supported {model}: {what}", path.display())]
    Interface {
        /// Which kind was expected.
        model: &'static str,
        /// Which file.
        path: PathBuf,
        /// What differs, and what is expected.
        what: String,
    },
    /// Weights that cannot be read, or that are not those of this kind of model.
    #[error("{} cannot be used: {why}", path.display())]
    Weights {
        /// Which file.
        path: PathBuf,
        /// What it is or what is wrong with it, and what to do.
        why: String,
    },
    /// ONNX Runtime could not be loaded.
    #[error(
        "ONNX Runtime could not be loaded: {0} (reinstall the plugin together with its voxmeld.data folder)"
    )]
    Runtime(String),
}

/// Path of ONNX Runtime in the bundle; set before the first model is loaded.
static LIBRARY: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Sets the ONNX Runtime library to load. An absolute path, so that no other plugin's copy
/// is loaded. Without effect after the first model has been loaded.
pub fn set_runtime_library(path: &Path) {
    *LIBRARY.lock() = Some(path.to_path_buf());
}

/// Loads ONNX Runtime if that has not been done yet.
///
/// # Errors
/// [`ModelFileError::Runtime`] with the reason.
pub fn runtime_available() -> Result<(), ModelFileError> {
    environment().map(|_| ())
}

fn environment() -> Result<&'static Environment, ModelFileError> {
    // A failure is kept too: another attempt would fail again.
    static ENVIRONMENT: OnceLock<Result<Environment, String>> = OnceLock::new();
    ENVIRONMENT
        .get_or_init(|| {
            let path = LIBRARY
                .lock()
                .clone()
                .ok_or_else(|| "its path is not set".to_string())?;
            if !path.is_file() {
                return Err(format!("{} is missing", path.display()));
            }
            let builder = ort::environment::init_from(&path).map_err(|error| error.to_string())?;
            builder
                .with_name("voxmeld")
                .with_telemetry(false)
                .build()
                .map_err(|error| error.to_string())
        })
        .as_ref()
        .map_err(|why| ModelFileError::Runtime(why.clone()))
}

/// Opens a model that runs on the caller's thread only.
pub fn open(model: &'static str, path: &Path) -> Result<SharedSession, ModelFileError> {
    from_bytes(path, &read(model, path)?)
}

/// A model's bytes, including weights in files next to it. Read here and not by the runtime, so that paths with any
/// characters work.
pub fn read(model: &'static str, path: &Path) -> Result<FileBytes, ModelFileError> {
    if !path.is_file() {
        return Err(ModelFileError::Missing {
            model,
            path: path.to_path_buf(),
        });
    }
    let bytes = FileBytes::read(path).map_err(|error| broken(path, &error.to_string()))?;
    let found = FileKind::of_bytes(&bytes[..bytes.len().min(HEAD_BYTES)]);
    if !matches!(found, FileKind::Onnx | FileKind::Unknown) {
        return Err(ModelFileError::OtherFile {
            path: path.to_path_buf(),
            found,
        });
    }
    let made = external::with_weights(path, &bytes).map_err(|error| broken(path, &error.to_string()))?;
    Ok(made.map_or(bytes, FileBytes::Made))
}

/// A session for a model's bytes, on the caller's thread only; `path` is for messages. Instances with a session for
/// the same bytes share it.
pub fn from_bytes(path: &Path, bytes: &[u8]) -> Result<SharedSession, ModelFileError> {
    shared(bytes, || make(path, bytes))
}

fn make(path: &Path, bytes: &[u8]) -> Result<Session, ModelFileError> {
    let environment = environment()?;
    let mut builder = Session::builder(environment)
        .and_then(|builder| Ok(builder.with_intra_threads(1)?))
        .and_then(|builder| Ok(builder.with_inter_threads(1)?))
        .and_then(|builder| Ok(builder.with_optimization_level(GraphOptimizationLevel::All)?))
        .and_then(|builder| Ok(builder.with_deterministic_compute(true)?))
        .map_err(|error| ModelFileError::Runtime(error.to_string()))?;
    builder
        .commit_from_memory(bytes)
        .map_err(|error| broken(path, &error.to_string()))
}

fn broken(path: &Path, why: &str) -> ModelFileError {
    ModelFileError::Broken {
        path: path.to_path_buf(),
        why: first_line(why),
    }
}

/// A runtime error without its C++ stack trace.
fn first_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}

/// Wraps a runtime error for a running model.
pub fn failed(model: &'static str) -> impl Fn(ort::Error) -> ModelError {
    move |error| ModelError::Backend {
        model,
        why: first_line(&error.to_string()),
    }
}
