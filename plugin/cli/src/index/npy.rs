//! NumPy files in and out: features of RVC (`3_feature768/*.npy`), `total_fea.npy`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use ndarray::ArrayView2;
use ndarray_npy::WriteNpyExt;
use voxmeld_core::frames::Frames;
use voxmeld_core::indexing::parse_npy;
use voxmeld_core::names::shown_path;
use voxmeld_core::retrieval::MAX_FILE_BYTES;

use crate::audio::write_with;

/// RVC's name for all features in one file.
pub const TOTAL: &str = "total_fea.npy";

/// Reads features `[n, d]` or `[1, n, d]` of any floating point kind.
pub fn read(path: &Path) -> Result<Frames> {
    let cannot = || format!("{} cannot be used", shown_path(path));
    let len = std::fs::metadata(path).with_context(cannot)?.len();
    ensure!(len <= MAX_FILE_BYTES, "{} is too large", shown_path(path));
    let bytes = std::fs::read(path).with_context(cannot)?;
    let frames = parse_npy(&bytes).with_context(cannot)?;
    ensure!(
        frames.data().iter().all(|value| value.is_finite()),
        "{} holds values that are not numbers",
        shown_path(path)
    );
    Ok(frames)
}

/// The features of a folder.
#[derive(Default)]
pub struct Features {
    /// Files and their rows, in file-name order, as RVC reads them. All rows are equally long.
    pub files: Vec<(PathBuf, Frames)>,
    /// Files that are not used, each with the reason.
    pub left_out: Vec<String>,
}

/// All `.npy` files of a folder, or one file. A bad file is left out, with the reason; with `strict` it is an error.
pub fn read_all(path: &Path, strict: bool) -> Result<Features> {
    if path.is_file() {
        return Ok(Features {
            files: vec![(path.to_path_buf(), read(path)?)],
            left_out: Vec::new(),
        });
    }
    let mut features = Features::default();
    for file in listed(path)? {
        match read(&file) {
            Ok(frames) if frames.is_empty() => features
                .left_out
                .push(format!("{} has no rows", shown_path(&file))),
            Ok(frames) => features.files.push((file, frames)),
            Err(error) => features.left_out.push(format!("{error:#}")),
        }
    }
    features.keep_one_dim();
    if let Some(why) = features.left_out.first().filter(|_| strict) {
        bail!("{why} (without --strict it would be left out)");
    }
    if features.files.is_empty() {
        bail!(
            "{} holds no features that can be used: {}",
            shown_path(path),
            features.left_out.join("; ")
        );
    }
    Ok(features)
}

impl Features {
    /// Leaves out the files whose rows are not as long as most rows are.
    fn keep_one_dim(&mut self) {
        let rows_of = |dim: usize| -> usize {
            self.files
                .iter()
                .map(|(_, frames)| if frames.dim() == dim { frames.len() } else { 0 })
                .sum()
        };
        let dims = self.files.iter().map(|(_, frames)| frames.dim());
        let Some(dim) = dims.max_by_key(|&dim| (rows_of(dim), dim)) else {
            return;
        };
        let left_out = &mut self.left_out;
        self.files.retain(|(file, frames)| {
            let fits = frames.dim() == dim;
            if !fits {
                let found = frames.dim();
                left_out.push(format!(
                    "{} has {found} values a row, the others {dim}",
                    shown_path(file)
                ));
            }
            fits
        });
    }
}

/// The `.npy` files of a folder, by name.
fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("{} cannot be listed", shown_path(folder)))?;
    let mut files = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()?;
    files.retain(|file| {
        let ours = file.file_name().is_some_and(|name| name == TOTAL);
        let hidden = file
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        let is_npy = file
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("npy"));
        !ours && !hidden && is_npy
    });
    files.sort();
    ensure!(!files.is_empty(), "{} holds no .npy files", shown_path(folder));
    Ok(files)
}

/// Writes `[n, d]` float32.
pub fn write(path: &Path, frames: &Frames) -> Result<()> {
    let view = ArrayView2::from_shape((frames.len(), frames.dim()), frames.data())?;
    write_with(path, |file| Ok(view.write_npy(file)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_file_of_a_folder_is_left_out_by_name_or_an_error() {
        let folder = std::env::temp_dir().join(format!("voxmeld-npy-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("folder");
        let write = |name: &str, dim: usize, rows: usize| {
            let frames = Frames::from_data(dim, vec![0.5; dim * rows]);
            super::write(&folder.join(name), &frames).expect("written");
        };
        write("a.npy", 3, 2);
        write("b.NPY", 4, 10);
        write("c.npy", 4, 10);
        std::fs::write(folder.join("d.npy"), "<html>").expect("written");
        let features = read_all(&folder, false);
        let strict = read_all(&folder, true);
        std::fs::remove_dir_all(&folder).expect("removed");
        let features = features.expect("read");
        let names: Vec<_> = features
            .files
            .iter()
            .filter_map(|(path, _)| path.file_name())
            .collect();
        assert_eq!(names, ["b.NPY", "c.npy"]);
        let left_out = features.left_out.join("; ");
        assert!(
            left_out.contains("d.npy") && left_out.contains("a.npy has 3 values"),
            "{left_out}"
        );
        assert!(strict.is_err_and(|error| error.to_string().contains("d.npy")));
    }
}
