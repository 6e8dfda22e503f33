//! The time budget of searches, and the automatic number of probes.

use std::sync::Arc;
use std::time::Duration;

use voxmeld_core::blend::{Blender, FrameInput, Target};
use voxmeld_core::controls::Controls;
use voxmeld_core::dsp::noise;
use voxmeld_core::frames::Frames;
use voxmeld_core::retrieval::{FlatIndex, IvfIndex, Metric, Probe, RecallTable, SearchParams};

/// Blends twenty frames; returns the first value of each, and how many searches were skipped.
fn blend(budget: Option<Duration>) -> (Vec<f32>, u64) {
    let vectors = Frames::from_data(2, vec![0.0, 1.0, 10.0, 1.0, 20.0, 1.0]);
    let target = [Target::new(
        "voice",
        Arc::new(FlatIndex::new(vectors, Metric::L2)),
    )];
    let mut blender = Blender::new(2);
    blender.set_search_budget(budget);
    let controls = Controls {
        blend_ratio: 1.0,
        search: SearchParams {
            k: 1,
            ..SearchParams::default()
        },
        ..Controls::default()
    };
    let (mut values, mut short) = (Vec::new(), 0);
    for frame in 0_u8..20 {
        let live = [f32::from(frame % 3) * 10.0, 1.0];
        let input = FrameInput {
            live: &live,
            f0_hz: [0.0; 2],
            level: [0.0; 2],
            controls: &controls,
        };
        let (mut first, mut second) = ([0.0; 2], [0.0; 2]);
        let report = blender.frame(&target, &input, [&mut first, &mut second]);
        short += report.short_searches;
        values.push(first[0]);
    }
    (values, short)
}

/// The values of twenty frames if all are searched.
fn all_searched() -> Vec<f32> {
    [0.0, 10.0, 20.0].into_iter().cycle().take(20).collect()
}

#[test]
fn search_over_budget_holds_the_last_result_and_is_counted() {
    // Every search takes longer than a budget of zero.
    let (values, short) = blend(Some(Duration::ZERO));
    // The first frames are searched to measure the time; all later ones hold the last result.
    let held = values
        .iter()
        .rev()
        .take_while(|&value| value == &values[19])
        .count()
        - 1;
    assert_eq!(values[..20 - held], all_searched()[..20 - held]);
    assert_eq!((held, short), (12, 12));
}

#[test]
fn search_without_a_budget_is_never_skipped() {
    assert_eq!(blend(None), (all_searched(), 0));
}

#[test]
fn search_within_budget_equals_search_without_a_budget() {
    assert_eq!(blend(Some(Duration::MAX)), blend(None));
}

fn normal(key: u64, count: usize) -> Frames {
    let mut values = vec![0.0; 16 * count];
    noise::fill_normal(key, 0, &mut values);
    Frames::from_data(16, values)
}

/// Blends queries of an inverted file with `n_probe` probes, or with the automatic number.
fn blend_probing(target: &Target, queries: &Frames, n_probe: usize, auto_probes: bool) -> Vec<f32> {
    let mut blender = Blender::new(queries.dim());
    let controls = Controls {
        blend_ratio: 1.0,
        search: SearchParams {
            n_probe,
            auto_probes,
            ..SearchParams::default()
        },
        ..Controls::default()
    };
    let mut values = Vec::new();
    for live in queries.rows() {
        let input = FrameInput {
            live,
            f0_hz: [0.0; 2],
            level: [0.0; 2],
            controls: &controls,
        };
        let (mut first, mut second) = (vec![0.0; live.len()], vec![0.0; live.len()]);
        blender.frame(std::slice::from_ref(target), &input, [&mut first, &mut second]);
        values.extend(first);
    }
    values
}

#[test]
fn automatic_n_probe_equals_the_recall_tables_number() {
    let (vectors, queries) = (normal(1, 4000), normal(2, 60));
    let index = IvfIndex::build(&vectors, 64, Metric::L2, 1).expect("built");
    let measured = Probe::left_out(&index).measure(&index, 8).expect("measured");
    let automatic = measured.table.auto_probes(f32::INFINITY);
    assert!(automatic > 1, "{:?}", measured.table);
    let target = Target::new("voice", Arc::new(index)).with_recall(measured.table);
    let auto = blend_probing(&target, &queries, 1, true);
    assert_eq!(auto, blend_probing(&target, &queries, automatic, false));
    // Without `auto_probes` the set number is used.
    assert!(auto != blend_probing(&target, &queries, 1, false));
    // Without a recall table one list is probed, as in RVC.
    let unknown = target.with_recall(RecallTable::default());
    assert_eq!(
        blend_probing(&unknown, &queries, 8, true),
        blend_probing(&unknown, &queries, 1, false)
    );
}
