//! Tools and data that no package registry has. They are used if the machine has them; otherwise the summary lists them
//! as skipped, also with `--strict`, because set-up cannot install them.

use crate::report::Report;

/// Something that set-up cannot install.
pub struct Unavailable {
    /// What is not checked without it.
    what: &'static str,
    /// Where to get it.
    source: &'static str,
}

pub const MIRI: Unavailable = Unavailable {
    what: "miri (undefined behaviour in `rt`, `stream`, `dsp`)",
    source: "a component of nightly Rust toolchains",
};
pub const REAL_TIME_SANITIZER: Unavailable = Unavailable {
    what: "RealtimeSanitizer (locks and system calls on the audio thread)",
    source: "a library in the stable toolchain for x86-64 Linux",
};
pub const THREAD_SANITIZER: Unavailable = Unavailable {
    what: "ThreadSanitizer (data races between the engine's threads)",
    source: "a library in the stable toolchain for x86-64 Linux",
};
pub const ADVISORIES: Unavailable = Unavailable {
    what: "advisories about crates",
    source: "the RustSec advisory database, a Git repository; `cargo deny fetch db` with network access",
};
pub const SHARED_DATA: Unavailable = Unavailable {
    what: "tests on RVC's own voices, indices and results",
    source: "a folder beside the project, named by `--shared`",
};

impl Unavailable {
    pub fn report(&self) -> Report {
        Report::skipped(format!(
            "not available from any registry: {}; available as {}",
            self.what, self.source
        ))
    }
}
