//! A search that takes too long does not hold up the stream.

use std::sync::Arc;
use std::time::Duration;

use voxmeld_core::blend::{Blender, FrameInput, Target};
use voxmeld_core::controls::Controls;
use voxmeld_core::dsp::noise;
use voxmeld_core::frames::Frames;
use voxmeld_core::retrieval::{FlatIndex, IvfIndex, Metric, Probe, RecallTable, SearchParams};

/// Blends twenty frames; gives the first values of each, and how many were cut short.
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

/// What twenty frames give that are all searched.
fn searched() -> Vec<f32> {
    [0.0, 10.0, 20.0].into_iter().cycle().take(20).collect()
}

#[test]
fn search_over_budget_holds_the_last_result_and_is_counted() {
    // Every search takes longer than no time at all.
    let (values, short) = blend(Some(Duration::ZERO));
    // What a search costs is learnt first; all frames after that hold the last one's.
    let held = values
        .iter()
        .rev()
        .take_while(|&value| value == &values[19])
        .count()
        - 1;
    assert_eq!(values[..20 - held], searched()[..20 - held]);
    assert_eq!((held, short), (12, 12));
}

#[test]
fn offline_search_is_never_cut_short() {
    assert_eq!(blend(None), (searched(), 0));
}

#[test]
fn live_search_within_budget_equals_offline() {
    assert_eq!(blend(Some(Duration::MAX)), blend(None));
}

fn normal(key: u64, count: usize) -> Frames {
    let mut values = vec![0.0; 16 * count];
    noise::fill_normal(key, 0, &mut values);
    Frames::from_data(16, values)
}

/// Blends queries of an inverted file with so many probes, or with those that it recommends itself.
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
fn automatic_n_probe_is_the_recall_tables() {
    let (vectors, queries) = (normal(1, 4000), normal(2, 60));
    let index = IvfIndex::build(&vectors, 64, Metric::L2, 1).expect("built");
    let measured = Probe::left_out(&index).measure(&index, 8).expect("measured");
    let enough = measured.table.auto_probes(f32::INFINITY);
    assert!(enough > 1, "{:?}", measured.table);
    let target = Target::new("voice", Arc::new(index)).with_recall(measured.table);
    let auto = blend_probing(&target, &queries, 1, true);
    assert_eq!(auto, blend_probing(&target, &queries, enough, false));
    // By default the number that was set holds.
    assert!(auto != blend_probing(&target, &queries, 1, false));
    // Where nothing is known, one list: RVC's habit.
    let unknown = target.with_recall(RecallTable::default());
    assert_eq!(
        blend_probing(&unknown, &queries, 8, true),
        blend_probing(&unknown, &queries, 1, false)
    );
}
