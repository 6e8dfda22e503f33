//! One planted violation of each kind, and cases that are not violations.

use super::super::tree::Crate;
use super::*;

const ROOMS: &str = "\
| `root` | `core/src/lib.rs` | modules | | `units` |
| `units` | `core/src/units` | numbers | all | |
| `dsp` | `core/src/dsp` | pure functions | audio | `units` |
| `worker` | `core/src/worker` | the loop | worker | `dsp`, `units`, `std::fs` |
| `models` | `core/src/model` | sessions | worker | `units`, `ort` |
| `tests` | `core/tests` | tests of the package | | |
| `plugin` | `plugin/src` | parameters | main, audio | `worker` |
";

const LIB: &str = "pub mod dsp; mod model; pub mod units; pub mod worker; pub use units::Rate;";

/// A tree that follows the table.
const FILES: &[(&str, &str)] = &[
    ("core/src/lib.rs", LIB),
    ("core/src/units.rs", "pub struct Rate;"),
    ("core/src/dsp/mod.rs", "mod sola; pub use sola::Sola;"),
    ("core/src/dsp/sola.rs", "use crate::Rate; pub struct Sola(Rate);"),
    ("core/src/worker.rs", "mod step;\nuse crate::dsp::Sola;"),
    ("core/src/worker/step.rs", "fn f() { std::fs::read(\"x\"); }"),
    ("core/src/model/mod.rs", "mod onnx;"),
    ("core/src/model/onnx.rs", "use ort::session::Session;"),
    (
        "core/tests/whole.rs",
        "use voxmeld_core::dsp; use std::net::TcpStream;",
    ),
    ("plugin/src/lib.rs", "use voxmeld_core::worker::Worker;"),
];

fn krate(name: &str, root: &str, folder: &str, tests: bool) -> Crate {
    Crate {
        name: name.to_owned(),
        root: root.to_owned(),
        folder: folder.to_owned(),
        library: !tests,
        tests,
        dependencies: ["std", "ort", "parking_lot"].map(str::to_owned).into(),
    }
}

/// Problems of the tree with these rows and with some files replaced.
fn problems_with(rooms: &str, changed: &[(&str, &str)]) -> Vec<String> {
    let head = "| a | b | c | d | e |\n| - | - | - | - | - |\n";
    let text = format!(
        "<!-- rooms -->\n{head}{rooms}<!-- /rooms -->\n<!-- restricted -->\n| a | b | c | d |\n| - | - | - | - |\n\
         | `ort` | `core/src/model/onnx` | never | one place |\n\
         | `std::fs`, `std::net`, `std::sync::Mutex`, `parking_lot` | | never | waits |\n<!-- /restricted -->\n"
    );
    let table = Table::read(&text).expect("the table reads");
    let kept = FILES
        .iter()
        .filter(|(path, _)| !changed.iter().any(|(other, _)| other == path));
    let sources: Vec<Source> = kept
        .chain(changed)
        .map(|(path, text)| Source::new(path, (*text).to_owned()))
        .collect();
    let crates = [
        krate("voxmeld_core", "core/src/lib.rs", "core/", false),
        krate("whole", "core/tests/whole.rs", "core/", true),
        krate("voxmeld", "plugin/src/lib.rs", "plugin/", false),
    ];
    let tree = Tree::read(&crates, &sources);
    let imports = Imports::read(&tree, &table);
    check(&table, &tree, &imports, &sources)
}

fn problems(changed: &[(&str, &str)]) -> Vec<String> {
    problems_with(ROOMS, changed)
}

#[test]
fn a_tree_that_follows_the_table_has_no_problems() {
    assert_eq!(problems(&[]), Vec::<String>::new());
}

