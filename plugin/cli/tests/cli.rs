//! Errors of `voxmeld-cli` before it starts working, and the files that it writes.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("voxmeld-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn cli(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_voxmeld-cli"))
        .args(arguments)
        .env_remove("VOXMELD_DATA")
        .output()
        .expect("started")
}

/// The error message of a rejected call.
fn refusal(arguments: &[&str]) -> String {
    let output = cli(arguments);
    assert!(!output.status.success(), "{arguments:?} was accepted");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !message.contains(" %Error") && !message.contains("panicked"),
        "{message}"
    );
    message
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// A NumPy file of `rows` rows of four values.
fn features(rows: u16) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 4), }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).expect("short").to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend((0..rows * 4).flat_map(|n| (f32::from(n) * 0.37).sin().to_le_bytes()));
    bytes
}

#[test]
fn invalid_options_are_rejected_before_any_work() {
    let folder = Folder::new("options");
    let input = folder.0.join("in.wav");
    std::fs::write(&input, b"").expect("written");
    let missing = folder.0.join("missing/out.wav");
    let (input, wav, mp3) = (text(&input), folder.0.join("out.wav"), folder.0.join("out.mp3"));
    for (arguments, message) in [
        (vec!["-o", text(&wav), "--ratio", "1.5"], "0 to 1"),
        (vec!["-o", text(&wav), "--ratio", "-0.1"], "0 to 1"),
        (vec!["-o", text(&wav), "--ratio", "nan"], "0 to 1"),
        (vec!["-o", text(&wav), "--pitch-shift", "40"], "-24 to 24"),
        (vec!["-o", text(&wav), "--k", "0"], "1..=64"),
        (vec!["-o", text(&mp3)], ".mp3 files are not written"),
        (vec!["-o", text(&missing)], "missing does not exist"),
        (vec!["-o", input], "would take the place of the input"),
        (
            vec!["-o", text(&wav), "--data", "nowhere"],
            "there is no folder nowhere",
        ),
    ] {
        let all = [vec!["convert", input], arguments].concat();
        let found = refusal(&all);
        assert!(found.contains(message), "{all:?}: {found}");
    }
    assert!(!wav.exists() && !mp3.exists());
}

#[test]
fn an_index_path_that_is_not_writable_is_rejected_before_features_are_read() {
    let folder = Folder::new("place");
    std::fs::write(folder.0.join("a.npy"), features(100)).expect("written");
    let (missing, long) = (folder.0.join("missing/a.index"), folder.0.join("n".repeat(252)));
    for (output, message) in [(missing, "missing does not exist"), (long, "252 bytes long")] {
        let found = refusal(&["index", "build", "--npy", text(&folder.0), "-o", text(&output)]);
        assert!(found.contains(message), "{found}");
    }
}

#[test]
fn bad_features_are_left_out_and_listed_and_names_of_any_length_are_kept() {
    let folder = Folder::new("features");
    let long = format!("{} 🎤\n.npy", "n".repeat(200));
    std::fs::write(folder.0.join(&long), features(300)).expect("written");
    std::fs::write(folder.0.join("b.npy"), "<html>").expect("written");
    let output = folder.0.join("o".repeat(250));
    let build = [
        "index",
        "build",
        "--npy",
        text(&folder.0),
        "-o",
        text(&output),
        "--preset",
        "flat",
    ];
    let built = cli(&build);
    let message = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "{message}");
    assert!(
        message.contains("left out: ") && message.contains("b.npy"),
        "{message}"
    );
    let sidecar = std::fs::read_to_string(format!("{}.json", text(&output))).expect("a sidecar");
    assert!(sidecar.contains("🎤\\n.npy"), "{sidecar}");
    let shown = String::from_utf8_lossy(&cli(&["index", "info", text(&output)]).stdout).into_owned();
    assert!(
        shown.contains("300 frames of") && shown.contains("🎤\\n.npy"),
        "{shown}"
    );
    assert!(refusal(&[&build[..], &["--strict"]].concat()).contains("b.npy"));
}

#[test]
fn parameters_curves_and_outputs_that_do_not_fit_are_rejected_with_what_does() {
    let folder = Folder::new("parameters");
    let (input, other) = (folder.0.join("in.wav"), folder.0.join("other.wav"));
    for path in [&input, &other] {
        std::fs::write(path, b"").expect("written");
    }
    let curve = folder.0.join("curve.csv");
    std::fs::write(&curve, "0,0\n1,2\n").expect("written");
    let out = folder.0.join("out.wav");
    let (input, other, out) = (text(&input), text(&other), text(&out));
    for (arguments, message) in [
        (vec![input, "-o", out, "--set", "trust"], "ID=VALUE"),
        (
            vec![input, "-o", out, "--set", "trusty=4"],
            "there are: blend_ratio",
        ),
        (vec![input, "-o", out, "--set", "trust=400"], "from 0 to 100 %"),
        (vec![input, "-o", out, "--set", "gate=soft"], "Gentle"),
        (vec![input, "-o", out, "--ratio-curve", text(&curve)], "line 2"),
        (vec![input, "-o", out, "--k", "65"], "1..=64"),
        (vec![input, other, "-o", out], "need a folder"),
        (
            vec![input, input, "-o", text(&folder.0)],
            "would take the place of the input",
        ),
    ] {
        let all = [vec!["convert"], arguments].concat();
        let found = refusal(&all);
        assert!(found.contains(message), "{all:?}: {found}");
        assert!(
            !found.contains("backtrace") && found.lines().count() < 12,
            "{found}"
        );
    }
}

#[test]
fn errors_have_one_line_and_no_backtrace_whatever_the_environment_says() {
    let output = Command::new(env!("CARGO_BIN_EXE_voxmeld-cli"))
        .args(["live", "mute", "on", "--socket", "/nowhere/voxmeld.sock"])
        .env("RUST_BACKTRACE", "full")
        .output()
        .expect("started");
    assert_eq!(output.status.code(), Some(1));
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(message.contains("start `voxmeld`"), "{message}");
}

#[test]
fn completions_and_the_man_page_know_the_commands() {
    for arguments in [&["completions", "bash"][..], &["completions", "fish"], &["man"]] {
        let output = cli(arguments);
        let text = String::from_utf8_lossy(&output.stdout).replace("\\-", "-");
        assert!(output.status.success());
        for word in ["convert", "ratio-curve", "doctor", "live"] {
            assert!(text.contains(word), "{arguments:?} lacks {word}");
        }
    }
}

#[test]
fn doctor_without_data_names_the_remedy_and_fails() {
    let folder = Folder::new("doctor");
    let output = cli(&["doctor", "--json", "--data", text(&folder.0)]);
    assert_eq!(output.status.code(), Some(1));
    let found = String::from_utf8_lossy(&output.stdout);
    for word in [
        "\"processor\"",
        "\"cores\"",
        "\"verdict\": \"not usable yet",
        "--data",
    ] {
        assert!(found.contains(word), "{word}: {found}");
    }
}
