//! Input and output levels of the built plugin for typical inputs, as a Markdown table.
//!
//!     cargo run --release -p voxmeld-tests --example levels
//!
//! Default pack, 48 kHz, blocks of 480, 8 s each, RMS in dBFS from 3 s on. `VOXMELD_BUNDLE` names another bundle; settings
//! that it does not have are left out.

use anyhow::Result;
use voxmeld_tests::field_levels::{FieldCase, MEASURED_FROM, RATE_HZ, cases, dbfs};
use voxmeld_tests::host::{Host, Pace, Sizes};
use voxmeld_tests::say;

/// Settings of the columns: gate (0, 1/2, 1: off, gentle, strong) and suppression.
const SETTINGS: [(&str, f64, f64); 4] = [
    ("gate off", 0.0, 0.0),
    ("gate gentle", 0.5, 0.0),
    ("gate strong", 1.0, 0.0),
    ("suppression", 0.5, 1.0),
];

fn main() -> Result<()> {
    let host = Host::load_bundle()?;
    let names = SETTINGS.map(|(name, _, _)| name).join(" | ");
    say(format!("| input | in | {names} |"));
    say(format!("| --- | --- |{}", " --- |".repeat(SETTINGS.len())));
    for case in cases()? {
        let mut row = format!("| {} | {:.1} |", case.name, dbfs(&case.samples[MEASURED_FROM..]));
        for (_, gate, suppression) in SETTINGS {
            row += &format!(" {:.1} |", out_db(&host, &case, gate, suppression)?);
        }
        say(row);
    }
    Ok(())
}

/// The output level, without the latency.
fn out_db(host: &Host, case: &FieldCase, gate: f64, suppression: f64) -> Result<f64> {
    let rate_hz = f64::from(RATE_HZ);
    let mut instance = host.instance()?;
    for (name, value) in [("Gate", gate), ("Noise suppression", suppression)] {
        if instance.param(name).is_ok() {
            instance.set(name, value)?;
        }
    }
    instance.set_offline(true)?;
    instance.activate(rate_hz, 480)?;
    let latency = instance.latency()?;
    let channels = vec![case.samples.clone(); 2];
    let output = instance.play(&channels, &Sizes::all(480), &[], Pace::Free, rate_hz)?;
    Ok(dbfs(&output[0][MEASURED_FROM + latency..]))
}
