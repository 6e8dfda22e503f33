//! Simulated clocks: nothing here depends on the machine or on real time.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "test signals"
)]

use super::*;

/// 16 kHz keeps 30 simulated minutes short; the loop works in seconds.
const RATE_HZ: f64 = 16_000.0;
const WRITE: usize = 160;
const READ: usize = 128;

struct Devices {
    writer: RingWriter,
    reader: DriftReader,
    /// Rates of the two clocks in real hertz.
    write_hz: f64,
    read_hz: f64,
    writes: u32,
    reads: u32,
    phase: f64,
    jitter: u64,
}

impl Devices {
    fn new(drift_ppm: f64) -> Self {
        let (writer, ring) = ring(1, 16_000);
        let setup = ReaderSetup {
            from_hz: RATE_HZ,
            to_hz: RATE_HZ,
            write_frames: WRITE,
            read_frames: READ,
        };
        Self {
            writer,
            reader: DriftReader::new(ring, setup).expect("rates are equal"),
            write_hz: RATE_HZ * (1.0 + drift_ppm * 1e-6),
            read_hz: RATE_HZ,
            writes: 0,
            reads: 0,
            phase: 0.0,
            jitter: 1,
        }
    }

    /// Delay of a callback: up to 1 ms, pseudo-random.
    fn jitter_s(&mut self) -> f64 {
        self.jitter = self
            .jitter
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let bits = u32::try_from(self.jitter >> 40).expect("24 bits");
        f64::from(bits) / f64::from(1 << 24) * 1e-3
    }

    fn next_write_s(&self) -> f64 {
        1.0 + f64::from(self.writes + 1) * WRITE as f64 / self.write_hz
    }

    fn next_read_s(&self) -> f64 {
        1.0 + f64::from(self.reads) * READ as f64 / self.read_hz
    }

    /// Writes a block of a 200 Hz tone of the real time.
    fn write(&mut self) {
        let now = self.next_write_s() + self.jitter_s();
        let mut block = [0.0; WRITE];
        for sample in &mut block {
            *sample = (self.phase * std::f64::consts::TAU).sin() as f32;
            self.phase = (self.phase + 200.0 / self.write_hz).fract();
        }
        self.writer.write(&block, now);
        self.writes += 1;
    }

    fn read(&mut self) -> [f32; READ] {
        let now = self.next_read_s() + self.jitter_s();
        let mut block = [0.0; READ];
        self.reader.pull(&mut block, now);
        self.reads += 1;
        block
    }

    /// Runs until `end_s`; passes every read block to `check`.
    fn run_until(&mut self, end_s: f64, mut check: impl FnMut(&Self, f64, &[f32])) {
        loop {
            let (write, read) = (self.next_write_s(), self.next_read_s());
            if write.min(read) > end_s {
                return;
            }
            if write <= read {
                self.write();
            } else {
                let block = self.read();
                check(self, read, &block);
            }
        }
    }
}

#[test]
fn clocks_that_differ_by_100_ppm_play_30_minutes_without_a_gap_at_constant_latency() {
    for drift_ppm in [100.0, -100.0] {
        let mut devices = Devices::new(drift_ppm);
        let mut last = [0.0_f32; 2];
        let (mut largest_bend, mut largest_deviation_s) = (0.0_f32, 0.0_f64);
        devices.run_until(1_801.0, |devices, now, block| {
            if now < 61.0 {
                last = [block[READ - 2], block[READ - 1]];
                return;
            }
            for &sample in block {
                largest_bend = largest_bend.max((sample - 2.0 * last[1] + last[0]).abs());
                last = [last[1], sample];
            }
            largest_deviation_s = largest_deviation_s.max(devices.reader.deviation_s().abs());
        });
        assert_eq!(devices.reader.gaps(), 0, "{drift_ppm} ppm");
        let learned = devices.reader.drift_ppm();
        assert!(
            (learned - drift_ppm).abs() < 30.0,
            "{drift_ppm} ppm: learned {learned}"
        );
        // Callbacks jitter by 1 ms; the amount itself stays within 0.2 ms more.
        assert!(
            largest_deviation_s < 1.2e-3,
            "{drift_ppm} ppm: {largest_deviation_s}"
        );
        // A tone of 200 Hz at 16 kHz bends by at most (2 pi 200 / 16000)^2; a lost or repeated sample by ten times that.
        assert!(largest_bend < 0.0075, "{drift_ppm} ppm: {largest_bend}");
    }
}

#[test]
fn a_writer_that_stops_gives_silence_and_one_gap_and_comes_back_by_itself() {
    let mut devices = Devices::new(50.0);
    devices.run_until(5.0, |_, _, _| {});
    for _ in 0..200 {
        devices.read();
    }
    assert_eq!(devices.read(), [0.0; READ]);
    assert_eq!(devices.reader.gaps(), 1);
    // The writer's clock went on while it was unplugged.
    while devices.next_write_s() < devices.next_read_s() {
        devices.writes += 1;
    }
    let mut loudest = 0.0_f32;
    let end_s = devices.next_read_s() + 2.0;
    devices.run_until(end_s, |_, _, block| {
        loudest = block
            .iter()
            .fold(loudest, |loudest, sample| loudest.max(sample.abs()));
    });
    assert_eq!(devices.reader.gaps(), 1);
    assert!(loudest > 0.9, "{loudest}");
}

