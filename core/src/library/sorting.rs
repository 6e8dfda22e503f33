//! Sorts the files of an import by type.

use super::pairing;
use crate::import::{ModelKind, WeightsFile, looks_like_weights};
use std::path::{Path, PathBuf};

/// The files of an import by type.
#[derive(Debug, Default)]
pub struct Sorted {
    pub voices: Vec<FoundVoice>,
    pub indices: Vec<PathBuf>,
    pub encoders: Vec<PathBuf>,
    pub pictures: Vec<PathBuf>,
    pub archives: Vec<PathBuf>,
    /// One sentence for each file that was left out.
    pub left_out: Vec<String>,
}

/// A voice, and the properties read from its file.
#[derive(Clone, Debug)]
pub struct FoundVoice {
    pub path: PathBuf,
    /// Unknown for ONNX exports.
    pub facts: Option<Facts>,
}

/// Properties read from a voice's weights.
#[derive(Clone, Debug)]
pub struct Facts {
    pub embedding: usize,
    pub rate_hz: u32,
    pub f0: bool,
    pub speakers: usize,
    pub info: Option<String>,
}

impl Sorted {
    /// Adds a file. `unpacks`: false inside an archive, where nested archives are not opened.
    pub fn add(&mut self, path: &Path, unpacks: bool) {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        match extension.to_lowercase().as_str() {
            "index" if pairing::is_trained_only(path) => self.leave_out(
                path,
                "it is a `trained_*.index`, which holds no vectors: import the `added_*.index` next to it",
            ),
            "index" => self.indices.push(path.to_path_buf()),
            "png" | "jpg" | "jpeg" => self.pictures.push(path.to_path_buf()),
            "onnx" if is_encoder_name(path) => self.encoders.push(path.to_path_buf()),
            "onnx" => self.voices.push(FoundVoice {
                path: path.to_path_buf(),
                facts: None,
            }),
            "zip" if unpacks && WeightsFile::open(path).is_err() => self.archives.push(path.to_path_buf()),
            "pth" | "pt" | "bin" | "ckpt" | "safetensors" | "zip" => self.add_weights(path),
            _ if looks_like_weights(path) => self.add_weights(path),
            _ => self.leave_out(
                path,
                "it is not a .pth, .safetensors, .onnx, .index, .zip, .png or .jpg file",
            ),
        }
    }

    fn add_weights(&mut self, path: &Path) {
        let kind = WeightsFile::open(path)
            .map_err(|error| error.to_string())
            .and_then(|file| ModelKind::of(&file).map_err(|error| error.to_string()));
        match kind {
            Ok(ModelKind::Voice(voice)) => self.voices.push(FoundVoice {
                path: path.to_path_buf(),
                facts: Some(Facts {
                    embedding: voice.shape.width,
                    rate_hz: voice.rate_hz,
                    f0: voice.f0,
                    speakers: voice.shape.speakers,
                    info: voice.info.clone(),
                }),
            }),
            Ok(ModelKind::Encoder(_)) => self.encoders.push(path.to_path_buf()),
            Ok(kind) => self.leave_out(path, &format!("it is {}: {}", kind.name(), kind.advice())),
            Err(why) => self.leave_out(path, &why),
        }
    }

    fn leave_out(&mut self, path: &Path, why: &str) {
        self.left_out.push(format!(
            "{} was left out: {why}",
            path.file_name().unwrap_or(path.as_os_str()).to_string_lossy()
        ));
    }
}

/// True for names that ONNX files of encoders usually have.
fn is_encoder_name(path: &Path) -> bool {
    let name = pairing::stem(path).to_lowercase();
    ["vec-", "content_vec", "contentvec", "hubert"]
        .iter()
        .any(|part| name.contains(part))
}
