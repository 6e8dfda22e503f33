//! Jobs on real files, with an encoder whose embeddings are the audio itself.

use super::*;
use crate::blend::Target;
use crate::frames::Frames;
use crate::model::fake::{PASS_THROUGH_DIM, PassThroughEncoder};
use crate::retrieval::Preset;
use crate::retrieval::ivf::Trained;
use std::fs;

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("voxmeld-task-{name}-{}", std::process::id()));
        fs::create_dir_all(path.join("wavs")).expect("folder");
        Self(path)
    }

    /// Two seconds of a tone, at 22.05 kHz and as 16 bits.
    fn record(&self, name: &str, pitch: f32) {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 22_050,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(self.0.join("wavs").join(name), spec).expect("wav");
        for n in 0..44_100 {
            let sample = (n as f32 * pitch).sin() * 9000.0 * (1.0 + (n as f32 * 1e-4).sin());
            writer.write_sample(sample as i16).expect("sample");
        }
        writer.finalize().expect("whole");
    }

    fn job(&self, add: bool) -> Job {
        Job {
            recordings: self.0.join("wavs"),
            encoder: EncoderChoice {
                path: PathBuf::new(),
                dim: None,
                normalize: false,
            },
            pitch_tracker: None,
            window: EncodeWindow::LONG,
            output: self.0.join("voice.index"),
            kind: IndexKind::Preset(Preset::RvcDefault),
            metric: Comparison::L2,
            seed: 1,
            centres: None,
            add,
            base: None,
            threads: 2,
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn info() -> EncoderInfo {
    EncoderInfo {
        file: "fake".into(),
        sha256: "none".into(),
        normalize: false,
        window_frames_50hz: EncodeWindow::LONG.frames(),
    }
}

fn run(job: &Job, progress: &Progress) -> Result<BuiltIndex, IndexingError> {
    let files = RecordingFile::all_in(&job.recordings).expect("listed").0;
    job.with_encoders(&mut encoders(), &info(), &files, None, progress)
}

fn encoders() -> [Box<dyn Encoder>; 2] {
    [Box::new(PassThroughEncoder), Box::new(PassThroughEncoder)]
}

fn names(made: &BuiltIndex) -> Vec<&str> {
    made.sidecar
        .sources
        .iter()
        .map(|source| source.file.as_str())
        .collect()
}

#[test]
fn recordings_are_added_removed_and_not_encoded_twice() {
    let scratch = Scratch::new("incremental");
    scratch.record("b.wav", 0.03);
    scratch.record("a.wav", 0.02);
    fs::write(scratch.0.join("wavs/broken.flac"), "no sound").expect("written");
    let job = scratch.job(false);
    let progress = Progress::default();
    let first = run(&job, &progress).expect("made");
    assert_eq!(names(&first), ["a.wav", "b.wav"]);
    assert_eq!((first.reused, first.left_out.len()), (0, 1));
    assert!(first.left_out[0].contains("broken.flac"), "{:?}", first.left_out);
    assert_eq!(progress.fraction(), 1.0);
    let index = open(&job.output, Some(PASS_THROUGH_DIM)).expect("opened");
    assert_eq!(index.len(), first.sidecar.vectors);
    let sidecar = index.sidecar().expect("a sidecar");
    assert_eq!(sidecar.locate(0), Some((0, 0)));
    assert_eq!(sidecar.locate(i64::try_from(index.len()).expect("few")), None);
    drop(index);
    assert!(!scratch.0.join("voice.index.parts").exists());

    // One more, in a folder, and one less: only the new one is encoded.
    fs::create_dir_all(scratch.0.join("wavs/more")).expect("folder");
    scratch.record("more/c.wav", 0.05);
    fs::remove_file(scratch.0.join("wavs/a.wav")).expect("removed");
    let second = run(&job, &progress).expect("made");
    assert_eq!((names(&second), second.reused), (vec!["b.wav", "more/c.wav"], 1));

    // Added to what is there.
    fs::remove_file(scratch.0.join("wavs/b.wav")).expect("removed");
    scratch.record("d.wav", 0.07);
    let third = run(&scratch.job(true), &progress).expect("made");
    assert_eq!(names(&third), ["b.wav", "d.wav", "more/c.wav"]);

    // Taken away by name.
    let without = |name: &str| remove_recordings(&job.output, &[name.to_string()], &progress);
    assert!(matches!(
        without("x.wav"),
        Err(IndexingError::NoSuchRecording { .. })
    ));
    let fourth = without("more/c.wav").expect("removed");
    assert_eq!(names(&fourth), ["b.wav", "d.wav"]);
    let index = open(&job.output, Some(PASS_THROUGH_DIM)).expect("opened");
    assert_eq!(index.len(), fourth.sidecar.vectors);
    assert_eq!(
        index.sidecar().and_then(|sidecar| sidecar.locate(0)),
        Some((0, 0))
    );
}

#[test]
fn a_job_that_was_stopped_goes_on_and_gives_the_same() {
    let scratch = Scratch::new("stopped");
    for (name, pitch) in [("a.wav", 0.02), ("b.wav", 0.03), ("c.wav", 0.05)] {
        scratch.record(name, pitch);
    }
    let job = scratch.job(false);
    let progress = Progress::default();
    progress.stop();
    assert!(matches!(run(&job, &progress), Err(IndexingError::Stopped)));
    assert!(!job.output.exists());
    // Two recordings were done when it was stopped.
    let parts = Parts::of(&job.output, &info());
    let mut material = Material::new(PASS_THROUGH_DIM);
    let gather = Gather {
        window: job.window,
        info: &info(),
        earlier: None,
        parts: &parts,
    };
    let files = RecordingFile::all_in(&job.recordings).expect("listed").0;
    assert!(
        gather
            .run(&mut encoders(), &files[..2], &mut material, &Progress::default())
            .expect("encoded")
    );
    let resumed = run(&job, &Progress::default()).expect("made");
    assert_eq!(resumed.reused, 2);
    let bytes = fs::read(&job.output).expect("read");
    fs::remove_file(&job.output).expect("removed");
    let whole = run(&job, &Progress::default()).expect("made");
    assert_eq!((whole.reused, fs::read(&job.output).expect("read")), (0, bytes));
}

#[test]
fn folders_without_speech_say_so() {
    let scratch = Scratch::new("empty");
    let files = RecordingFile::all_in(&scratch.0.join("wavs")).expect("listed").0;
    assert!(files.is_empty());
    let error = scratch.job(false).run(&Progress::default()).expect_err("nothing");
    assert!(error.to_string().contains("holds no recordings"), "{error}");
    fs::write(scratch.0.join("wavs/a.wav"), "no sound").expect("written");
    let error = run(&scratch.job(false), &Progress::default()).expect_err("nothing");
    assert!(error.to_string().contains("no speech was found"), "{error}");
}

#[test]
fn what_cannot_be_added_to_is_left_as_it_is() {
    let scratch = Scratch::new("untouched");
    scratch.record("a.wav", 0.02);
    // Damaged, so that nothing is known of what it holds: it might be the only copy.
    let job = scratch.job(true);
    fs::write(&job.output, "an index, damaged").expect("written");
    let error = run(&job, &Progress::default()).expect_err("not an index");
    assert!(matches!(error, IndexingError::Index(_)), "{error}");
    assert_eq!(fs::read(&job.output).expect("read"), b"an index, damaged");

    // Silence adds nothing: then the index is not written anew either.
    fs::remove_file(&job.output).expect("removed");
    run(&scratch.job(false), &Progress::default()).expect("made");
    let before = fs::metadata(&job.output)
        .and_then(|meta| meta.modified())
        .expect("a time");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let path = scratch.0.join("silence.wav");
    let mut writer = hound::WavWriter::create(&path, spec).expect("wav");
    (0..32_000).for_each(|_| writer.write_sample(0_i16).expect("sample"));
    writer.finalize().expect("whole");
    let silence = Job {
        recordings: path,
        ..scratch.job(true)
    };
    let error = run(&silence, &Progress::default()).expect_err("no speech");
    assert!(error.to_string().contains("no speech"), "{error}");
    let after = fs::metadata(&job.output)
        .and_then(|meta| meta.modified())
        .expect("a time");
    assert_eq!(before, after);
}

#[test]
fn an_index_grows_into_another_file_and_itself_stays() {
    let scratch = Scratch::new("base");
    scratch.record("a.wav", 0.02);
    let base = scratch.job(false);
    run(&base, &Progress::default()).expect("made");
    let before = fs::read(&base.output).expect("read");
    fs::remove_file(scratch.0.join("wavs/a.wav")).expect("removed");
    scratch.record("b.wav", 0.03);
    let grown = Job {
        output: scratch.0.join("grown.index"),
        base: Some(base.output.clone()),
        ..scratch.job(true)
    };
    let made = run(&grown, &Progress::default()).expect("made");
    assert_eq!(names(&made), ["a.wav", "b.wav"]);
    assert_eq!(fs::read(&base.output).expect("read"), before);
}

#[test]
fn a_strangers_index_grows_as_it_is_and_says_what_is_not_known_of_it() {
    let scratch = Scratch::new("stranger");
    for (preset, metric) in [
        (Preset::RvcDefault, Comparison::L2),
        (Preset::Flat, Comparison::Ip),
    ] {
        scratch.record("a.wav", 0.02);
        let theirs = Job {
            kind: IndexKind::Preset(preset),
            metric,
            ..scratch.job(false)
        };
        let count = run(&theirs, &Progress::default()).expect("made").sidecar.vectors;
        fs::remove_file(Sidecar::path_of(&theirs.output)).expect("a sidecar");
        fs::remove_file(scratch.0.join("wavs/a.wav")).expect("removed");
        let vectors = |count: usize| {
            let index = open(&theirs.output, Some(PASS_THROUGH_DIM)).expect("opened");
            let mut vectors = vec![vec![0.0; PASS_THROUGH_DIM]; count];
            for (id, vector) in (0_i64..).zip(&mut vectors) {
                assert!(index.vector(id, vector));
            }
            vectors
        };
        let before = vectors(count);

        scratch.record("b.wav", 0.03);
        let mut job = scratch.job(true);
        assert!(job.like_base().expect("opened").is_none());
        assert_eq!((&job.kind, job.metric), (&IndexKind::Preset(preset), metric));
        let made = run(&job, &Progress::default()).expect("made");
        assert_eq!(names(&made), ["unknown, from voice.index", "b.wav"]);
        assert!(
            made.warnings.iter().any(|note| note.contains("is not known")),
            "{:?}",
            made.warnings
        );
        assert_eq!((vectors(count), made.reused), (before.clone(), 0));
        // That rows of an unknown order follow each other means nothing.
        let target = Target::new("", open(&job.output, None).expect("opened"));
        let first_known = i64::try_from(count).expect("few");
        assert!(!target.follows(0, 1) && target.follows(first_known, first_known + 1));

        // From then on it is like our own.
        fs::remove_file(scratch.0.join("wavs/b.wav")).expect("removed");
        scratch.record("c.wav", 0.05);
        let mut job = scratch.job(true);
        assert!(job.like_base().expect("opened").is_some());
        let made = run(&job, &Progress::default()).expect("made");
        assert_eq!(names(&made), ["unknown, from voice.index", "b.wav", "c.wav"]);
        assert!(!made.warnings.iter().any(|note| note.contains("is not known")));
        assert_eq!(vectors(count), before);
        fs::remove_file(scratch.0.join("wavs/c.wav")).expect("removed");
        fs::remove_file(&job.output).expect("removed");
    }
}

#[test]
fn an_index_of_another_size_is_not_added_to() {
    let scratch = Scratch::new("narrow");
    scratch.record("a.wav", 0.02);
    let job = scratch.job(true);
    let narrow = Frames::from_data(2, (0..200_u8).map(f32::from).collect());
    let mut flat = Trained::train("Flat", &narrow, Metric::L2, 0).expect("trained");
    flat.fill(&narrow).expect("filled");
    flat.save(&job.output).expect("saved");
    let error = run(&job, &Progress::default()).expect_err("another dimension");
    assert!(error.to_string().contains("2-dimensional"), "{error}");
    assert_eq!(open(&job.output, None).expect("as it was").len(), 100);
}

#[test]
fn centres_that_took_the_place_of_vectors_stay_when_recordings_are_added() {
    let scratch = Scratch::new("centres");
    scratch.record("a.wav", 0.02);
    let few = Job {
        centres: Some(Centres { count: 40, above: 50 }),
        ..scratch.job(false)
    };
    let made = run(&few, &Progress::default()).expect("made");
    assert_eq!((made.sidecar.vectors, names(&made).len()), (40, 0));
    fs::remove_file(scratch.0.join("wavs/a.wav")).expect("removed");
    scratch.record("b.wav", 0.03);
    let made = run(&scratch.job(true), &Progress::default()).expect("made");
    assert_eq!(names(&made), ["unknown, from voice.index", "b.wav"]);
    assert_eq!(made.sidecar.sources[0].spans[0].len, 40);
}

mod kill;
