//! Builds that are killed.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use super::*;
use crate::model::ModelError;

/// Names the scratch folder to the child process.
const CASE: &str = "VOXMELD_CASE";

/// Takes its time, so that a kill finds it at work.
struct SlowEncoder(PassThroughEncoder);

impl Encoder for SlowEncoder {
    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn encode(&mut self, audio_16k: &[f32], embeddings: &mut Frames) -> Result<(), ModelError> {
        std::thread::sleep(Duration::from_millis(5));
        self.0.encode(audio_16k, embeddings)
    }
}

/// The child process's part: one build. Does nothing when it is run as a test.
#[test]
fn child_process() {
    let Some(folder) = std::env::var_os(CASE) else {
        return;
    };
    // Not dropped: the folder is the parent's.
    let scratch = std::mem::ManuallyDrop::new(Scratch(PathBuf::from(folder)));
    let job = scratch.job(false);
    let files = RecordingFile::all_in(&job.recordings).expect("listed").0;
    let slow = || -> Box<dyn Encoder> { Box::new(SlowEncoder(PassThroughEncoder)) };
    job.with_encoders(&mut [slow(), slow()], &info(), &files, None, &Progress::default())
        .expect("made");
}

fn build(scratch: &Scratch) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "indexing::job::tests::kill::child_process", "--quiet"])
        .env(CASE, &scratch.0)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("started")
}

/// The index's bytes, and its sidecar without measured times.
fn result(scratch: &Scratch) -> (Vec<u8>, Sidecar) {
    let path = scratch.0.join("voice.index");
    let mut sidecar = Sidecar::read(&path).expect("a sidecar").expect("a sidecar");
    if let Some(recall) = &mut sidecar.recall {
        recall
            .points
            .iter_mut()
            .for_each(|point| point.us_per_frame = 0.0);
    }
    (fs::read(&path).expect("an index"), sidecar)
}

#[test]
fn a_build_that_was_killed_ten_times_gives_the_same_bytes() {
    let (killed, whole) = (Scratch::new("killed"), Scratch::new("whole"));
    for scratch in [&killed, &whole] {
        for n in 0..12_u8 {
            scratch.record(&format!("{n}.wav"), 0.02 + 0.003 * f32::from(n));
        }
    }
    let started = Instant::now();
    assert!(build(&whole).wait().expect("ended").success());
    let duration = started.elapsed();

    // SplitMix64: moments that look random, from the start of the process to its end.
    let mut state = 7_u64;
    for _ in 0..10 {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let moment = duration.mul_f32((mixed >> 40) as f32 / (1 << 24) as f32);
        let mut child = build(&killed);
        std::thread::sleep(moment);
        child.kill().expect("killed");
        child.wait().expect("ended");
        // What is there is whole: nothing, or an index that opens.
        let path = killed.0.join("voice.index");
        if path.exists() {
            open(&path, Some(PASS_THROUGH_DIM)).expect("a whole index");
            fs::remove_file(&path).expect("removed");
        }
    }
    assert!(build(&killed).wait().expect("ended").success());
    assert_eq!(result(&killed), result(&whole));
    let left: Vec<_> = fs::read_dir(&killed.0)
        .expect("listed")
        .map(|entry| entry.expect("entry").file_name())
        .collect();
    assert_eq!(
        left.len(),
        3,
        "the recordings, the index and its sidecar: {left:?}"
    );
}

#[test]
fn two_builds_of_one_index_leave_a_whole_one() {
    let scratch = Scratch::new("two");
    for n in 0..6_u8 {
        scratch.record(&format!("{n}.wav"), 0.02 + 0.003 * f32::from(n));
    }
    let mut builds = [build(&scratch), build(&scratch)];
    assert!(
        builds
            .iter_mut()
            .all(|build| build.wait().expect("ended").success())
    );
    let index = open(&scratch.0.join("voice.index"), Some(PASS_THROUGH_DIM)).expect("a whole index");
    assert_eq!(index.sidecar().map(|sidecar| sidecar.sources.len()), Some(6));
}