#[test]
fn an_import_that_is_not_in_the_table_fails_and_names_the_right_room() {
    let found = problems(&[("core/src/units.rs", "\npub struct Rate;\nuse crate::dsp::Sola;")]);
    assert_eq!(
        found[0],
        "core/src/units.rs:3 imports `dsp`: room `units` may import nothing; move the code to `dsp`, which may import \
         `units`, or pass the value in"
    );
    let found = problems(&[("core/src/model/mod.rs", "mod onnx; use crate::worker;")]);
    assert_eq!(
        found,
        [
            "core/src/model/mod.rs:1 imports `worker`: room `models` may import units, ort; move the code to `worker` or \
          to a room that may import it (plugin), or pass the value in"
        ]
    );
}

#[test]
fn every_syntax_of_an_import_is_detected() {
    for text in [
        "use crate::worker::Worker;",
        "use crate::{units::Rate, worker};",
        "use super::worker as w;",
        "fn f() { crate::worker::g(); }",
        "struct A(Box<dyn super::worker::Clock>);",
        "fn f() { debug_assert!(x == crate::worker::LIMIT); }",
        "pub use crate::worker::Worker;",
        "mod inner { use super::super::worker; }",
        "use crate as all; fn f() { all::worker::g(); }",
        "macro_rules! m { () => { $crate::worker::g() } }",
    ] {
        let found = problems(&[("core/src/dsp/mod.rs", text), ("core/src/dsp/sola.rs", "")]);
        let seen = found
            .iter()
            .any(|problem| problem.starts_with("core/src/dsp/mod.rs:1 imports `worker`"));
        assert!(seen, "{text}: {found:?}");
    }
}

