use super::*;
use crate::controls::Controls;
use crate::geometry::Hop;
use crate::sync::Ordering::Relaxed;

fn geometry() -> Geometry {
    Geometry::new(48_000.0, Hop::Ms20, 512).expect("a supported set-up")
}

/// Answers every whole hop with its own input.
fn echo(server: &mut StreamServer) -> Vec<(u64, bool)> {
    let mut seen = Vec::new();
    while let Some(hop) = server.next_hop() {
        seen.push((hop.position_host, hop.restarts));
        let header = HopHeader {
            generation: hop.generation,
            position_host: hop.position_host,
            kind: SegmentKind::Ready,
            applied: AppliedHop::default(),
        };
        let samples = hop.samples.clone();
        server.send(header, &samples);
    }
    seen
}

fn pull_all(client: &mut StreamClient, len: usize) -> (Vec<f32>, Vec<SegmentKind>) {
    let mut out = vec![9.0; len];
    let mut kinds = Vec::new();
    while kinds.len() < len {
        let start = kinds.len();
        let (count, kind) = client.pull(&mut out[start..]);
        kinds.extend(std::iter::repeat_n(kind, count));
    }
    (out, kinds)
}

#[test]
fn echoed_samples_return_after_exactly_the_buffering_latency_for_any_blocks() {
    let geometry = geometry();
    let delay = geometry.buffering_latency_host();
    let (mut client, mut server) = stream_link(&geometry);
    let input: Vec<f32> = (0..48_000).map(|n| n as f32 + 1.0).collect();
    let mut output = Vec::new();
    let mut rest = &input[..];
    for len in [1, 511, 64, 0, 480, 333, 512].into_iter().cycle() {
        let (block, later) = rest.split_at(rest.len().min(len));
        client.push(block, &Controls::default());
        echo(&mut server);
        output.extend(pull_all(&mut client, block.len()).0);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    assert!(output[..delay].iter().all(|&x| x == 0.0));
    assert_eq!(output[delay..], input[..input.len() - delay]);
    assert_eq!(client_counts(&server), (0, 0, 0));
}

fn client_counts(server: &StreamServer) -> (u64, u64, u64) {
    let shared = server.shared();
    (
        shared.xruns.load(Relaxed),
        shared.missing_samples.load(Relaxed),
        shared.dropped_input_samples.load(Relaxed),
    )
}

#[test]
fn a_stalled_worker_counts_one_xrun_and_the_timeline_does_not_shift() {
    let geometry = geometry();
    let delay = geometry.buffering_latency_host();
    let (mut client, mut server) = stream_link(&geometry);
    let mut position = 0_u64;
    let mut last = Vec::new();
    for block in 0..2_000 {
        let samples: Vec<f32> = (0..480).map(|n| (position + n) as f32 + 1.0).collect();
        client.push(&samples, &Controls::default());
        // The worker does nothing for nine seconds.
        if !(500..1_400).contains(&block) {
            echo(&mut server);
        }
        position += 480;
        last = pull_all(&mut client, 480).0;
    }
    let expected: Vec<f32> = (0..480)
        .map(|n| (position - 480 + n - delay as u64) as f32 + 1.0)
        .collect();
    assert_eq!(last, expected, "old audio is never played late");
    let (xruns, missing, dropped) = client_counts(&server);
    assert_eq!(xruns, 1);
    assert!(missing >= 430_000, "{missing}");
    assert!(dropped > 300_000, "{dropped}");
}

#[test]
fn the_hop_after_lost_input_is_marked_as_restart() {
    let geometry = geometry();
    let (mut client, mut server) = stream_link(&geometry);
    for _ in 0..300 {
        client.push(&[0.5; 480], &Controls::default());
    }
    let seen = echo(&mut server);
    assert_eq!(seen.first(), Some(&(0, true)));
    assert!(seen[1..].iter().all(|(_, restarts)| !restarts));
    for _ in 0..10 {
        client.push(&[0.5; 480], &Controls::default());
    }
    let seen = echo(&mut server);
    assert!(
        seen.iter()
            .any(|&(position, restarts)| restarts && position >= 2 * 48_000),
        "{seen:?}"
    );
    assert!(seen.iter().all(|&(position, _)| position % 960 == 0));
}

#[test]
fn a_reset_discards_hops_of_the_old_stream() {
    let geometry = geometry();
    let (mut client, mut server) = stream_link(&geometry);
    client.push(&[0.25; 4_800], &Controls::default());
    echo(&mut server);
    client.push(&[0.25; 700], &Controls::default());
    client.reset();
    client.push(&[0.5; 9_600], &Controls::default());
    let seen = echo(&mut server);
    assert_eq!(seen.first(), Some(&(0, true)), "the new stream begins at 0");
    let (out, kinds) = pull_all(&mut client, 5_000);
    let delay = geometry.buffering_latency_host();
    assert!(out[..delay].iter().all(|&x| x == 0.0) && out[delay..].iter().all(|&x| x == 0.5));
    assert!(kinds[..delay].iter().all(|&kind| kind == SegmentKind::NotReady));
}

#[test]
fn each_10_ms_carry_the_controls_of_their_middle_sample() {
    let geometry = geometry();
    let (mut client, mut server) = stream_link(&geometry);
    let with = |blend_ratio| Controls {
        blend_ratio,
        ..Controls::default()
    };
    client.push(&[0.0; 480], &with(0.1));
    client.push(&[0.0; 100], &with(0.2));
    client.push(&[0.0; 380], &with(0.3));
    client.push(&[0.0; 960], &with(0.4));
    let ratios = |hop: &HopInput| hop.controls.iter().map(|c| c.blend_ratio).collect::<Vec<_>>();
    // In the middle of the second 10 ms 0.3 was set.
    assert_eq!(server.next_hop().map(ratios), Some(vec![0.1, 0.3]));
    assert_eq!(server.next_hop().map(ratios), Some(vec![0.4, 0.4]));
    assert!(server.next_hop().is_none());
}

#[test]
fn a_lagging_worker_drops_hops_until_it_is_in_time() {
    let geometry = geometry();
    let (mut client, mut server) = stream_link(&geometry);
    // Three hops and the buffering latency have been played before the worker starts.
    for _ in 0..2 * 3 + geometry.buffering_latency_host().div_ceil(480) {
        client.push(&[0.5; 480], &Controls::default());
    }
    let mut late = Vec::new();
    while let Some(hop) = server.next_hop() {
        late.push(hop.too_late);
    }
    let first_in_time = late.iter().position(|late| !late).expect("a hop in time");
    assert!(late[..first_in_time].iter().all(|&late| late), "{late:?}");
    assert!(late[first_in_time..].iter().all(|&late| !late), "{late:?}");
    assert!((3..=4).contains(&first_in_time), "{late:?}");
}

/// As after a pause of the host: the worker polls every 50 ms, so it finds the first hop when that is
/// already due.
#[test]
fn a_first_hop_found_50_ms_late_is_no_xrun_and_loses_nothing_of_the_input() {
    let geometry = geometry();
    let delay = geometry.buffering_latency_host();
    let (mut client, mut server) = stream_link(&geometry);
    let mut output = Vec::new();
    for block in 0..40_usize {
        client.begin_block(480, 0.0, 48_000.0);
        let input: Vec<f32> = (0..480).map(|n| (block * 480 + n) as f32 + 1.0).collect();
        client.push(&input, &Controls::default());
        output.extend(pull_all(&mut client, 480).0);
        // Five blocks after the one at which it could have started.
        if block >= 6 {
            echo(&mut server);
        }
    }
    assert_eq!(client_counts(&server).0, 0);
    let content = delay + geometry.before_input_host();
    for (n, &sample) in output.iter().enumerate().skip(content) {
        assert_eq!(sample, (n - delay) as f32 + 1.0);
    }
}

/// An offline render that begins after a live stall must not wait for hops
/// whose input was dropped: they never come.
#[test]
fn going_offline_after_a_stall_does_not_wait_for_lost_hops() {
    let (mut client, mut server) = stream_link(&geometry());
    let mut block = [0.0; 480];
    for _ in 0..300 {
        client.push(&[0.1; 480], &Controls::default());
        pull_all(&mut client, 480);
    }
    client.set_waits(true);
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let stopped = stop.clone();
    let worker = std::thread::spawn(move || {
        while !stopped.load(Relaxed) {
            echo(&mut server);
            std::thread::yield_now();
        }
    });
    let started = std::time::Instant::now();
    for _ in 0..30 {
        client.push(&[0.1; 480], &Controls::default());
        block.copy_from_slice(&pull_all(&mut client, 480).0);
    }
    stop.store(true, Relaxed);
    worker.join().expect("no panic");
    assert!(
        started.elapsed().as_secs() < 60,
        "the client waited for hops that never arrive"
    );
    assert_eq!(block, [0.1; 480], "the stream has recovered");
}

/// Resets at any time, against a worker on its own thread: nothing of an older stream
/// is ever played, and nothing at a wrong position. Every sample encodes its stream and
/// position.
#[test]
fn resets_at_any_time_never_mix_streams() {
    const SPAN: u64 = 4_096;
    // miri is a thousand times slower.
    const ROUNDS: u64 = if cfg!(miri) { 200 } else { 6_000 };
    let geometry = Geometry::new(16_000.0, Hop::Ms20, 160).expect("a supported set-up");
    let delay = geometry.buffering_latency_host() as u64;
    let (mut client, mut server) = stream_link(&geometry);
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let turns = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let (stopped, turned) = (stop.clone(), turns.clone());
    let worker = std::thread::spawn(move || {
        while !stopped.load(Relaxed) {
            echo(&mut server);
            turned.fetch_add(1, Relaxed);
            std::thread::yield_now();
        }
    });
    let (mut stream, mut position, mut played) = (1_u64, 0_u64, 0_u64);
    let mut random = 1_u64;
    for _ in 0..ROUNDS {
        random = crate::dsp::noise::mix(random);
        // The worker answers, mostly: counted by its turns, as a busy machine may not run it for long.
        let seen = turns.load(Relaxed);
        while !random.is_multiple_of(8) && turns.load(Relaxed) < seen + 2 {
            std::thread::yield_now();
        }
        if random.is_multiple_of(40) || position > SPAN - 200 {
            client.reset();
            stream = stream % 1_000 + 1;
            position = 0;
        }
        let len = (random >> 20) as usize % 161;
        let sample_at = |at: u64| (stream * SPAN + at) as f32;
        let block: Vec<f32> = (0..len as u64).map(|n| sample_at(position + n)).collect();
        client.push(&block, &Controls::default());
        let (out, kinds) = pull_all(&mut client, len);
        for (n, (&sample, &kind)) in out.iter().zip(&kinds).enumerate() {
            let expected = match (position + n as u64).checked_sub(delay) {
                Some(at) if kind == SegmentKind::Ready => sample_at(at),
                _ => 0.0,
            };
            // Input that was dropped, because the worker was slow, is 0.
            assert!(
                sample == expected || sample == 0.0,
                "stream {stream}, sample {}: {sample}, expected {expected}",
                position + n as u64
            );
            played += u64::from(kind == SegmentKind::Ready);
        }
        position += len as u64;
    }
    stop.store(true, Relaxed);
    worker.join().expect("no panic");
    assert!(played > ROUNDS * 10 / 6, "{played} samples were played");
}

/// As while a voice is loaded: no hop for longer than the heartbeat timeout, but with a
/// heartbeat.
#[test]
fn an_offline_render_waits_for_a_slow_worker_with_a_heartbeat() {
    let (mut client, mut server) = stream_link(&geometry());
    client.set_waits(true);
    let worker = std::thread::spawn(move || {
        let started = std::time::Instant::now();
        while started.elapsed() < std::time::Duration::from_secs(6) {
            server.heartbeat();
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let mut hops = 0;
        while hops < 5 {
            server.heartbeat();
            hops += echo(&mut server).len();
        }
        server
    });
    client.push(&[0.5; 4_800], &Controls::default());
    let (out, _) = pull_all(&mut client, 4_800);
    let server = worker.join().expect("no panic");
    assert_eq!(out[4_799], 0.5);
    assert_eq!(client_counts(&server), (0, 0, 0));
}
