//! The user's own folder, which an update of the program does not change.

use parking_lot::Mutex;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Environment variable with the folder.
const OWN_VARIABLE: &str = "VOXMELD_OWN";
/// Environment variable with further folders in which moved files are searched.
const FOLDERS_VARIABLE: &str = "VOXMELD_FOLDERS";
/// File with such folders, one per line.
const FOLDERS_FILE: &str = "search.txt";
/// Maximum number of such folders.
const MAX_FOLDERS: usize = 100;

static OWN_DIR: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Sets the user's own folder for this process, instead of that of the environment.
pub fn set_own_dir(dir: &Path) {
    *OWN_DIR.lock() = Some(dir.to_path_buf());
}

/// Folder for the user's own voices, indices and recordings.
#[must_use]
pub fn own_dir() -> PathBuf {
    if let Some(dir) = OWN_DIR.lock().clone() {
        return dir;
    }
    choose(|name| std::env::var_os(name).filter(|value| !value.is_empty()))
}

/// The user's folders in which moved files are searched.
#[must_use]
pub fn search_folders(own: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_to_string(own.join(FOLDERS_FILE)).unwrap_or_default();
    let mut folders: Vec<PathBuf> = listed
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(PathBuf::from)
        .collect();
    if let Some(variable) = std::env::var_os(FOLDERS_VARIABLE) {
        folders.extend(std::env::split_paths(&variable));
    }
    folders.retain(|folder| folder.is_absolute());
    folders.dedup();
    folders.truncate(MAX_FOLDERS);
    folders
}

/// Adds a folder in which moved files are searched.
///
/// # Errors
/// If the list cannot be written.
pub fn add_search_folder(own: &Path, folder: &Path) -> std::io::Result<()> {
    if search_folders(own).iter().any(|known| known == folder) {
        return Ok(());
    }
    std::fs::create_dir_all(own)?;
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(own.join(FOLDERS_FILE))?;
    writeln!(file, "{}", folder.display())
}

fn choose(variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    if let Some(dir) = variable(OWN_VARIABLE) {
        return dir.into();
    }
    let home = |rest: &str| Some(PathBuf::from(variable("HOME")?).join(rest));
    let data = if cfg!(windows) {
        variable("APPDATA").map(PathBuf::from)
    } else if cfg!(target_os = "macos") {
        home("Library/Application Support")
    } else {
        let set = variable("XDG_DATA_HOME").map(PathBuf::from);
        set.filter(|dir| dir.is_absolute())
            .or_else(|| home(".local/share"))
    };
    data.unwrap_or_else(std::env::temp_dir).join("voxmeld")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(all(unix, not(target_os = "macos")))]
    #[test]
    fn own_dir_is_the_variable_else_xdg_data_home_else_local_share() {
        let with = |known: &[(&str, &str)]| {
            choose(|name| {
                let found = known.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| value.into())
            })
        };
        let home = ("HOME", "/home/Jörg Ω");
        assert_eq!(with(&[home]), Path::new("/home/Jörg Ω/.local/share/voxmeld"));
        assert_eq!(
            with(&[home, ("XDG_DATA_HOME", "/data")]),
            Path::new("/data/voxmeld")
        );
        assert_eq!(with(&[home, ("XDG_DATA_HOME", "data")]), with(&[home]));
        assert_eq!(with(&[home, (OWN_VARIABLE, "/mine")]), Path::new("/mine"));
    }

    #[test]
    fn folders_that_were_added_are_searched_once_each() {
        let own = std::env::temp_dir().join(format!("voxmeld-folders-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&own);
        for folder in ["/Stimmen ä", "/b", "/Stimmen ä"] {
            add_search_folder(&own, Path::new(folder)).expect("written");
        }
        assert_eq!(
            search_folders(&own)[..2],
            [Path::new("/Stimmen ä"), Path::new("/b")]
        );
        std::fs::remove_dir_all(&own).expect("removed");
    }
}
