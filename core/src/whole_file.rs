//! Files that appear completely or not at all: written under a temporary name, then renamed.
//!
//! Thread: command line, loader, background tasks; never audio or worker.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::names::shown_path;

/// Prefix of temporary files; the process id and a number follow. Short, because the file's own name may be as
/// long as the file system allows.
const TEMPORARY: &str = ".voxmeld-";

/// An unfinished file. If it is dropped without [`Self::commit`], no file remains.
pub struct WholeFile {
    path: PathBuf,
    temporary: PathBuf,
    /// `None` once it has its name.
    file: Option<File>,
}

impl WholeFile {
    /// Begins a file that will be `path`. Two programs may do this at the same time: each writes its own temporary file, and the last
    /// one to commit wins.
    ///
    /// # Errors
    /// If the folder does not exist or is not writable.
    pub fn create(path: &Path) -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let name = format!(
                "{TEMPORARY}{}-{}.tmp",
                std::process::id(),
                NEXT.fetch_add(1, Relaxed)
            );
            let temporary = path.with_file_name(name);
            match OpenOptions::new()
                .write(true)
                .read(true)
                .create_new(true)
                .open(&temporary)
            {
                Ok(file) => {
                    return Ok(Self {
                        path: path.to_path_buf(),
                        temporary,
                        file: Some(file),
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Its path while it is written.
    #[must_use]
    pub fn temporary_path(&self) -> &Path {
        &self.temporary
    }

    /// The open file.
    ///
    /// # Errors
    /// Never before [`Self::commit`].
    pub fn file(&mut self) -> io::Result<&mut File> {
        self.file
            .as_mut()
            .ok_or_else(|| io::Error::other("the file is closed"))
    }

    /// Renames it to its path, replacing an existing file. The contents are flushed to disk before that, so that a crash of the machine leaves either
    /// the old file or the new one.
    ///
    /// # Errors
    /// If the disk is full, or the file cannot be renamed.
    pub fn commit(mut self) -> io::Result<()> {
        if let Some(mut file) = self.file.take() {
            file.flush()
                .and_then(|()| file.sync_all())
                .inspect_err(|_| remove(&self.temporary))?;
        }
        fs::rename(&self.temporary, &self.path).inspect_err(|_| remove(&self.temporary))
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            remove(&self.temporary);
        }
    }
}

/// Writes a whole file.
///
/// # Errors
/// As [`WholeFile::create`] and [`WholeFile::commit`]; an existing file at `path` is then unchanged.
pub fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut whole = WholeFile::create(path)?;
    whole.file()?.write_all(contents)?;
    whole.commit()
}

/// Writes a file that could not be written to its own path to the system's folder for temporary files; returns the path.
///
/// # Errors
/// As [`write`].
pub fn write_elsewhere(extension: &str, contents: &[u8]) -> io::Result<PathBuf> {
    let name = format!("voxmeld-{}.{extension}", std::process::id());
    let path = std::env::temp_dir().join(name);
    write(&path, contents)?;
    Ok(path)
}

/// Why a file cannot be written; checked before the work for it starts.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The path is a folder.
    #[error("{} is a folder; name a file in it", shown_path(.0))]
    IsFolder(PathBuf),
    /// The folder of the file does not exist.
    #[error("the folder {} does not exist; make it first, or name another", shown_path(.0))]
    NoFolder(PathBuf),
    /// The name is too long for the file system.
    #[error("the name {} is {} bytes long; names of up to {most} bytes can be written here", shown_path(name), name.as_os_str().len())]
    LongName {
        /// The file's name.
        name: PathBuf,
        /// Longest name that leaves room for the suffixes of accompanying files.
        most: usize,
    },
    /// Not allowed, or the disk is full or read-only.
    #[error("nothing can be written to {}: {why}", shown_path(folder))]
    NotWritable {
        /// The folder.
        folder: PathBuf,
        /// The operating system's error.
        why: io::Error,
    },
}

/// Longest name of a file on all common file systems, in bytes.
const MAX_NAME_BYTES: usize = 255;

/// Checks that a file can be written to `path`, and others next to it whose names are longer by up to `suffix_bytes`.
/// Removes temporary files of terminated programs from the folder.
///
/// # Errors
/// See [`PlaceError`].
pub fn check_place(path: &Path, suffix_bytes: usize) -> Result<(), PlaceError> {
    if path.is_dir() {
        return Err(PlaceError::IsFolder(path.to_path_buf()));
    }
    let name = path.file_name().unwrap_or_default();
    let most = MAX_NAME_BYTES - suffix_bytes;
    if name.len() > most {
        let name = PathBuf::from(name);
        return Err(PlaceError::LongName { name, most });
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        return Err(PlaceError::NoFolder(folder.to_path_buf()));
    }
    remove_leftovers(folder);
    // As much as a small result, so that a full disk is noticed.
    let tried = WholeFile::create(path).and_then(|mut whole| {
        whole.file()?.write_all(&[0; 1 << 16])?;
        whole.file()?.sync_all()
    });
    tried.map_err(|why| PlaceError::NotWritable {
        folder: folder.to_path_buf(),
        why,
    })
}

/// Removes temporary files of processes that no longer run.
fn remove_leftovers(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name
            .to_str()
            .and_then(|name| name.strip_prefix(TEMPORARY)?.split('-').next());
        let is_over = |process: &str| {
            process.bytes().all(|digit| digit.is_ascii_digit())
                && Path::new("/proc/self").exists()
                && !Path::new("/proc").join(process).exists()
        };
        if process.is_some_and(is_over) {
            remove(&entry.path());
        }
    }
}

