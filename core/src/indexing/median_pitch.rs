//! The pitch at which the voice of recordings speaks.

use std::ops::ControlFlow;
use std::path::Path;

use super::encode::read_16k;
use super::material::RecordingFile;
use super::progress::Progress;
use crate::model::PitchTracker;
use crate::units::ENCODER_RATE;

/// Of each recording its beginning is listened to, and of all recordings together so much: it takes some seconds.
const MOST_OF_ONE_16K: usize = 30 * ENCODER_RATE.0 as usize;
const MOST_16K: usize = 600 * ENCODER_RATE.0 as usize;
/// Samples that the tracker is given at a time (2 s).
const WINDOW_16K: usize = 2 * ENCODER_RATE.0 as usize;
/// Voiced frames of 10 ms that a median needs (2 s).
const LEAST_FRAMES: usize = 200;

/// The median of the voiced frames in Hz; `None` where there are too few, or the tracker fails. Recordings that cannot be read are
/// left out: the build names them.
pub(super) fn median_pitch_hz(
    files: &[RecordingFile],
    tracker: &mut dyn PitchTracker,
    progress: &Progress,
) -> Option<f32> {
    let (mut pitches, mut heard_16k) = (Vec::new(), 0);
    for file in files {
        if heard_16k >= MOST_16K || progress.is_stopped() {
            break;
        }
        let beginning = beginning_16k(&file.path);
        heard_16k += beginning.len();
        let mut f0_hz = Vec::new();
        for window in beginning.chunks(WINDOW_16K) {
            tracker.track(window, &mut f0_hz).ok()?;
            pitches.extend(f0_hz.iter().copied().filter(|hz| *hz > 0.0));
        }
    }
    let middle = pitches.len() / 2;
    (pitches.len() >= LEAST_FRAMES).then(|| *pitches.select_nth_unstable_by(middle, f32::total_cmp).1)
}

fn beginning_16k(path: &Path) -> Vec<f32> {
    let mut beginning = Vec::new();
    // What was read before an error counts.
    let _ = read_16k(path, &mut |audio_16k| {
        beginning.extend_from_slice(audio_16k);
        if beginning.len() >= MOST_OF_ONE_16K {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    beginning.truncate(MOST_OF_ONE_16K);
    beginning
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ModelError;

    /// Gives the loudest sample of each frame as its pitch.
    struct Loudest;

    impl PitchTracker for Loudest {
        fn track(&mut self, audio_16k: &[f32], f0_hz: &mut Vec<f32>) -> Result<(), ModelError> {
            f0_hz.clear();
            let frames = audio_16k.chunks_exact(160);
            f0_hz.extend(frames.map(|frame| 1000.0 * frame.iter().fold(0.0_f32, |most, x| most.max(*x))));
            Ok(())
        }
    }

    fn recording(name: &str, level: f32, seconds: u32) -> RecordingFile {
        let path = std::env::temp_dir().join(format!("voxmeld-median-{}-{name}.wav", std::process::id()));
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 16_000,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let mut writer = hound::WavWriter::create(&path, spec).expect("wav");
        (0..16_000 * seconds).for_each(|_| writer.write_sample(level).expect("sample"));
        writer.finalize().expect("whole");
        RecordingFile {
            name: name.into(),
            path,
        }
    }

    #[test]
    fn the_median_is_that_of_the_beginnings_of_all_recordings() {
        // 30 s of the long one count: the median is the short ones'.
        let files = [
            recording("long", 0.3, 60),
            recording("a", 0.1, 25),
            recording("b", 0.1, 10),
            RecordingFile {
                name: "missing".into(),
                path: "/nowhere.wav".into(),
            },
        ];
        let median = median_pitch_hz(&files, &mut Loudest, &Progress::default());
        assert!((median.expect("voiced") - 100.0).abs() < 1.0, "{median:?}");
        let silent = [recording("silent", 0.0, 5), recording("short", 0.1, 1)];
        assert_eq!(median_pitch_hz(&silent, &mut Loudest, &Progress::default()), None);
        for file in files.iter().chain(&silent) {
            let _ = std::fs::remove_file(&file.path);
        }
    }
}
