//! A whole session on the simulated device, with the engine's own thread and without a voice's files.

use super::*;
use crate::device::{DeviceError, Simulated, SimulatedDevice, Wanted};
use std::sync::Arc;
use std::time::{Duration, Instant};

struct Rig {
    live: Live,
    device: Arc<SimulatedDevice>,
    now: Instant,
}

impl Rig {
    fn new(wanted: Wanted) -> Self {
        let device = Arc::new(SimulatedDevice::recording());
        let backend = Simulated {
            free_running: true,
            device: device.clone(),
        };
        Self {
            live: Live::new(Box::new(backend), wanted),
            device,
            now: Instant::now(),
        }
    }

    /// The session's time goes on by a tenth of a second.
    fn tick(&mut self) -> Vec<String> {
        self.now += Duration::from_millis(100);
        self.live.tick(self.now);
        self.live.take_notices()
    }

    /// Ticks until a notice contains `text`; the device thread is real, so this waits for it.
    fn until(&mut self, text: &str) -> String {
        let began = Instant::now();
        loop {
            if let Some(found) = self.tick().into_iter().find(|notice| notice.contains(text)) {
                return found;
            }
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "no notice with \"{text}\""
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn wait_for_blocks(&self, count: usize) {
        let began = Instant::now();
        let mut seen = 0;
        while seen < count {
            seen += self.device.take_played().len() / 480;
            assert!(
                began.elapsed() < Duration::from_secs(60),
                "the device does not run"
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[test]
fn a_removed_device_is_reported_once_and_comes_back_by_itself() {
    let mut rig = Rig::new(Wanted::default());
    rig.live.open(rig.now).expect("opens");
    assert_eq!(rig.live.status().device, "open");
    rig.device.set_unplugged(true);
    let said = rig.until("removed");
    assert!(said.contains("silent") && said.contains("every second"), "{said}");
    assert_eq!(rig.live.status().device, "lost");
    assert!(rig.live.status().silent);
    let mut more = Vec::new();
    for _ in 0..50 {
        more.extend(rig.tick());
    }
    assert!(more.len() <= 1, "said again and again: {more:?}");
    rig.device.set_unplugged(false);
    rig.until("playing");
    assert_eq!(rig.live.status().device, "open");
}

#[test]
fn a_missing_device_is_an_error_at_first_and_waited_for_if_asked() {
    let mut rig = Rig::new(Wanted::default());
    rig.device.set_unplugged(true);
    let error = rig.live.open(rig.now).expect_err("there is none");
    assert!(matches!(error, DeviceError::None { .. }));
    rig.live.wait_for_device(&error, rig.now);
    rig.device.set_unplugged(false);
    rig.until("playing");
}

#[test]
fn larger_and_smaller_blocks_change_the_latency_and_are_said() {
    let mut rig = Rig::new(Wanted::default());
    rig.live.open(rig.now).expect("opens");
    assert_eq!(rig.live.status().latency_ms.map(f64::round), Some(80.0));
    rig.device.set_block_frames(4_096);
    rig.until("the latency is now");
    let large = rig.live.status().latency_ms.expect("open");
    assert!((large - 70.0 - 4_096.0 / 48.0).abs() < 1.0, "{large}");
    rig.device.set_block_frames(64);
    rig.until("the latency is now");
    let small = rig.live.status().latency_ms.expect("open");
    assert!((small - 70.0 - 64.0 / 48.0).abs() < 1.0, "{small}");
}

#[test]
fn another_hop_is_used_at_once_and_a_setting_out_of_range_changes_nothing() {
    let mut rig = Rig::new(Wanted::default());
    rig.live.open(rig.now).expect("opens");
    assert_eq!(rig.live.set("hop", "40").as_deref(), Ok("40 ms"));
    rig.until("the latency is now 120.0 ms");
    assert!(rig.live.set("hop", "30").is_err());
    rig.tick();
    assert_eq!(rig.live.status().latency_ms.map(f64::round), Some(120.0));
}

#[test]
fn without_a_voice_a_loud_microphone_gives_silence() {
    let path = std::env::temp_dir().join(format!("voxmeld-live-tone-{}.wav", std::process::id()));
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(&path, spec).expect("created");
    for n in 0..4_800_i32 {
        file.write_sample::<i16>(if n % 100 < 50 { 32_767 } else { -32_768 })
            .expect("written");
    }
    file.finalize().expect("written");
    let mut rig = Rig::new(Wanted {
        input: Some(path.to_string_lossy().into_owned()),
        ..Wanted::default()
    });
    rig.live
        .params()
        .voice
        .choose(voxmeld_core::selection::VoiceSelection::nothing());
    rig.live.open(rig.now).expect("opens");
    std::fs::remove_file(&path).expect("removed");
    let mut played = Vec::new();
    let began = Instant::now();
    while played.len() < 96_000 {
        played.extend(rig.device.take_played());
        assert!(
            began.elapsed() < Duration::from_secs(60),
            "the device does not run"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(played.iter().all(|sample| *sample == 0.0));
    rig.tick();
    let status = rig.live.status();
    assert!(status.silent && status.input_peak_db > -1.0, "{status:?}");
    assert_eq!(
        status.input_problem.as_deref(),
        Some("the input clips: turn the microphone down")
    );
    assert!(status.line().contains("no voice, silent"), "{}", status.line());
}

#[test]
fn muted_is_shown_and_silent_after_a_block() {
    let mut rig = Rig::new(Wanted::default());
    rig.live.open(rig.now).expect("opens");
    rig.live.set_muted(true);
    rig.wait_for_blocks(4);
    assert!(rig.live.status().muted && rig.live.status().silent);
    assert!(rig.live.status().line().contains("MUTED"));
}
