//! Which room may name what. The tables are ARCHITECTURE.md's invariants, one row each.

use super::Source;
use super::code::{children_of, code_of, lines_naming_crate, lines_with_word};

/// Crates that only some places may name, so that each can be replaced in one place.
const CRATES: &[(&[&str], &[&str])] = &[
    (
        &["ort", "ort_sys"],
        &["core/src/model/onnx/", "core/src/model/onnx.rs"],
    ),
    (
        &["faiss", "faiss_sys"],
        &["core/src/retrieval/ivf/", "core/src/retrieval/ivf.rs"],
    ),
    (
        &["nice_plug", "nice_plug_core"],
        &["plugin/src/", "plugin/export/src/"],
    ),
    (&["nice_plug_egui", "egui", "rfd"], &["plugin/src/"]),
    (&["clap_sys"], &["plugin/export/src/", "tests/"]),
    // The exports are generic over the plugin.
    (
        &["voxmeld", "voxmeld_core"],
        &["core/", "plugin/src/", "tests/", "xtask/"],
    ),
    (&["clack_host"], &["tests/"]),
];

/// Rooms whose code runs on the audio thread or is pure arithmetic.
const REAL_TIME_ROOMS: &[&str] = &["core/src/rt/", "core/src/stream/", "core/src/dsp/"];
/// Rooms of core that those may not know.
const SLOW_ROOMS: &[&str] = &["worker", "model", "retrieval", "import"];
const SLOW_STD: &[&str] = &["fs", "net", "process"];
const SLOW_CRATES: &[&str] = &["log", "tracing", "parking_lot", "crossbeam_channel"];
const LOCKS: &[&str] = &["Mutex", "RwLock", "Condvar"];

pub fn check(sources: &[Source]) -> Vec<String> {
    let mut problems = Vec::new();
    for source in sources
        .iter()
        .filter(|source| source.is_rust() && is_product_code(&source.path))
    {
        let code = code_of(&source.text);
        problems.extend(wrong_crates(&source.path, &code));
        if REAL_TIME_ROOMS.iter().any(|room| source.path.starts_with(room)) {
            problems.extend(not_real_time(&source.path, &code));
        }
    }
    problems
}

/// Tests may reach where the room may not, in a module or in a file of their own.
fn is_product_code(path: &str) -> bool {
    path.contains("src/") && !path.ends_with("/tests.rs") && !path.contains("/tests/")
}

fn wrong_crates(path: &str, code: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (names, places) in CRATES
        .iter()
        .filter(|(_, places)| !places.iter().any(|place| path.starts_with(place)))
    {
        for name in *names {
            for line in lines_naming_crate(code, name) {
                problems.push(format!(
                    "{path}:{line} names {name}; only {} may",
                    places.join(" and ")
                ));
            }
        }
    }
    problems
}

fn not_real_time(path: &str, code: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut forbid = |line: usize, what: &str| {
        problems.push(format!(
            "{path}:{line} names {what}; rooms of the audio thread and pure rooms may not"
        ));
    };
    for root in ["crate", "super"] {
        for named in children_of(code, root)
            .iter()
            .filter(|named| SLOW_ROOMS.contains(&named.name.as_str()))
        {
            forbid(named.line, &format!("the room {}", named.name));
        }
    }
    for named in children_of(code, "std")
        .iter()
        .filter(|named| SLOW_STD.contains(&named.name.as_str()))
    {
        forbid(named.line, &format!("std::{}", named.name));
    }
    for name in SLOW_CRATES {
        for line in lines_naming_crate(code, name) {
            forbid(line, name);
        }
    }
    for name in LOCKS {
        for line in lines_with_word(code, name) {
            forbid(line, name);
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::*;

    fn problems(path: &str, text: &str) -> Vec<String> {
        check(&[source(path, text)])
    }

    #[test]
    fn each_crate_has_its_room() {
        assert_eq!(
            problems("core/src/model/onnx/session.rs", "use ort::session::Session;").len(),
            0
        );
        assert_eq!(
            problems("core/src/retrieval/ivf.rs", "use faiss::Index;").len(),
            0
        );
        assert_eq!(
            problems(
                "plugin/src/editor/view.rs",
                "use egui::Ui; use nice_plug::prelude::*;"
            )
            .len(),
            0
        );
        assert_eq!(
            problems("core/src/worker/step.rs", "\nuse ort::session::Session;"),
            ["core/src/worker/step.rs:2 names ort; only core/src/model/onnx/ and core/src/model/onnx.rs may"]
        );
        assert_eq!(
            problems("core/src/retrieval/flat.rs", "let x = faiss::f();").len(),
            1
        );
        assert_eq!(problems("core/src/worker/mod.rs", "use egui;").len(), 1);
    }

    #[test]
    fn exports_may_name_nice_plug_and_neither_the_plugin_nor_the_engine() {
        let path = "plugin/export/src/clap/mod.rs";
        assert_eq!(
            problems(path, "use nice_plug::prelude::*; use clap_sys::X;").len(),
            0
        );
        assert_eq!(problems(path, "use voxmeld_core::rt::AudioSide;").len(), 1);
        assert_eq!(problems(path, "use voxmeld::plugin::Voxmeld;").len(), 1);
        assert_eq!(problems("plugin/src/plugin.rs", "use clap_sys::X;").len(), 1);
    }

    #[test]
    fn real_time_rooms_know_no_slow_room() {
        for text in [
            "use crate::worker::Pipeline;",
            "use crate::{units::Decibels, model};",
            "use super::super::retrieval::blend;",
            "use std::{sync::atomic::AtomicU32, fs};",
            "std::fs::read(p);",
            "use std::sync::Mutex;",
            "use parking_lot::RwLock as _;",
            "log::warn!(\"late\");",
        ] {
            assert!(
                !problems("core/src/rt/declick.rs", text).is_empty(),
                "not seen: {text}"
            );
            assert!(
                problems("core/src/worker/thread.rs", text).is_empty(),
                "wrongly seen: {text}"
            );
        }
    }

    #[test]
    fn their_tests_may() {
        let text =
            "use crate::units::Decibels;\n#[cfg(test)]\nmod tests { use crate::worker::X; use std::fs; }";
        assert_eq!(problems("core/src/stream/client.rs", text), Vec::<String>::new());
        assert_eq!(
            problems("core/src/stream/tests.rs", "use crate::worker::X;"),
            Vec::<String>::new()
        );
        assert_eq!(
            problems("core/src/stream/mod.rs", "#[cfg(test)]\nmod tests;\nuse std::fs;").len(),
            1
        );
    }
}
