//! Status line, problems and meters.

use super::style::{ACCENT, MUTED, TEXT, TRACK, WARNING};
use crate::logging;
use egui::{Align2, Color32, FontId, Rect, Sense, Ui, vec2};
use std::time::{Duration, Instant};
use voxmeld_core::quality::Quality;
use voxmeld_core::status::{EngineStatus, VoiceState};

/// The meters' lowest level.
const FLOOR_DB: f32 = -60.0;
/// Fall rate of a meter after a peak.
const FALL_DB_PER_SECOND: f32 = 24.0;

/// A peak meter with a slow fall.
pub struct Meter {
    level_db: f32,
}

impl Default for Meter {
    fn default() -> Self {
        Self { level_db: FLOOR_DB }
    }
}

impl Meter {
    /// Updates the level with the engine's peak (linear) since the last call.
    pub fn update(&mut self, peak: f32, elapsed: Duration) {
        let fallen = self.level_db - FALL_DB_PER_SECOND * elapsed.as_secs_f32();
        let new = if peak > 0.0 { 20.0 * peak.log10() } else { FLOOR_DB };
        self.level_db = fallen.max(new).clamp(FLOOR_DB, 6.0);
    }

    /// Draws a horizontal bar with its name on the left.
    pub fn show(&self, ui: &mut Ui, name: &str, width: f32) {
        let (rect, response) = ui.allocate_exact_size(vec2(width, 14.0), Sense::hover());
        let bar = Rect::from_min_max(rect.min + vec2(30.0, 3.0), rect.max - vec2(0.0, 3.0));
        ui.painter().text(
            rect.left_center(),
            Align2::LEFT_CENTER,
            name,
            FontId::proportional(13.0),
            MUTED,
        );
        ui.painter().rect_filled(bar, 3.0, TRACK);
        let share = ((self.level_db - FLOOR_DB) / -FLOOR_DB).clamp(0.0, 1.0);
        let colour = if self.level_db > -0.1 { WARNING } else { ACCENT };
        if share > 0.0 {
            ui.painter().rect_filled(
                Rect::from_min_size(bar.min, vec2(bar.width() * share, bar.height())),
                3.0,
                colour,
            );
        }
        response.on_hover_text(format!("{:.1} dB", self.level_db));
    }
}

/// The voice's state in one line, with the colour of its dot.
#[must_use]
pub fn voice_line(status: &EngineStatus) -> (String, Color32) {
    match &status.voice {
        VoiceState::NoVoice => ("No voice".to_owned(), MUTED),
        VoiceState::Loading { progress, what } => (
            format!("Loading {what} ({:.0} %)", progress.clamp(0.0, 1.0) * 100.0),
            WARNING,
        ),
        VoiceState::Ready { name } => (name.clone(), ACCENT),
        VoiceState::Failed { .. } => ("The voice could not be loaded".to_owned(), WARNING),
    }
}

/// All problems, the most urgent first.
#[must_use]
pub fn problems(
    activation_error: Option<String>,
    restart: Option<String>,
    session: [Option<String>; 3],
    status: &EngineStatus,
) -> Vec<String> {
    let failed = match &status.voice {
        VoiceState::Failed { why } => Some(why.clone()),
        _ => None,
    };
    // Relevant before two renders are compared.
    let not_reproducible = matches!(status.voice, VoiceState::Ready { .. }) && status.draws_own_noise;
    let not_reproducible = not_reproducible.then(|| {
        "not reproducible: this voice's models draw their own random numbers, so two renders differ a little"
            .to_owned()
    });
    let mut all: Vec<String> = [
        activation_error.map(|why| format!("Voxmeld is silent: {why}")),
        failed,
        restart,
    ]
    .into_iter()
    .chain(session)
    .chain([status.message.clone(), not_reproducible])
    .flatten()
    .chain(status.notes.iter().cloned())
    .collect();
    all.dedup();
    all.iter().map(|problem| capitalized(problem)).collect()
}

/// Error texts start in lower case; shown alone they start with a capital.
fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Share of the true neighbours that a number of probes finds, as a sentence.
#[must_use]
pub fn recall(status: &EngineStatus, n_probe: usize, auto: bool) -> Option<String> {
    let table = &status.targets.first()?.recall;
    let chosen = table.auto_probes(f32::INFINITY);
    let percent = |n_probe: usize| Some(format!("{:.0} %", 100.0 * table.at(n_probe)?));
    let probes = |count: usize| {
        if count == 1 {
            "1 probe".into()
        } else {
            format!("{count} probes")
        }
    };
    Some(if auto {
        format!(
            "auto: {}, {} of the neighbours found",
            probes(chosen),
            percent(chosen)?
        )
    } else if chosen > n_probe {
        let (here, there) = (percent(n_probe)?, percent(chosen)?);
        format!("finds {here} of the neighbours; auto ({chosen}): {there}")
    } else {
        format!("finds {} of the neighbours", percent(n_probe)?)
    })
}

/// Names and values of the status line.
#[must_use]
pub fn figures(status: &EngineStatus) -> Vec<(&'static str, String)> {
    if status.host_rate_hz == 0 {
        return vec![("engine", "not running".to_owned())];
    }
    let latency_ms = f64::from(status.latency_samples) * 1000.0 / f64::from(status.host_rate_hz);
    let mut figures = vec![
        (
            "latency",
            format!("{latency_ms:.1} ms ({} samples)", status.latency_samples),
        ),
        ("hop", format!("{} ms", status.hop_ms)),
        ("real-time factor", format!("{:.2}", status.real_time_factor)),
        ("xruns", status.xruns.to_string()),
        ("search", format!("{:.0} µs/frame", status.search_us_per_frame)),
        ("real-time priority", status.priority.clone()),
    ];
    if status.short_searches > 0 {
        figures.push(("cut short", format!("{} searches", status.short_searches)));
    }
    if status.quality_steps > 0 {
        figures.push(("quality", quality(status)));
    }
    figures
}

