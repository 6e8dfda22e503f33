//! What no package registry carries. It is used where a machine has it; where not, the summary says so, also with
//! `--strict`, which cannot ask set-up to install it.

use crate::report::Report;

/// One thing that cannot be installed by set-up.
pub struct Unavailable {
    /// What is left unchecked without it.
    what: &'static str,
    /// Where it comes from instead.
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
    source: "the RustSec advisory database, a Git repository; `cargo deny fetch db` where there is a network",
};
pub const SHARED_DATA: Unavailable = Unavailable {
    what: "tests on RVC's own voices, indices and results",
    source: "a folder beside the project, named by `--shared`",
};

impl Unavailable {
    pub fn report(&self) -> Report {
        Report::skipped(format!(
            "not available from any registry: {}; comes as {}",
            self.what, self.source
        ))
    }
}
