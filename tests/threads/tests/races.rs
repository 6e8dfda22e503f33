//! The same code with the real atomics and ringbuf's rings, between two real
//! threads: for ThreadSanitizer and miri. `cargo xtask test` runs it so where the
//! toolchain can. A program of its own, because the sanitizer would watch the
//! usual test harness, too, whose library is not compiled for it.
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

/// miri is a thousand times slower.
const ROUNDS: u64 = if cfg!(miri) { 60 } else { 20_000 };
const SPAN: u64 = 1_000;

fn main() {
    if std::env::args().any(|word| word == "race") {
        return race();
    }
    streams_and_resets();
    renders_and_resets();
    loads();
    meters();
}

/// What ThreadSanitizer must see, and sees: `cargo xtask test` wants this to fail.
fn race() {
    struct Bare(std::cell::UnsafeCell<u64>);
    // SAFETY: none; this is the mistake.
    unsafe impl Sync for Bare {}
    static BARE: Bare = Bare(std::cell::UnsafeCell::new(0));
    let add = || {
        for _ in 0..1_000 {
            // SAFETY: none, as above. The pointer is valid.
            unsafe { *std::hint::black_box(BARE.0.get()) += 1 };
        }
    };
    let other = std::thread::spawn(add);
    add();
    other.join().expect("no panic");
}

/// Blocks and resets of all kinds against a worker that answers as it can.
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
        // The rings go on the thread that is the last to let go of them.
        server
    });
    let (mut stream, mut position, mut heard) = (1_u64, 0_u64, 0_u64);
    for round in 0..ROUNDS {
        if round % 41 == 40 {
            client.reset();
            stream = stream % 1_000 + 1;
            position = 0;
        }
        let len = (round * 7 % 5) as usize;
        let told = |at: u64| (stream * SPAN + at + 1) as f32;
        let block: Vec<f32> = (0..len as u64).map(|n| told(position + n)).collect();
        client.push(&block, &Controls(stream as u32));
        let mut out = [9.0; 4];
        let mut done = 0;
        while done < len {
            let (count, kind) = client.pull(&mut out[..len - done]);
            for (n, &sample) in out[..count].iter().enumerate() {
                let at = (position + (done + n) as u64).checked_sub(geometry.schedule as u64);
                let right = match (kind, at) {
                    (SegmentKind::Ready, Some(at)) => sample == told(at) || (!waits && sample == 0.0),
                    (SegmentKind::Ready, None) => false,
                    _ => sample == 0.0 && (!waits || at.is_none()),
                };
                assert!(right, "stream {stream}, position {position}: {sample} {kind:?}");
                heard += u64::from(kind == SegmentKind::Ready);
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
    heard
}

fn streams_and_resets() {
    exchange(&Geometry::small(2, 8), false);
}

fn renders_and_resets() {
    assert!(
        exchange(&Geometry::small(2, 8), true) > ROUNDS / 2,
        "much is heard"
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
            delivering.deliver(|| send.send(voice).expect("somebody listens"));
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
    let mut most = 0.0_f32;
    while !audio.is_finished() {
        most = most.max(meters.take().0);
    }
    audio.join().expect("no panic");
    assert_eq!(most.max(meters.take().0), ROUNDS as f32);
}
