use super::*;

const HOP: Duration = Duration::from_millis(20);

fn asked(k: usize, n_probe: usize) -> SearchParams {
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
        asked: asked(8, 16),
    }
}

/// Plays `hops` hops whose load depends on the quality; the qualities seen.
fn play(ladder: &mut Ladder, hops: usize, load: impl Fn(Quality) -> (f32, f32)) -> Vec<Quality> {
    let mut seen = vec![ladder.quality()];
    for _ in 0..hops {
        let (load, search) = load(ladder.quality());
        ladder.computed(cost(load, search));
        if seen.last() != Some(&ladder.quality()) {
            seen.push(ladder.quality());
        }
    }
    seen
}

#[test]
fn steps_come_in_order_and_stop_where_it_fits() {
    for (last, &enough) in Quality::ALL.iter().enumerate().skip(1) {
        let mut ladder = Ladder::new(HOP);
        let seen = play(&mut ladder, 400, |quality| {
            (if quality >= enough { 0.8 } else { 1.3 }, 0.4)
        });
        assert_eq!(seen, Quality::ALL[..=last], "until {enough:?}");
    }
    let mut ladder = Ladder::new(HOP);
    let seen = play(&mut ladder, 400, |_| (10.0, 0.4));
    assert_eq!(seen, Quality::ALL, "a hopeless machine ends at the last");
}

#[test]
fn steps_that_save_nothing_are_passed_over() {
    let mut ladder = Ladder::new(HOP);
    let seen = play(&mut ladder, 400, |_| (1.3, 0.002));
    assert_eq!(
        seen,
        [Quality::Full, Quality::HalfContext, Quality::QuarterContext]
    );
    assert_eq!(
        ladder.reduction(),
        QualityReduction::NONE.with(Quality::QuarterContext),
        "searches stay as they are"
    );
}

#[test]
fn an_ordinary_load_and_a_single_interruption_change_nothing() {
    let mut ladder = Ladder::new(HOP);
    for round in 0..2_000 {
        // What a busy machine's hops look like, and once in a while a
        // scheduler that was away for a tenth of a second.
        let load = match round % 100 {
            99 => 5.0,
            n if n % 7 == 0 => 0.65,
            _ => 0.5,
        };
        ladder.computed(cost(load, 0.1));
        assert_eq!(ladder.quality(), Quality::Full, "hop {round}");
    }
}

#[test]
fn it_climbs_back_when_there_is_air() {
    let mut ladder = Ladder::new(HOP);
    play(&mut ladder, 200, |_| (1.5, 0.4));
    assert_eq!(ladder.quality(), Quality::QuarterContext);
    let seen = play(&mut ladder, 1_500, |_| (0.3, 0.1));
    let mut all = Quality::ALL;
    all.reverse();
    assert_eq!(seen, all, "the same way up");
    assert_eq!(ladder.reduction(), QualityReduction::NONE);
}

#[test]
fn it_does_not_climb_to_where_it_was_too_much() {
    let mut ladder = Ladder::new(HOP);
    // Half the context costs half: with the machine as it is, the full
    // context would be too much again.
    let seen = play(&mut ladder, 5_000, |quality| {
        (if quality == Quality::Full { 1.2 } else { 0.6 }, 0.0)
    });
    assert_eq!(seen, [Quality::Full, Quality::HalfContext]);
    // When the machine is its own again, it fits.
    let seen = play(&mut ladder, 200, |quality| {
        (if quality == Quality::Full { 0.6 } else { 0.3 }, 0.0)
    });
    assert_eq!(seen, [Quality::HalfContext, Quality::Full]);
}

#[test]
fn climbs_that_do_not_hold_become_rare() {
    let mut ladder = Ladder::new(HOP);
    // Deceptive: a step seems to be worth little, then there is much air,
    // and none of it above.
    let below = std::cell::Cell::new(0);
    let seen = play(&mut ladder, 50 * 120, |quality| {
        below.set(if quality == Quality::Full {
            0
        } else {
            below.get() + 1
        });
        let load = match below.get() {
            0 => 0.95,
            1..10 => 0.85,
            _ => 0.2,
        };
        (load, 0.0)
    });
    assert!(seen.len() > 4, "it tries");
    // Two minutes at a climb a second would be two hundred changes.
    assert!(seen.len() < 20, "{} changes", seen.len());
}

#[test]
fn hops_that_were_given_up_count_as_too_slow() {
    let mut ladder = Ladder::new(HOP);
    for _ in 0..3 {
        ladder.computed(cost(0.6, 0.0));
        ladder.missed();
    }
    assert_eq!(ladder.quality(), Quality::HalfContext);
    ladder.release();
    assert_eq!(ladder.quality(), Quality::Full);
}

#[test]
fn a_relief_says_what_may_be_left_out() {
    let eight = asked(8, 16);
    assert_eq!(QualityReduction::NONE.search(eight), eight);
    assert!((0..8).all(|frame| !QualityReduction::NONE.holds(frame)));
    let reduction = Quality::ALL
        .into_iter()
        .fold(QualityReduction::NONE, QualityReduction::with);
    assert_eq!(reduction.search(eight), asked(2, 1));
    assert_eq!(
        reduction.search(asked(1, 1)),
        asked(1, 1),
        "never more than was asked for"
    );
    let searched: Vec<i64> = (-4..8).filter(|&frame| !reduction.holds(frame)).collect();
    assert_eq!(searched, [-4, 0, 4]);
    assert_eq!(reduction.context(50), 12);
}
