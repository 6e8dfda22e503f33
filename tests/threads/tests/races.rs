//! The same code with the real atomics and ringbuf's rings, between two threads: for
//! ThreadSanitizer and miri. `cargo xtask test` runs it where the toolchain has them. It has
//! its own `main`, because the library of the usual test harness is not compiled for the
//! sanitizer.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small counts"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use voxmeld_threads::controls::Controls;
use voxmeld_threads::geometry::Geometry;
use voxmeld_threads::loads::PendingLoads;
use voxmeld_threads::meters::Meters;
use voxmeld_threads::stream::{AppliedHop, HopHeader, SegmentKind, stream_link};

/// Fewer for miri, which is about a thousand times slower.
const ROUNDS: u64 = if cfg!(miri) { 60 } else { 20_000 };
/// Sample values identify stream and position: stream * this + position + 1.
const STREAM_STEP: u64 = 1_000;

fn main() {
    if std::env::args().any(|word| word == "race") {
        return race();
    }
    streams_and_resets();
    renders_and_resets();
    loads();
    meters();
}

/// A data race that ThreadSanitizer has to report: `cargo xtask test` expects this to fail.
fn race() {
    struct Unsynchronized(std::cell::UnsafeCell<u64>);
    // SAFETY: none; this is the intended bug.
    unsafe impl Sync for Unsynchronized {}
    static COUNTER: Unsynchronized = Unsynchronized(std::cell::UnsafeCell::new(0));
    let add = || {
        for _ in 0..1_000 {
            // SAFETY: the pointer is valid; the missing synchronisation is the intended bug.
            unsafe { *std::hint::black_box(COUNTER.0.get()) += 1 };
        }
    };
    let other = std::thread::spawn(add);
    add();
    other.join().expect("no panic");
}

/// Blocks of several lengths and resets, against a worker that sends each hop's input back.
/// Returns the number of samples that were received.
fn exchange(geometry: &Geometry, waits: bool) -> u64 {
    let (mut client, mut server) = stream_link(geometry);
    client.set_waits(waits);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let worker = std::thread::spawn(move || {
        while !stopped.load(Relaxed) {
            server.heartbeat();
            let Some(hop) = server.next_hop() else {
                std::thread::yield_now();
                continue;
            };
            let header = HopHeader {
                generation: hop.generation,
                position_host: hop.position_host,
                kind: SegmentKind::Ready,
                applied: AppliedHop::default(),
            };
            let samples = hop.samples.clone();
            server.send(header, &samples);
        }
        // Returned, so that the rings are dropped on the main thread.
        server
    });
    let (mut stream, mut position, mut received) = (1_u64, 0_u64, 0_u64);
    for round in 0..ROUNDS {
        if round % 41 == 40 {
            client.reset();
            stream = stream % 1_000 + 1;
            position = 0;
        }
        let len = (round * 7 % 5) as usize;
        let sample_at = |at: u64| (stream * STREAM_STEP + at + 1) as f32;
        let block: Vec<f32> = (0..len as u64).map(|n| sample_at(position + n)).collect();
        client.push(&block, &Controls(stream as u32));
        let mut out = [9.0; 4];
        let mut done = 0;
        while done < len {
            let (count, kind) = client.pull(&mut out[..len - done]);
            for (n, &sample) in out[..count].iter().enumerate() {
                let at = (position + (done + n) as u64).checked_sub(geometry.schedule as u64);
                let correct = match (kind, at) {
                    (SegmentKind::Ready, Some(at)) => sample == sample_at(at) || (!waits && sample == 0.0),
                    (SegmentKind::Ready, None) => false,
                    _ => sample == 0.0 && (!waits || at.is_none()),
                };
                assert!(correct, "stream {stream}, position {position}: {sample} {kind:?}");
                received += u64::from(kind == SegmentKind::Ready);
            }
            done += count;
        }
        position += len as u64;
        if round % 16 == 0 {
            std::thread::yield_now();
        }
    }
    stop.store(true, Relaxed);
    drop(worker.join().expect("no panic"));
    received
}

fn streams_and_resets() {
    exchange(&Geometry::small(2, 8), false);
}

fn renders_and_resets() {
    assert!(
        exchange(&Geometry::small(2, 8), true) > ROUNDS / 2,
        "less than half of the samples were received"
    );
}

fn loads() {
    let loads = Arc::new(PendingLoads::default());
    let (send, receive) = std::sync::mpsc::channel();
    let delivering = loads.clone();
    let count = ROUNDS / 10;
    (0..count).for_each(|_| loads.add());
    let loader = std::thread::spawn(move || {
        for voice in 0..count {
            delivering.deliver(|| send.send(voice).expect("the receiver is alive"));
        }
    });
    let mut voices = 0;
    while loads.receive_delivered(|| voices += receive.try_iter().count() as u64) {
        std::thread::yield_now();
    }
    assert_eq!(voices, count);
    loader.join().expect("no panic");
}

fn meters() {
    let meters = Arc::new(Meters::default());
    let shown = meters.clone();
    let audio = std::thread::spawn(move || {
        for n in 1..=ROUNDS {
            shown.record(n as f32, 0.5);
        }
    });
    let mut max = 0.0_f32;
    while !audio.is_finished() {
        max = max.max(meters.take().0);
    }
    audio.join().expect("no panic");
    assert_eq!(max.max(meters.take().0), ROUNDS as f32);
}
