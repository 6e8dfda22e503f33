//! Paths of this library and of the data installed with it.
//!
//! ```text
//! CLAP       <dir>/voxmeld.clap                      data: <dir>/voxmeld.data/
//! VST3       <bundle>/Contents/<arch>/voxmeld.so     data: <bundle>/Contents/Resources/
//! macOS      <bundle>/Contents/MacOS/voxmeld         data: <bundle>/Contents/Resources/
//! program    <dir>/voxmeld                           data: <dir>/voxmeld.data/
//! ```
//! The environment variable `VOXMELD_DATA` overrides the data folder.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Environment variable with the data folder, for tests and unusual installations.
pub const DATA_VARIABLE: &str = "VOXMELD_DATA";

/// The file that this code was loaded from.
///
/// Found once and kept, because the loader returns the path as the host passed it, which
/// may be relative, and hosts may change the working directory later.
#[must_use]
pub fn own_library() -> Option<&'static Path> {
    static PATH: OnceLock<Option<PathBuf>> = OnceLock::new();
    PATH.get_or_init(|| {
        let path = library_of_this_code()?;
        Some(path.canonicalize().unwrap_or(path))
    })
    .as_deref()
}

/// The data folder, or `None` if the library's path is unknown.
#[must_use]
pub fn data_dir() -> Option<PathBuf> {
    choose_data_dir(std::env::var_os(DATA_VARIABLE), own_library())
}

/// Folder for the user's own voices, indices and recordings; an update of the plugin does
/// not change it.
#[must_use]
pub fn own_dir() -> PathBuf {
    voxmeld_core::library::own_dir()
}

/// Passes the data folder to the engine, once.
pub fn set_engine_data_dir() {
    static DONE: OnceLock<()> = OnceLock::new();
    DONE.get_or_init(|| {
        if let Some(dir) = data_dir() {
            voxmeld_core::pack::set_data_dir(&dir);
        }
    });
}

fn choose_data_dir(variable: Option<OsString>, library: Option<&Path>) -> Option<PathBuf> {
    match variable {
        Some(dir) if !dir.is_empty() => Some(dir.into()),
        _ => library.and_then(data_dir_of),
    }
}

fn data_dir_of(library: &Path) -> Option<PathBuf> {
    let dir = library.parent()?;
    match dir.parent() {
        Some(contents) if contents.file_name().is_some_and(|name| name == "Contents") => {
            Some(contents.join("Resources"))
        }
        _ => Some(dir.join("voxmeld.data")),
    }
}

#[cfg(unix)]
fn library_of_this_code() -> Option<PathBuf> {
    use std::ffi::{CStr, OsStr};
    use std::os::unix::ffi::OsStrExt;
    // SAFETY: `Dl_info` is four pointers-or-integers; all zero is a valid value.
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: the address is one of our own functions and `info` may be written.
    let found = unsafe { libc::dladdr(library_of_this_code as *const libc::c_void, &raw mut info) };
    if found == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the loader owns this NUL-terminated name as long as the library is loaded.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    Some(PathBuf::from(OsStr::from_bytes(name.to_bytes())))
}

#[cfg(windows)]
fn library_of_this_code() -> Option<PathBuf> {
    use std::ffi::c_void;
    use std::os::windows::ffi::OsStringExt;
    #[link(name = "kernel32")]
    unsafe extern "system" {
        fn GetModuleHandleExW(flags: u32, address: *const c_void, module: *mut *mut c_void) -> i32;
        fn GetModuleFileNameW(module: *mut c_void, name: *mut u16, len: u32) -> u32;
    }
    /// `GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | ..._UNCHANGED_REFCOUNT`.
    const FROM_ADDRESS_UNCOUNTED: u32 = 4 | 2;
    /// Longest path of Windows in UTF-16 units.
    const MAX_PATH_UNITS: u32 = 32_768;
    let mut module = std::ptr::null_mut();
    // SAFETY: the address is one of our own functions and `module` may be written.
    let found = unsafe {
        GetModuleHandleExW(
            FROM_ADDRESS_UNCOUNTED,
            library_of_this_code as *const c_void,
            &raw mut module,
        )
    };
    if found == 0 {
        return None;
    }
    let mut name = vec![0_u16; MAX_PATH_UNITS as usize];
    // SAFETY: `name` holds `MAX_PATH_UNITS` units and the module is ours, so it is loaded.
    let len = unsafe { GetModuleFileNameW(module, name.as_mut_ptr(), MAX_PATH_UNITS) };
    name.truncate(usize::try_from(len).ok()?);
    (len > 0).then(|| OsString::from_wide(&name).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_dir_of_is_beside_a_clap_and_inside_a_bundle() {
        let of = |path: &str| data_dir_of(Path::new(path));
        assert_eq!(
            of("/home/Jörg Ω/.clap/voxmeld.clap"),
            Some("/home/Jörg Ω/.clap/voxmeld.data".into())
        );
        assert_eq!(
            of("/home/Jörg Ω/.vst3/voxmeld.vst3/Contents/x86_64-linux/voxmeld.so"),
            Some("/home/Jörg Ω/.vst3/voxmeld.vst3/Contents/Resources".into())
        );
        assert_eq!(
            of("/A/voxmeld.clap/Contents/MacOS/voxmeld"),
            Some("/A/voxmeld.clap/Contents/Resources".into())
        );
    }

    #[test]
    fn the_variable_overrides_the_library_unless_it_is_empty() {
        let library = Some(Path::new("/opt/voxmeld.clap"));
        assert_eq!(
            choose_data_dir(Some("/data ö".into()), library),
            Some("/data ö".into())
        );
        assert_eq!(
            choose_data_dir(Some("".into()), library),
            Some("/opt/voxmeld.data".into())
        );
        assert_eq!(choose_data_dir(None, None), None);
    }

    #[test]
    fn own_library_is_the_running_test_program() {
        let own = own_library().expect("the loader has the path of this test");
        assert_eq!(
            own,
            std::env::current_exe()
                .and_then(|exe| exe.canonicalize())
                .expect("a running program has a path")
        );
    }
}