fn remove(path: &Path) {
    // It may not exist any more.
    let _ = fs::remove_file(path);
}

/// Held while the several files of one result are renamed, so that two programs do not mix their files. Waits only briefly for another
/// program. On file systems without locks, nothing is locked.
pub struct FolderLock {
    #[cfg(unix)]
    _folder: Option<File>,
}

impl FolderLock {
    /// Locks the folder of a file.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        #[cfg(unix)]
        {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = File::open(folder.unwrap_or(Path::new("."))).ok();
            // Released when the file is closed.
            let held = folder.filter(|folder| {
                rustix::fs::flock(folder, rustix::fs::FlockOperation::LockExclusive).is_ok()
            });
            Self { _folder: held }
        }
        #[cfg(not(unix))]
        {
            let _ = path;
            Self {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("voxmeld-whole-{name}-{}", std::process::id()));
            fs::create_dir_all(&path).expect("folder");
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).expect("listed");
            entries
                .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
                .collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_file_appears_completely_or_not_at_all() {
        let folder = Folder::new("appears");
        let path = folder.0.join("result");
        write(&path, b"old").expect("written");
        let mut begun = WholeFile::create(&path).expect("created");
        begun.file().expect("open").write_all(b"new").expect("written");
        assert_eq!(fs::read(&path).expect("read"), b"old");
        drop(begun);
        assert_eq!(
            (folder.names(), fs::read(&path).expect("read")),
            (vec!["result".into()], b"old".to_vec())
        );
        write(&path, b"new").expect("written");
        assert_eq!(fs::read(&path).expect("read"), b"new");
    }

    #[test]
    fn two_writers_of_one_file_leave_one_complete_file() {
        let folder = Folder::new("writers");
        let path = folder.0.join("result");
        let contents = |writer: u8| vec![writer; 100_000];
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = &path;
                scope.spawn(move || (0..20).for_each(|_| write(path, &contents(writer)).expect("written")));
            }
        });
        let found = fs::read(&path).expect("read");
        assert!((0..4).any(|writer| found == contents(writer)));
        assert_eq!(folder.names(), ["result"]);
    }

    #[test]
    fn unwritable_paths_are_rejected_with_the_reason() {
        let folder = Folder::new("places");
        let check = |name: &str| check_place(&folder.0.join(name), 5);
        assert!(check("result").is_ok() && check(&"n".repeat(250)).is_ok());
        assert!(matches!(check(""), Err(PlaceError::IsFolder(_))));
        let error = check("missing/result").expect_err("no folder");
        assert!(error.to_string().contains("missing does not exist"), "{error}");
        assert!(matches!(
            check(&"n".repeat(251)),
            Err(PlaceError::LongName { most: 250, .. })
        ));
        assert!(folder.names().is_empty());
    }

    #[test]
    fn temporary_files_of_terminated_programs_are_removed() {
        let folder = Folder::new("leftovers");
        let (left, ours) = (
            ".voxmeld-4194305-0.tmp",
            format!(".voxmeld-{}-9.tmp", std::process::id()),
        );
        for name in [left, &ours] {
            fs::write(folder.0.join(name), b"part").expect("written");
        }
        check_place(&folder.0.join("result"), 0).expect("a place");
        if Path::new("/proc/self").exists() {
            assert_eq!(folder.names(), [ours]);
        }
    }
}
