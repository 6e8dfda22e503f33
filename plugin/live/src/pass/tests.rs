//! The mute, and what passes it.

use super::mute::Mute;
use super::*;

const RATE_HZ: f64 = 48_000.0;

/// Runs blocks of `input` through a pretended engine that delays by `delay` frames, and returns what is heard.
struct Bench {
    mute: Mute,
    shared: PassShared,
    /// The engine's contents.
    line: std::collections::VecDeque<f32>,
    delay: usize,
}

impl Bench {
    fn new(delay: usize, captured_s: f64) -> Self {
        Self {
            mute: Mute::new(RATE_HZ, captured_s),
            shared: PassShared::default(),
            line: vec![0.0; delay].into(),
            delay,
        }
    }

    fn block(&mut self, value: f32) -> Vec<f32> {
        let mut block = vec![value; 480];
        if self.mute.begin(&self.shared) {
            self.line = vec![0.0; self.delay].into();
        }
        self.mute.input(&mut [&mut block]);
        for sample in &mut block {
            self.line.push_back(*sample);
            *sample = self.line.pop_front().unwrap_or(0.0);
        }
        self.mute.output(&mut [&mut block]);
        block
    }
}

#[test]
fn mute_is_silent_after_5_ms_and_unmute_brings_nothing_from_before() {
    let mut bench = Bench::new(3_840, 0.02);
    for _ in 0..20 {
        bench.block(0.5);
    }
    assert_eq!(bench.block(0.5)[479], 0.5);
    bench.shared.set_muted(true);
    let closing = bench.block(0.5);
    assert!(closing[..240].windows(2).all(|pair| pair[1] <= pair[0]), "fades");
    assert!(closing[241..].iter().all(|sample| *sample == 0.0));
    assert_eq!(bench.block(0.5), [0.0; 480]);
    assert!(bench.shared.is_silent());
    // What the microphone hears while muted is marked by another value: none of it may come out.
    for _ in 0..3 {
        assert_eq!(bench.block(-0.9), [0.0; 480]);
    }
    bench.shared.set_muted(false);
    // 20 ms were captured before the switch.
    for _ in 0..2 {
        bench.block(-0.9);
    }
    let mut heard = Vec::new();
    for _ in 0..20 {
        heard.extend(bench.block(0.25));
    }
    assert!(heard.iter().all(|sample| (0.0..=0.25).contains(sample)));
    assert_eq!(heard[heard.len() - 1], 0.25);
}

#[test]
fn mute_and_unmute_within_a_fade_continues_without_a_jump() {
    let mut bench = Bench::new(0, 0.0);
    for _ in 0..5 {
        bench.block(0.5);
    }
    bench.shared.set_muted(true);
    let mut heard = bench.block(0.5);
    bench.shared.set_muted(false);
    for _ in 0..5 {
        heard.extend(bench.block(0.5));
    }
    assert!(heard.windows(2).all(|pair| (pair[1] - pair[0]).abs() < 0.006));
    assert_eq!(heard[heard.len() - 1], 0.5);
}

#[test]
fn the_monitor_is_silent_too_although_its_audio_is_older() {
    let shared = PassShared::default();
    let mut monitor = MonitorMute::new(RATE_HZ);
    let mut frames = [0.5; 2_000];
    monitor.apply(&shared, &mut frames, 2);
    assert_eq!(frames[1_999], 0.5);
    shared.set_muted(true);
    let mut frames = [0.5; 2_000];
    monitor.apply(&shared, &mut frames, 2);
    assert!(frames[484..].iter().all(|sample| *sample == 0.0));
}