#[test]
fn imports_of_test_code_are_not_checked() {
    let found = problems(&[
        (
            "core/src/dsp/mod.rs",
            "mod sola; #[cfg(test)] mod tests; #[cfg(test)] mod more { use crate::worker; use std::fs; }",
        ),
        ("core/src/dsp/tests.rs", "use crate::worker; use std::fs;"),
    ]);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_restricted_name_outside_its_room_fails() {
    for (text, name) in [
        ("use std::fs;", "std::fs"),
        ("use std::{io, net::TcpStream};", "std::net"),
        ("use std::sync::{Arc, Mutex};", "std::sync::Mutex"),
        (
            "use std::sync; static A: sync::Mutex<u8> = f();",
            "std::sync::Mutex",
        ),
        ("use std::sync::*;", "std::sync::Mutex"),
        ("use parking_lot as p;", "parking_lot"),
        ("fn f() { ort::init(); }", "ort"),
        ("fn f() { vec![std::fs::read(p)]; }", "std::fs"),
    ] {
        let found = problems(&[("core/src/dsp/sola.rs", text)]);
        let start = format!("core/src/dsp/sola.rs:1 imports `{name}`: room `dsp` may import units; ");
        assert!(
            found.iter().any(|problem| problem.starts_with(&start)),
            "{text}: {found:?}"
        );
    }
    let found = problems(&[("core/src/dsp/sola.rs", "use std::fs;")]);
    assert!(
        found[0].ends_with("move the code to a room that may import it (worker)"),
        "{found:?}"
    );
}

#[test]
fn a_restricted_name_outside_its_files_fails() {
    assert_eq!(
        problems(&[("core/src/model/mod.rs", "mod onnx;\nuse ort::session::Session;")]),
        ["core/src/model/mod.rs:2 imports `ort`, which only core/src/model/onnx may: move the code there"]
    );
}

#[test]
fn a_row_that_allows_std_fs_on_the_audio_thread_fails() {
    let rooms = ROOMS.replace("audio | `units` |", "audio | `units`, `std::fs` |");
    assert_eq!(
        problems_with(&rooms, &[]),
        [
            "ARCHITECTURE.md:6 room `dsp` is on the audio thread and may not import `std::fs` (waits): move that code to \
          a room of another thread"
        ]
    );
}

#[test]
fn a_cycle_of_rooms_fails_even_if_the_table_allows_both_imports() {
    let rooms = ROOMS.replace("audio | `units` |", "audio | `units`, `worker` |");
    let found = problems_with(&rooms, &[("core/src/dsp/sola.rs", "\nuse crate::worker::step;")]);
    assert_eq!(
        found,
        [
            "cycle of rooms: dsp -> worker (core/src/dsp/sola.rs:2) -> dsp (core/src/worker.rs:2); move what both \
          sides need to a room below them, or pass the value in"
        ]
    );
}

#[test]
fn a_cycle_of_files_fails_but_a_parent_may_re_export() {
    let parent = "mod sola; mod noise; pub use sola::Sola; pub use noise::Noise;";
    let found = problems(&[
        ("core/src/dsp/mod.rs", parent),
        ("core/src/dsp/sola.rs", "use super::Noise; pub struct Sola;"),
        (
            "core/src/dsp/noise.rs",
            "\nuse super::sola::Sola; pub struct Noise;",
        ),
    ]);
    assert_eq!(
        found,
        [
            "cycle of files in room `dsp`: core/src/dsp/noise.rs -> core/src/dsp/sola.rs (line 2) -> \
          core/src/dsp/noise.rs (line 1); move what both sides need to a file below them"
        ]
    );
    let found = problems(&[
        (
            "core/src/dsp/mod.rs",
            "mod sola; pub use sola::Sola; pub struct A(Sola);",
        ),
        ("core/src/dsp/sola.rs", "use super::A; pub struct Sola;"),
    ]);
    assert_eq!(
        found,
        [
            "cycle of files in room `dsp`: core/src/dsp/mod.rs -> core/src/dsp/sola.rs (line 1) -> \
          core/src/dsp/mod.rs (line 1); move what both sides need to a file below them"
        ]
    );
    let found = problems(&[
        (
            "core/src/dsp/mod.rs",
            "mod sola; pub use sola::Sola; pub struct A;",
        ),
        ("core/src/dsp/sola.rs", "use super::A; pub struct Sola;"),
    ]);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_room_that_does_not_exist_fails() {
    let rooms = format!("{ROOMS}| `blend` | `core/src/blend` | frames | worker | `unit` |\n");
    assert_eq!(
        problems_with(&rooms, &[]),
        [
            "ARCHITECTURE.md:11 room `blend` does not exist: there is no source at `core/src/blend`; correct the path, \
             or remove it",
            "ARCHITECTURE.md:11 room `blend` may import `unit`, which is neither a room nor a restricted name",
        ]
    );
}

#[test]
fn rooms_that_share_a_name_or_a_path_fail() {
    let rooms = format!("{ROOMS}| `units` | `core/src/units` | again | all | |\n");
    assert_eq!(
        problems_with(&rooms, &[]),
        [
            "ARCHITECTURE.md:11 room `units` already has a row",
            "ARCHITECTURE.md:11 `core/src/units` belongs to room `units` and to room `units`: keep one",
        ]
    );
}

#[test]
fn a_source_without_a_room_fails() {
    let lib = format!("{LIB} mod blend;");
    assert_eq!(
        problems(&[("core/src/lib.rs", &lib), ("core/src/blend/mod.rs", "")]),
        [
            "core/src/blend/mod.rs belongs to no room: move it into a room's folder, or give it a row in ARCHITECTURE.md"
        ]
    );
}

#[test]
fn a_source_that_is_not_declared_or_does_not_parse_fails() {
    assert_eq!(
        problems(&[("core/src/dsp/old.rs", "use std::fs;")]),
        ["core/src/dsp/old.rs is part of no crate: declare it with `mod`, or remove it"]
    );
    assert_eq!(
        problems(&[("core/src/dsp/sola.rs", "fn f( {")]),
        ["core/src/dsp/sola.rs cannot be parsed as Rust"]
    );
}

#[test]
fn an_allowed_import_that_is_not_used_is_noted() {
    let text = "<!-- rooms -->\n| |\n| |\n| `a` | `core/src/units` | | | `b` |\n| `b` | `core/src` | | | |\n\
                <!-- /rooms -->\n<!-- restricted -->\n| |\n| |\n<!-- /restricted -->";
    let table = Table::read(text).expect("reads");
    assert_eq!(
        unused(&table, &Imports::default()),
        ["ARCHITECTURE.md:4 room `a` may import `b` and does not: take it out of the row"]
    );
}
