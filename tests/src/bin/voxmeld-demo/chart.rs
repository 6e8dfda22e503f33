//! `report.png`: five panels over the time of the input. The output is shifted back by
//! the reported latency, so that input and output are aligned.

use crate::driver::RATE_HZ;
use crate::passes::{Live, Offline};
use crate::report::Report;
use anyhow::{Result, anyhow};
use plotters::coord::Shift;
use plotters::prelude::*;
use std::path::Path;
use voxmeld_tests::audio::Sound;
use voxmeld_tests::signal::spectrogram_db;

const SIZE: (u32, u32) = (1600, 1840);
const FONT: &str = "sans-serif";
const INK: RGBColor = RGBColor(34, 40, 49);
const FAINT: RGBColor = RGBColor(222, 226, 230);
const BLUE: RGBColor = RGBColor(43, 108, 176);
const ORANGE: RGBColor = RGBColor(217, 95, 14);
const GREEN: RGBColor = RGBColor(35, 132, 67);
/// Top of the spectrograms: models and recordings have no energy above.
const TOP_HZ: f64 = 8_000.0;
const QUIET_DB: f32 = -85.0;
const LOUD_DB: f32 = -15.0;

type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// Draws all panels.
pub fn draw(path: &Path, speech: &Sound, live: &Live, offline: &Offline, report: &Report) -> Result<()> {
    plotters::style::register_font(FONT, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT)
        .map_err(|_| anyhow!("the font of the charts could not be loaded"))?;
    let seconds = speech.seconds();
    let wet = live.output[0].get(live.latency..).unwrap_or_default();
    let wet = &wet[..wet.len().min(speech.samples.len())];
    let root = BitMapBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (head, body) = root.split_vertically(104);
    title(&head, report)?;
    let panels = body.split_by_breakpoints::<i32, i32, [i32; 0], _>([], [330, 740, 1150, 1420]);
    let [waves, before, after, ratio, distance] = &panels[..] else {
        return Err(anyhow!("expected five panels"));
    };
    waveforms(waves, &speech.samples, wet, seconds)?;
    spectrogram(before, "Input: spectrogram", &speech.samples, seconds)?;
    spectrogram(after, "Voxmeld's output: spectrogram", wet, seconds)?;
    // The newest frame of a hop is one frame of look-ahead before the end of the hop.
    let hop_s = f64::from(offline.hop_ms) / 1000.0;
    let at = |hop: usize| (hop as f64 * hop_s - 0.01).max(0.0);
    let ratios: Vec<(f64, f64)> = offline
        .records
        .iter()
        .enumerate()
        .map(|(hop, record)| (at(hop), f64::from(record.blend_ratio)))
        .collect();
    curve(
        ratio,
        "Blend ratio, as applied to each frame (0 = live embedding, 1 = retrieved)",
        "ratio",
        &ratios,
        seconds,
        1.05,
        GREEN,
    )?;
    let distances: Vec<(f64, f64)> = offline
        .records
        .iter()
        .enumerate()
        .filter_map(|(hop, record)| Some((at(hop), f64::from(record.neighbour_distance?))))
        .collect();
    let top = distances.iter().map(|point| point.1).fold(0.1, f64::max) * 1.08;
    let title = "Distance of the live embedding to its nearest neighbour in the target's index";
    curve(distance, title, "L2 distance", &distances, seconds, top, ORANGE)?;
    root.present()?;
    Ok(())
}

fn title(area: &Area<'_>, report: &Report) -> Result<()> {
    let big = (FONT, 34).into_font().color(&INK);
    let small = (FONT, 21).into_font().color(&INK);
    area.draw(&Text::new(
        format!("Voxmeld demo, voice: {}", report.voice),
        (28, 18),
        big,
    ))?;
    let facts = format!(
        "{} at {} Hz   ·   latency {} samples = {:.1} ms (measured {:.1})   ·   {:.1} % of one core   ·   search {:.0} µs/frame   ·   xruns: {}",
        report.clip,
        report.sample_rate,
        report.reported_latency_samples,
        report.latency_ms,
        report.measured_latency_samples,
        report.cpu_rtf * 100.0,
        report.cost.search_us_per_frame,
        report.xruns,
    );
    area.draw(&Text::new(facts, (28, 66), small))?;
    Ok(())
}

/// A panel with caption and axes; seconds on the x axis.
macro_rules! panel {
    ($area:expr, $caption:expr, $seconds:expr, $range:expr) => {
        ChartBuilder::on($area)
            .caption($caption, (FONT, 24).into_font().color(&INK))
            .margin(10)
            .margin_right(28)
            .x_label_area_size(44)
            .y_label_area_size(84)
            .build_cartesian_2d(0.0..$seconds, $range)
    };
}

