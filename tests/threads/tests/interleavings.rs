//! Every interleaving of small programs of audio thread, worker and loader: the engine's
//! code of `stream`, `loads` and `rt/meters` under loom.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    reason = "a few samples, and a line of statistics for `--nocapture`"
)]

use loom::thread;
use voxmeld_threads::controls::Controls;
use voxmeld_threads::geometry::Geometry;
use voxmeld_threads::loads::PendingLoads;
use voxmeld_threads::meters::Meters;
use voxmeld_threads::stream::{AppliedHop, HopHeader, SegmentKind, StreamClient, StreamServer, stream_link};
use voxmeld_threads::sync::Arc;

/// Checks all interleavings with at most `preemptions` preemptions, or as many as the
/// machine can check in the time limit.
fn check(preemptions: usize, program: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.max_duration = Some(std::time::Duration::from_secs(15));
    let runs = std::sync::atomic::AtomicU64::new(0);
    let runs = std::sync::Arc::new(runs);
    let counted = runs.clone();
    let began = std::time::Instant::now();
    model.check(move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        program();
    });
    // Shown by `cargo test -- --nocapture`.
    let runs = runs.load(std::sync::atomic::Ordering::Relaxed);
    println!("{runs} interleavings in {:?}", began.elapsed());
}

/// A sample value that identifies the stream and the position.
fn sample_at(stream: u32, position: u64) -> f32 {
    (stream * 100) as f32 + position as f32 + 1.0
}

fn push(client: &mut StreamClient, stream: u32, position: u64) {
    client.push(&[sample_at(stream, position)], &Controls(stream));
}

/// Polls the ring `polls` times, and sends each hop's input back as its output.
fn echo(server: &mut StreamServer, polls: usize) {
    for _ in 0..polls {
        server.heartbeat();
        let Some(hop) = server.next_hop() else {
            thread::yield_now();
            continue;
        };
        assert!(
            hop.controls.iter().all(|controls| controls.0 == hop.generation),
            "controls of another stream: {hop:?}"
        );
        let header = HopHeader {
            generation: hop.generation,
            position_host: hop.position_host,
            kind: SegmentKind::Ready,
            applied: AppliedHop::default(),
        };
        let samples = hop.samples.clone();
        server.send(header, &samples);
    }
}

/// Pulls one sample: either the input of this stream `schedule` samples earlier, or zero
/// where it is missing.
fn pull(client: &mut StreamClient, stream: u32, position: u64, schedule: u64) -> SegmentKind {
    let mut out = [9.0];
    let (count, kind) = client.pull(&mut out);
    assert_eq!(count, 1);
    let expected = match (kind, position.checked_sub(schedule)) {
        (SegmentKind::Ready, Some(input)) => sample_at(stream, input),
        (SegmentKind::Ready, None) => panic!("output before its input"),
        _ => 0.0,
    };
    assert_eq!(out[0], expected, "stream {stream}, position {position}, {kind:?}");
    kind
}

#[test]
fn hop_is_received_complete_and_at_its_position() {
    let geometry = Geometry::small(2, 2);
    check(2, move || {
        let (mut client, mut server) = stream_link(&geometry);
        let worker = thread::spawn(move || echo(&mut server, 2));
        for position in 0..3 {
            push(&mut client, 0, position);
            pull(&mut client, 0, position, 2);
        }
        worker.join().expect("no panic");
    });
}

#[test]
fn reset_at_any_time_does_not_mix_streams() {
    let geometry = Geometry::small(1, 1);
    check(2, move || {
        let (mut client, mut server) = stream_link(&geometry);
        let worker = thread::spawn(move || echo(&mut server, 2));
        push(&mut client, 0, 0);
        client.reset();
        for position in 0..2 {
            push(&mut client, 1, position);
            pull(&mut client, 1, position, 1);
        }
        worker.join().expect("no panic");
    });
}

/// The worker takes a hop first and then reads the offline flag and the pending loads, so both include what was set before the hop.
#[test]
fn hop_pushed_after_a_load_was_requested_offline_shows_both() {
    let geometry = Geometry::small(1, 1);
    check(2, move || {
        let (mut client, mut server) = stream_link(&geometry);
        let loads = Arc::new(PendingLoads::default());
        let worker_loads = loads.clone();
        let worker = thread::spawn(move || {
            for _ in 0..2 {
                if server.has_hop() {
                    assert!(worker_loads.receive_delivered(|| {}), "no load is pending");
                    assert!(server.offline(), "the render counts as live");
                    return;
                }
                thread::yield_now();
            }
        });
        loads.add();
        client.set_waits(true);
        push(&mut client, 0, 0);
        worker.join().expect("no panic");
    });
}

