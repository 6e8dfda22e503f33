//! A ratio over time, from a file of points.

use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use voxmeld_core::names::shown_path;

/// Largest file; a point every millisecond for an hour is smaller.
const MAX_BYTES: u64 = 100 << 20;

/// Straight lines between points; constant before the first and after the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Seconds and ratio, in order of time.
    points: Vec<(f64, f64)>,
}

impl Curve {
    /// Reads lines of `seconds,ratio`; empty lines, lines that begin with `#`, and one line of titles are skipped.
    pub fn read(path: &Path) -> Result<Self> {
        let cannot = || format!("--ratio-curve: {} cannot be used", shown_path(path));
        let len = std::fs::metadata(path).with_context(cannot)?.len();
        ensure!(len <= MAX_BYTES, "{}: it is larger than 100 MB", cannot());
        let text = std::fs::read_to_string(path).with_context(cannot)?;
        Self::parse(&text).with_context(cannot)
    }

    fn parse(text: &str) -> Result<Self> {
        let mut points: Vec<(f64, f64)> = Vec::new();
        let lines = text.lines().enumerate();
        let used = lines.filter(|(_, line)| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
        for (place, (n, line)) in used.enumerate() {
            let number = n + 1;
            let mut columns = line.split([',', ';', '\t']).map(str::trim);
            let parsed = (
                columns.next().and_then(|text| text.parse::<f64>().ok()),
                columns.next().and_then(|text| text.parse::<f64>().ok()),
            );
            let (Some(seconds), Some(ratio)) = parsed else {
                if place == 0 {
                    continue;
                }
                bail!("line {number} is \"{line}\"; seconds and a ratio are needed, as in 1.5,0.7");
            };
            ensure!(
                seconds.is_finite() && seconds >= 0.0,
                "line {number}: {seconds} is no time in seconds"
            );
            ensure!(
                (0.0..=1.0).contains(&ratio),
                "line {number}: a ratio from 0 to 1 is needed, not {ratio}"
            );
            if let Some((before, _)) = points.last() {
                ensure!(
                    seconds >= *before,
                    "line {number}: {seconds} s is before the line above it ({before} s)"
                );
            }
            points.push((seconds, ratio));
        }
        ensure!(
            !points.is_empty(),
            "it has no points; lines of seconds,ratio are needed"
        );
        Ok(Self { points })
    }

    /// The ratio at a time.
    pub fn at(&self, seconds: f64) -> f32 {
        let next = self.points.partition_point(|(time, _)| *time <= seconds);
        let ratio = match (next.checked_sub(1).map(|n| self.points[n]), self.points.get(next)) {
            (Some((t0, r0)), Some((t1, r1))) => r0 + (r1 - r0) * (seconds - t0) / (t1 - t0),
            (Some((_, ratio)), None) | (None, Some(&(_, ratio))) => ratio,
            (None, None) => 0.0,
        };
        #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
        let ratio = ratio as f32;
        ratio
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_join_points_and_jumps_are_two_points_at_one_time() {
        let curve = Curve::parse("seconds,ratio\n# comment\n1,0\n\n2;0.5\n2,1.0\n").expect("points");
        for (seconds, ratio) in [(0.0, 0.0), (1.0, 0.0), (1.5, 0.25), (2.0, 1.0), (9.0, 1.0)] {
            assert!(
                (curve.at(seconds) - ratio).abs() < 1e-6,
                "{seconds}: {}",
                curve.at(seconds)
            );
        }
    }

    #[test]
    fn points_that_are_none_are_refused_with_their_line() {
        for (text, said) in [
            ("", "no points"),
            ("0,0\n1,x", "line 2"),
            ("0,0\n1,1.5", "0 to 1"),
            ("2,0\n1,0", "before the line above"),
            ("-1,0", "no time"),
            ("nan,0", "no time"),
        ] {
            let error = Curve::parse(text).expect_err(said).to_string();
            assert!(error.contains(said), "{text:?}: {error}");
        }
    }
}