#[test]
fn a_reader_that_stops_drops_what_is_too_old_instead_of_playing_it_late() {
    let mut devices = Devices::new(0.0);
    devices.run_until(3.0, |_, _, _| {});
    let paused = devices.reads;
    while devices.next_write_s() < 3.5 {
        devices.write();
    }
    while devices.next_read_s() < 3.5 {
        devices.reads += 1;
    }
    assert!(devices.reads > paused);
    devices.run_until(4.0, |_, _, _| {});
    assert_eq!(devices.reader.gaps(), 1);
    assert!(devices.reader.deviation_s().abs() < 2e-3);
}

#[test]
fn blocks_larger_than_announced_raise_the_latency_once_and_then_play_without_gaps() {
    let (mut writer, ring) = ring(1, 16_000);
    let setup = ReaderSetup {
        from_hz: RATE_HZ,
        to_hz: RATE_HZ,
        write_frames: 64,
        read_frames: 128,
    };
    let mut reader = DriftReader::new(ring, setup).expect("rates are equal");
    let announced_s = reader.latency_s();
    let mut out = [0.0; 128];
    for n in 0..1_000_u32 {
        let now = 1.0 + f64::from(n) * 0.008;
        if n % 8 == 7 {
            writer.write(&[0.5; 1_024], now);
        }
        reader.pull(&mut out, now + 1e-4);
    }
    assert_eq!(reader.gaps(), 0);
    assert!((reader.latency_s() - announced_s - 960.0 / RATE_HZ).abs() < 1e-9);
    assert!((out[127] - 0.5).abs() < 1e-3, "{}", out[127]);
}

#[test]
fn a_tone_keeps_its_frequency_and_level_from_44100_to_48000_hz() {
    let (mut writer, ring) = ring(2, 44_100);
    let setup = ReaderSetup {
        from_hz: 44_100.0,
        to_hz: 48_000.0,
        write_frames: 441,
        read_frames: 480,
    };
    let mut reader = DriftReader::new(ring, setup).expect("rates are supported");
    let mut tone = 0_u32;
    let mut heard = Vec::new();
    for n in 0..200_u32 {
        let now = 1.0 + f64::from(n) * 0.01;
        let block: Vec<f32> = (0..441)
            .flat_map(|_| {
                tone += 1;
                let phase = f64::from(tone) * 1_000.0 / 44_100.0 * std::f64::consts::TAU;
                [phase.sin() as f32, 0.0]
            })
            .collect();
        writer.write(&block, now);
        let mut out = [0.0; 960];
        reader.pull(&mut out, now + 1e-3);
        heard.extend(out);
    }
    let left: Vec<f32> = heard.iter().step_by(2).skip(48_000).copied().collect();
    let crossings = left
        .windows(2)
        .filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0)
        .count();
    assert!(
        (998..=1_002).contains(&crossings),
        "{crossings} cycles in a second"
    );
    let peak = left.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!((peak - 1.0).abs() < 0.02, "{peak}");
    assert!(heard.iter().skip(1).step_by(2).all(|right| *right == 0.0));
}

#[test]
fn four_blocks_at_once_on_both_sides_are_learned_and_play_without_a_gap() {
    let (mut writer, ring) = ring(1, 48_000);
    let setup = ReaderSetup {
        from_hz: 48_000.0,
        to_hz: 48_000.0,
        write_frames: 256,
        read_frames: 256,
    };
    let mut reader = DriftReader::new(ring, setup).expect("rates are equal");
    let mut out = [0.0; 256];
    let mut learned_s = 0.0;
    // As PipeWire does with a quantum of 1024: bursts, those of the reader 5 ms after those of the writer.
    for burst in 0..500_u32 {
        let now = 1.0 + f64::from(burst) * 1_024.0 / 48_000.0;
        for n in 0..4 {
            writer.write(&[0.5; 256], now + f64::from(n) * 1e-5);
        }
        for n in 0..4 {
            reader.pull(&mut out, now + 5e-3 + f64::from(n) * 1e-5);
        }
        if burst == 100 {
            learned_s = reader.latency_s();
        }
    }
    assert_eq!(reader.gaps(), 0);
    assert_eq!(reader.latency_s(), learned_s, "constant");
    assert!((0.02..0.04).contains(&learned_s), "{learned_s}");
    assert!((out[255] - 0.5).abs() < 1e-3);
}

#[test]
fn a_gap_raises_the_latency_by_5_ms_so_that_the_next_delay_of_that_kind_fits() {
    let mut devices = Devices::new(0.0);
    devices.run_until(3.0, |_, _, _| {});
    let before_s = devices.reader.latency_s();
    for _ in 0..10 {
        devices.read();
    }
    assert_eq!(devices.reader.gaps(), 1);
    assert!((devices.reader.latency_s() - before_s - 0.005).abs() < 1e-9);
}