/// The current quality and how often it was reduced.
fn quality(status: &EngineStatus) -> String {
    let label = status.quality.label();
    match status.quality_steps {
        1 => format!("{label} (reduced once)"),
        times => format!("{label} (reduced {times} times)"),
    }
}

/// How long the button shows "Log copied".
const COPIED_SHOWN: Duration = Duration::from_secs(2);

/// A button that copies the newest log lines, for bug reports.
fn copy_log(ui: &mut Ui, copied: &mut Option<Instant>) {
    let lately = copied.is_some_and(|at| at.elapsed() < COPIED_SHOWN);
    let text = if lately { "Log copied" } else { "Copy log" };
    let button = egui::Button::new(egui::RichText::new(text).color(MUTED).size(13.0)).small();
    let response = ui.add(button);
    if response
        .on_hover_text("Copies the last 200 log lines; set VOXMELD_LOG to a file to keep all of them")
        .clicked()
    {
        ui.ctx().copy_text(logging::recent());
        *copied = Some(Instant::now());
    }
}

/// Draws the status line.
pub fn show(ui: &mut Ui, status: &EngineStatus, log_copied: &mut Option<Instant>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        for (name, value) in figures(status) {
            let urgent = (name == "xruns" && status.xruns > 0)
                || name == "cut short"
                || (name == "quality" && status.quality != Quality::Full);
            ui.label(egui::RichText::new(name).color(MUTED).size(13.0));
            ui.label(
                egui::RichText::new(value)
                    .color(if urgent { WARNING } else { TEXT })
                    .size(13.0),
            );
            ui.add_space(10.0);
        }
        copy_log(ui, log_copied);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxmeld_core::retrieval::{RecallPoint, RecallTable};
    use voxmeld_core::status::TargetInfo;

    fn status() -> EngineStatus {
        EngineStatus {
            latency_samples: 4738,
            host_rate_hz: 48_000,
            hop_ms: 20,
            xruns: 3,
            ..EngineStatus::default()
        }
    }

    #[test]
    fn latency_is_shown_in_milliseconds_and_samples() {
        assert_eq!(
            figures(&status())[0],
            ("latency", "98.7 ms (4738 samples)".to_owned())
        );
    }

    #[test]
    fn reduced_quality_is_shown_with_its_number_of_reductions() {
        let quality_figure = |status: &EngineStatus| {
            let mut figures = figures(status).into_iter();
            figures
                .find(|(name, _)| *name == "quality")
                .map(|(_, value)| value)
        };
        assert_eq!(quality_figure(&status()), None);
        let reduced = EngineStatus {
            quality: Quality::HalfContext,
            quality_steps: 2,
            ..status()
        };
        assert_eq!(
            quality_figure(&reduced),
            Some("half context (reduced 2 times)".to_owned())
        );
    }

    #[test]
    fn limited_searches_are_shown_only_if_there_are_any() {
        let has_limited =
            |status: &EngineStatus| figures(status).iter().any(|(name, _)| *name == "cut short");
        assert!(!has_limited(&status()));
        assert!(has_limited(&EngineStatus {
            short_searches: 3,
            ..status()
        }));
    }

    #[test]
    fn recall_is_shown_for_the_chosen_and_the_automatic_probes() {
        let point = |n_probe, recall| RecallPoint {
            n_probe,
            recall,
            us_per_frame: 50.0,
        };
        let target = TargetInfo {
            recall: RecallTable {
                points: vec![point(1, 0.69), point(4, 0.9), point(8, 0.974)],
                ..RecallTable::default()
            },
            ..TargetInfo::default()
        };
        let status = EngineStatus {
            targets: vec![target],
            ..status()
        };
        let sentence = |n_probe, auto| recall(&status, n_probe, auto).expect("a sentence");
        assert_eq!(sentence(1, false), "finds 69 % of the neighbours; auto (8): 97 %");
        assert_eq!(sentence(64, false), "finds 97 % of the neighbours");
        assert_eq!(sentence(1, true), "auto: 8 probes, 97 % of the neighbours found");
        assert_eq!(recall(&EngineStatus::default(), 1, true), None);
    }

    #[test]
    fn figures_before_activation_are_only_engine_not_running() {
        let status = EngineStatus {
            host_rate_hz: 0,
            ..status()
        };
        assert_eq!(figures(&status), [("engine", "not running".to_owned())]);
    }

    #[test]
    fn a_repeated_failure_is_shown_once_after_the_activation_error() {
        let why = "the file “voice.onnx” is not a voice model.".to_owned();
        let status = EngineStatus {
            voice: VoiceState::Failed { why: why.clone() },
            message: Some(why.clone()),
            ..status()
        };
        let why = why.replacen('t', "T", 1);
        assert_eq!(
            problems(None, None, [const { None }; 3], &status),
            std::slice::from_ref(&why)
        );
        assert_eq!(
            problems(Some("7 Hz".to_owned()), None, [const { None }; 3], &status),
            ["Voxmeld is silent: 7 Hz".to_owned(), why]
        );
    }

    #[test]
    fn a_meter_rises_at_once_and_falls_at_24_db_per_second() {
        let mut meter = Meter::default();
        meter.update(1.0, Duration::from_millis(33));
        assert_eq!(meter.level_db, 0.0);
        meter.update(0.0, Duration::from_millis(500));
        assert!((meter.level_db + 12.0).abs() < 1e-3);
        meter.update(f32::NAN, Duration::from_secs(60));
        assert_eq!(meter.level_db, FLOOR_DB);
    }
}
