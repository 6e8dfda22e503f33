//! Finds the folder with voice packs and ONNX Runtime, for programs.

use std::path::{Path, PathBuf};
use voxmeld_core::names::shown_path;

/// Why there is no data.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The given folder is none.
    #[error(
        "there is no folder {} with voice packs: name the bundle's voxmeld.data, or leave --data and VOXMELD_DATA away",
        shown_path(path)
    )]
    Given {
        /// As given.
        path: PathBuf,
    },
    /// None was found.
    #[error(
        "the folder voxmeld.data (voice packs and ONNX Runtime) was not found in any of these places: {places}; run `cargo xtask install`, or name the folder with --data or VOXMELD_DATA"
    )]
    NotFound {
        /// Where it was looked for.
        places: String,
    },
}

/// The data folder: the given one, or the first of [`places`] that has voice packs.
///
/// # Errors
/// In sentences with the places that were tried.
pub fn find_data(given: Option<&Path>) -> Result<PathBuf, DataError> {
    let program = std::env::current_exe().ok();
    let home = std::env::var_os("HOME").map(PathBuf::from);
    find_in(given, &places(program.as_deref(), home.as_deref()))
}

fn find_in(given: Option<&Path>, places: &[PathBuf]) -> Result<PathBuf, DataError> {
    let has_packs = |place: &Path| place.join("packs").is_dir();
    if let Some(given) = given {
        return if has_packs(given) {
            Ok(given.to_path_buf())
        } else {
            Err(DataError::Given { path: given.into() })
        };
    }
    places
        .iter()
        .find(|place| has_packs(place))
        .cloned()
        .ok_or_else(|| DataError::NotFound {
            places: places
                .iter()
                .map(|place| shown_path(place).to_string())
                .collect::<Vec<_>>()
                .join(", "),
        })
}

/// Where the data may be: beside the program (installed, in a bundle, in cargo's target folder), and where `cargo
/// xtask install` puts the plugins.
#[must_use]
pub fn places(program: Option<&Path>, home: Option<&Path>) -> Vec<PathBuf> {
    let mut places = Vec::new();
    if let Some(program) = program {
        let program = program.canonicalize().unwrap_or_else(|_| program.to_path_buf());
        let mut folders = program.ancestors().skip(1).map(Path::to_path_buf);
        if let Some(folder) = folders.next() {
            places.push(folder.join("voxmeld.data"));
        }
        if let Some(folder) = folders.next() {
            places.push(folder.join("bundle/voxmeld.data"));
            places.push(folder.join("share/voxmeld"));
        }
        // The tests' programs are one folder deeper.
        if let Some(folder) = folders.next() {
            places.push(folder.join("bundle/voxmeld.data"));
        }
    }
    if let Some(home) = home {
        places.push(home.join(".clap/voxmeld.data"));
        places.push(home.join(".vst3/voxmeld.vst3/Contents/Resources"));
    }
    for system in ["/usr/local/lib/clap/voxmeld.data", "/usr/lib/clap/voxmeld.data"] {
        places.push(system.into());
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_place_with_packs_is_used_and_all_are_named_if_there_is_none() {
        let base = std::env::temp_dir().join(format!("voxmeld-data-{}", std::process::id()));
        let (program, home) = (base.join("bin/voxmeld"), base.join("home"));
        let places = places(Some(&program), Some(&home));
        let error = find_in(None, &places[..5])
            .expect_err("nothing there")
            .to_string();
        assert!(
            error.contains(".clap/voxmeld.data") && error.contains("cargo xtask install"),
            "{error}"
        );
        let installed = home.join(".clap/voxmeld.data");
        std::fs::create_dir_all(installed.join("packs")).expect("created");
        assert_eq!(find_in(None, &places).expect("found"), installed);
        let beside = base.join("bin/voxmeld.data");
        std::fs::create_dir_all(beside.join("packs")).expect("created");
        assert_eq!(find_in(None, &places).expect("found"), beside);
        let error = find_in(Some(&base), &places).expect_err("no packs").to_string();
        assert!(error.contains("--data"), "{error}");
        std::fs::remove_dir_all(&base).expect("removed");
    }
}
