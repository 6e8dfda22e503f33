//! The files of `tests/data/recordings`: half a second of silence, a rising tone of 0.1 s, silence; 1.2 s in all.

use super::*;

const LENGTH_S: f32 = 1.2;
const START_S: f32 = 0.5;
const TONE_S: f32 = 0.1;

/// Kinds whose containers say nothing of the encoder's delay; the tone comes late by it.
const WITHOUT_DELAY: [&str; 5] = [
    "aac.mkv",
    "aac_fragments.mp4",
    "adts.aac",
    "no_header.mp3",
    "mp3.wav",
];

/// Samples by which a tone may be off. The speech mode of Opus itself is two samples of 48 kHz early.
const TOLERANCE: f32 = 2.0;

fn tone(rate_hz: u32) -> Vec<f32> {
    let samples = (TONE_S * rate_hz as f32) as usize;
    let at = |n: usize| {
        let t = n as f32 / rate_hz as f32;
        let phase = std::f32::consts::TAU * (300.0 * t + 13_500.0 * t * t);
        0.5 * (std::f32::consts::PI * t / TONE_S).sin().powi(2) * phase.sin()
    };
    (0..samples).map(at).collect()
}

/// The sample at which the tone begins: where it correlates best.
fn start_of_tone(recording: &Recording) -> usize {
    let tone = tone(recording.rate_hz);
    let around = (START_S * recording.rate_hz as f32) as usize;
    let reach = recording.rate_hz as usize / 10;
    let correlation = |at: usize| -> f32 {
        recording.samples[at..]
            .iter()
            .zip(&tone)
            .map(|(a, b)| a * b)
            .sum()
    };
    (around - reach..around + reach)
        .max_by(|&a, &b| correlation(a).total_cmp(&correlation(b)))
        .expect("places")
}

fn all() -> Vec<PathBuf> {
    let files = std::fs::read_dir(data("")).expect("tests/data/recordings");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("file").path()).collect();
    files.retain(|file| is_recording(file));
    files.sort();
    assert!(files.len() >= 30, "only {} files", files.len());
    files
}

#[test]
fn every_kind_is_read_at_its_times() {
    let mut wrong = Vec::new();
    for file in all() {
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let recording = match Recording::read(&file) {
            Ok(recording) => recording,
            Err(error) => {
                wrong.push(error.to_string());
                continue;
            }
        };
        let seconds = recording.samples.len() as f32 / recording.rate_hz as f32;
        if (seconds - LENGTH_S).abs() > 0.1 {
            wrong.push(format!("{name} is {seconds} s long"));
            continue;
        }
        let late = start_of_tone(&recording) as f32 - START_S * recording.rate_hz as f32;
        let allowed = if WITHOUT_DELAY.contains(&name.as_str()) {
            3_000.0
        } else {
            TOLERANCE
        };
        if late.abs() > allowed {
            wrong.push(format!("the tone of {name} comes {late} samples late"));
        }
        let peak = recording
            .samples
            .iter()
            .fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        if !(0.35..0.7).contains(&peak) {
            wrong.push(format!("the peak of {name} is {peak}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_file_is_known_by_what_it_holds_and_not_by_its_name() {
    for (file, name) in [
        ("aac.m4a", "speech.wav"),
        ("opus.webm", "speech.mp3"),
        ("flac.flac", "speech"),
    ] {
        let bytes = std::fs::read(data(file)).expect("data");
        assert_eq!(
            from_bytes(&bytes, name).unwrap_or_else(|error| panic!("{error}")),
            Recording::read(&data(file)).expect("read"),
            "{file}"
        );
    }
}

#[test]
fn recordings_that_were_cut_off_are_read_as_far_as_they_go() {
    // Not Vorbis: all of its sound is in one page here, and of a page that is cut off nothing can be read.
    for file in ["flac.flac", "opus.opus", "lame.mp3", "wave64.w64"] {
        let bytes = std::fs::read(data(file)).expect("data");
        let recording = from_bytes(&bytes[..bytes.len() * 9 / 10], file);
        let recording = recording.unwrap_or_else(|error| panic!("{error}"));
        assert!(
            recording.samples.len() as f32 > 0.3 * recording.rate_hz as f32,
            "{file}"
        );
    }
}

#[test]
fn other_files_are_named_for_what_they_are() {
    for (bytes, name, said) in [
        (&b""[..], "a.wav", "empty"),
        (
            b"<!DOCTYPE html><html><body>404</body></html>",
            "a.wav",
            "web page",
        ),
        (b"\n<HTML>", "a.mp3", "web page"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00",
            "a.flac",
            "Git LFS pointer",
        ),
        (b"PK\x03\x04\x14\x00\x00\x00", "a.wav", "ZIP"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11rest", "a.wav", "WMA"),
        (b"#!AMR\n1234", "a.m4a", "AMR"),
        (b"RIFF\x10\x00\x00\x00AVI LIST", "a.wav", "AVI"),
        (&[0; 4096], "a.wav", "nothing but zeros"),
    ] {
        let why = reason(bytes, name);
        assert!(why.contains(said) && why.contains(name), "{why}");
    }
    assert!(Recording::read(&std::env::temp_dir()).is_err(), "a folder");
}