#[test]
fn offline_render_receives_every_hop_and_ends() {
    let geometry = Geometry::small(1, 1);
    check(2, move || {
        let (mut client, mut server) = stream_link(&geometry);
        client.set_waits(true);
        let worker = thread::spawn(move || {
            let mut done = 0;
            while done < 2 {
                server.heartbeat();
                let Some(hop) = server.next_hop() else {
                    thread::yield_now();
                    continue;
                };
                assert!(!hop.too_late, "a hop is too late in a render");
                let header = HopHeader {
                    generation: hop.generation,
                    position_host: hop.position_host,
                    kind: SegmentKind::Ready,
                    applied: AppliedHop::default(),
                };
                let samples = hop.samples.clone();
                assert!(server.send(header, &samples));
                done += 1;
            }
        });
        for position in 0..2 {
            push(&mut client, 0, position);
            let kind = pull(&mut client, 0, position, 1);
            assert_eq!(
                kind == SegmentKind::Ready,
                position >= 1,
                "position {position}: {kind:?}"
            );
        }
        worker.join().expect("no panic");
    });
}

/// At a restart, for example with another rate, the worker drops one stream while the host
/// already plays the next one.
#[test]
fn dropped_stream_does_not_affect_the_next_one() {
    let geometry = Geometry::small(1, 1);
    check(2, move || {
        let (mut old, mut old_server) = stream_link(&geometry);
        let (mut new, mut new_server) = stream_link(&geometry);
        let worker = thread::spawn(move || {
            echo(&mut old_server, 1);
            drop(old_server);
            echo(&mut new_server, 2);
        });
        push(&mut old, 0, 0);
        pull(&mut old, 0, 0, 1);
        push(&mut old, 0, 1);
        drop(old);
        for position in 0..2 {
            push(&mut new, 0, position);
            pull(&mut new, 0, position, 1);
        }
        worker.join().expect("no panic");
    });
}

/// A channel. loom's own does not treat polling an empty channel as a step.
type Channel = Arc<loom::sync::Mutex<Vec<u32>>>;

#[test]
fn load_counts_as_done_only_after_its_voice_is_received() {
    check(3, || {
        let loads = Arc::new(PendingLoads::default());
        let channel: Channel = Channel::default();
        for _ in 0..2 {
            loads.add();
        }
        let (delivering, sending) = (loads.clone(), channel.clone());
        let loader = thread::spawn(move || {
            for voice in 0..2 {
                delivering.deliver(|| sending.lock().expect("no panic").push(voice));
            }
        });
        let mut voices = Vec::new();
        let mut receive_delivered = || {
            let more = loads.receive_delivered(|| voices.append(&mut channel.lock().expect("no panic")));
            assert!(more || voices == [0, 1], "a render continues without its voice");
            more
        };
        receive_delivered();
        receive_delivered();
        loader.join().expect("no panic");
        assert!(!receive_delivered(), "a load is still pending");
    });
}

#[test]
fn every_peak_is_read_once() {
    check(3, || {
        let meters = Arc::new(Meters::default());
        let shown = meters.clone();
        let audio = thread::spawn(move || {
            for peak in [0.25, 0.75, 0.5] {
                shown.record(peak, peak / 2.0);
            }
        });
        let mut max = (0.0_f32, 0.0_f32);
        let mut read = || {
            let (input, output) = meters.take();
            max = (max.0.max(input), max.1.max(output));
        };
        read();
        read();
        audio.join().expect("no panic");
        read();
        assert_eq!(max, (0.75, 0.375));
    });
}

/// Shows that the checker finds an exchange that wrongly sends the header before the
/// samples.
#[test]
#[should_panic(expected = "another hop's samples")]
fn checker_finds_a_header_sent_before_its_samples() {
    use voxmeld_threads::sync::HeapRb;
    check(3, || {
        let (mut samples, mut samples_out) = HeapRb::new(2).split();
        let (mut headers, mut headers_out) = HeapRb::new(2).split();
        let worker = thread::spawn(move || {
            let _ = headers.try_push(7);
            samples.push_slice(&[7]);
        });
        if let Some(header) = headers_out.try_pop() {
            let mut sample = [0];
            samples_out.pop_slice(&mut sample);
            assert_eq!(sample[0], header, "another hop's samples");
        }
        worker.join().expect("no panic");
    });
}