/// Axes with labels.
macro_rules! axes {
    ($chart:expr, $y:expr, $labels:expr) => {
        $chart
            .configure_mesh()
            .x_desc("seconds")
            .y_desc($y)
            .x_labels(16)
            .y_labels($labels)
            .x_label_formatter(&|x| format!("{x:.0}"))
            .label_style((FONT, 19).into_font().color(&INK))
            .axis_desc_style((FONT, 20).into_font().color(&INK))
            .bold_line_style(FAINT)
            .light_line_style(TRANSPARENT)
    };
}

fn waveforms(area: &Area<'_>, input: &[f32], output: &[f32], seconds: f64) -> Result<()> {
    let caption = "Waveform: input above, output below (latency compensated)";
    let mut chart = panel!(area, caption, seconds, -2.0..2.0)?;
    axes!(chart, "amplitude", 3)
        .y_label_formatter(&|y| if *y == 0.0 { String::new() } else { "±1".into() })
        .draw()?;
    for (signal, middle, colour) in [(input, 1.0, BLUE), (output, -1.0, ORANGE)] {
        // One vertical line per column, from the lowest to the highest sample.
        let piece = (signal.len() / 1450).max(1);
        let strokes = signal.chunks(piece).enumerate().map(|(n, samples)| {
            let low = samples.iter().copied().fold(0.0_f32, f32::min);
            let high = samples.iter().copied().fold(0.0_f32, f32::max);
            let x = n as f64 * piece as f64 / f64::from(RATE_HZ);
            let at = |level: f32| (x, middle + f64::from(level.clamp(-1.0, 1.0)));
            PathElement::new([at(low), at(high)], colour)
        });
        chart.draw_series(strokes)?;
    }
    Ok(())
}

fn spectrogram(area: &Area<'_>, caption: &str, signal: &[f32], seconds: f64) -> Result<()> {
    const WINDOW: usize = 2048;
    const HOP: usize = 384;
    let mut chart = panel!(area, caption, seconds, 0.0..TOP_HZ / 1000.0)?;
    axes!(chart, "kHz", 5)
        .y_label_formatter(&|y| format!("{y:.0}"))
        .draw()?;
    let frames = spectrogram_db(signal, WINDOW, HOP);
    let (columns, rows) = chart.plotting_area().get_pixel_range();
    let canvas = area.strip_coord_spec();
    let (width, height) = (f64::from(columns.len() as u32), f64::from(rows.len() as u32));
    // Pixel ranges are absolute; `draw_pixel` counts from the corner of the area.
    let (left, above) = area.get_pixel_range();
    for x in columns.clone() {
        let t = f64::from(x - columns.start) / width * seconds;
        let sample = t * f64::from(RATE_HZ) - WINDOW as f64 / 2.0;
        let frame = frames.get((sample / HOP as f64).round().max(0.0) as usize);
        for y in rows.clone() {
            let hz = (1.0 - f64::from(y - rows.start) / height) * TOP_HZ;
            let bin = hz * WINDOW as f64 / f64::from(RATE_HZ);
            let level = frame.map_or(QUIET_DB, |frame| level_at(frame, bin));
            canvas.draw_pixel((x - left.start, y - above.start), &heat(level))?;
        }
    }
    Ok(())
}

/// Linear interpolation between two bins.
fn level_at(frame: &[f32], bin: f64) -> f32 {
    let low = bin as usize;
    let part = (bin - low as f64) as f32;
    let value = |n: usize| frame.get(n).copied().unwrap_or(QUIET_DB);
    value(low) * (1.0 - part) + value(low + 1) * part
}

/// Dark for quiet, bright for loud; the level can be read from the brightness alone.
fn heat(level_db: f32) -> RGBColor {
    const STOPS: [(f32, f32, f32); 6] = [
        (8.0, 10.0, 28.0),
        (48.0, 22.0, 92.0),
        (122.0, 34.0, 118.0),
        (208.0, 66.0, 88.0),
        (247.0, 148.0, 70.0),
        (253.0, 240.0, 180.0),
    ];
    let part = ((level_db - QUIET_DB) / (LOUD_DB - QUIET_DB)).clamp(0.0, 1.0) * (STOPS.len() - 1) as f32;
    let low = (part as usize).min(STOPS.len() - 2);
    let (a, b, t) = (STOPS[low], STOPS[low + 1], part - low as f32);
    let mix = |a: f32, b: f32| (a + (b - a) * t) as u8;
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

fn curve(
    area: &Area<'_>,
    caption: &str,
    unit: &str,
    points: &[(f64, f64)],
    seconds: f64,
    top: f64,
    colour: RGBColor,
) -> Result<()> {
    let mut chart = panel!(area, caption, seconds, 0.0..top)?;
    axes!(chart, unit, 5)
        .y_label_formatter(&|y| format!("{y:.2}"))
        .draw()?;
    let inside = points.iter().copied().filter(|point| point.0 <= seconds);
    chart.draw_series(LineSeries::new(inside, colour.stroke_width(2)))?;
    Ok(())
}
