use super::*;

const HOP: Duration = Duration::from_millis(20);

fn requested(k: usize, n_probe: usize) -> SearchParams {
    SearchParams {
        k,
        n_probe,
        ..SearchParams::default()
    }
}

fn cost(load: f32, search_load: f32) -> HopCost {
    HopCost {
        spent: HOP.mul_f32(load),
        search: HOP.mul_f32(search_load),
        requested: requested(8, 16),
    }
}

/// Plays `hops` hops whose load depends on the quality; the qualities seen.
fn play(ladder: &mut Ladder, hops: usize, load: impl Fn(Quality) -> (f32, f32)) -> Vec<Quality> {
    let mut seen = vec![ladder.quality()];
    for _ in 0..hops {
        let (load, search) = load(ladder.quality());
        ladder.hop_computed(cost(load, search));
        if seen.last() != Some(&ladder.quality()) {
            seen.push(ladder.quality());
        }
    }
    seen
}

#[test]
fn rising_load_reduces_in_order_until_it_fits() {
    for (last, &enough) in Quality::ALL.iter().enumerate().skip(1) {
        let mut ladder = Ladder::new(HOP);
        let seen = play(&mut ladder, 400, |quality| {
            (if quality >= enough { 0.8 } else { 1.3 }, 0.4)
        });
        assert_eq!(seen, Quality::ALL[..=last], "until {enough:?}");
    }
    let mut ladder = Ladder::new(HOP);
    let seen = play(&mut ladder, 400, |_| (10.0, 0.4));
    assert_eq!(seen, Quality::ALL, "a load that never fits ends at the last step");
}

#[test]
fn a_cheap_search_is_not_reduced() {
    let mut ladder = Ladder::new(HOP);
    let seen = play(&mut ladder, 400, |_| (1.3, 0.002));
    assert_eq!(
        seen,
        [Quality::Full, Quality::HalfContext, Quality::QuarterContext]
    );
    assert_eq!(
        ladder.reduction(),
        QualityReduction::NONE.with(Quality::QuarterContext),
        "searches are unchanged"
    );
}

#[test]
fn half_load_with_single_slow_hops_keeps_full_quality() {
    let mut ladder = Ladder::new(HOP);
    for round in 0..2_000 {
        // Hops of a busy machine, and now and then one that the scheduler
        // interrupted for a tenth of a second.
        let load = match round % 100 {
            99 => 5.0,
            n if n % 7 == 0 => 0.65,
            _ => 0.5,
        };
        ladder.hop_computed(cost(load, 0.1));
        assert_eq!(ladder.quality(), Quality::Full, "hop {round}");
    }
}

#[test]
fn falling_load_restores_full_quality_step_by_step() {
    let mut ladder = Ladder::new(HOP);
    play(&mut ladder, 200, |_| (1.5, 0.4));
    assert_eq!(ladder.quality(), Quality::QuarterContext);
    let seen = play(&mut ladder, 1_500, |_| (0.3, 0.1));
    let mut all = Quality::ALL;
    all.reverse();
    assert_eq!(seen, all, "the same steps in reverse");
    assert_eq!(ladder.reduction(), QualityReduction::NONE);
}

#[test]
fn no_raise_while_the_higher_quality_would_overload() {
    let mut ladder = Ladder::new(HOP);
    // Half of the context costs half: on this machine the full
    // context would be too much again.
    let seen = play(&mut ladder, 5_000, |quality| {
        (if quality == Quality::Full { 1.2 } else { 0.6 }, 0.0)
    });
    assert_eq!(seen, [Quality::Full, Quality::HalfContext]);
    // When other programs have ended, it fits.
    let seen = play(&mut ladder, 200, |quality| {
        (if quality == Quality::Full { 0.6 } else { 0.3 }, 0.0)
    });
    assert_eq!(seen, [Quality::HalfContext, Quality::Full]);
}

#[test]
fn raises_that_fail_are_retried_ever_less_often() {
    let mut ladder = Ladder::new(HOP);
    // The step seems to save little, then leaves much headroom, but full
    // quality never fits.
    let hops_reduced = std::cell::Cell::new(0);
    let seen = play(&mut ladder, 50 * 120, |quality| {
        hops_reduced.set(if quality == Quality::Full {
            0
        } else {
            hops_reduced.get() + 1
        });
        let load = match hops_reduced.get() {
            0 => 0.95,
            1..10 => 0.85,
            _ => 0.2,
        };
        (load, 0.0)
    });
    assert!(seen.len() > 4, "it tries to raise");
    // Two minutes at a raise a second would be two hundred changes.
    assert!(seen.len() < 20, "{} changes", seen.len());
}

#[test]
fn missed_hops_count_as_overload() {
    let mut ladder = Ladder::new(HOP);
    for _ in 0..3 {
        ladder.hop_computed(cost(0.6, 0.0));
        ladder.hop_missed();
    }
    assert_eq!(ladder.quality(), Quality::HalfContext);
    ladder.reset();
    assert_eq!(ladder.quality(), Quality::Full);
}

#[test]
fn each_reduction_limits_search_and_context() {
    let eight = requested(8, 16);
    assert_eq!(QualityReduction::NONE.search(eight), eight);
    assert!((0..8).all(|frame| !QualityReduction::NONE.holds_frame(frame)));
    let reduction = Quality::ALL
        .into_iter()
        .fold(QualityReduction::NONE, QualityReduction::with);
    assert_eq!(reduction.search(eight), requested(2, 1));
    assert_eq!(
        reduction.search(requested(1, 1)),
        requested(1, 1),
        "never more than requested"
    );
    let searched: Vec<i64> = (-4..8).filter(|&frame| !reduction.holds_frame(frame)).collect();
    assert_eq!(searched, [-4, 0, 4]);
    assert_eq!(reduction.context(50), 12);
}
