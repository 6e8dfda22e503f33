//! Indices that are made while a voice runs: of the last input, and of a folder.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few seconds of audio"
)]

use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use voxmeld_core::builder::IndexRequest;
use voxmeld_core::dsp::resample::{Slope, StreamResampler};
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::geometry::Hop;
use voxmeld_core::pack::find_pack;
use voxmeld_core::retrieval::{EmbeddingIndex, Sidecar, open};
use voxmeld_core::selection::{FileRef, IndexRef, VoiceSelection};
use voxmeld_core::status::{IndexWork, VoiceState};
use voxmeld_core::units::SampleRate;
use voxmeld_tests::audio::{Sound, write_wav};
use voxmeld_tests::env;
use voxmeld_tests::rig::{Rig, offline_48k};

const RATE_HZ: u32 = 48_000;
const HOP_16K: usize = 160 * 16;

fn speech() -> Result<Sound> {
    env::use_data()?;
    Sound::read(&env::sample_speech()?)?.at_rate(RATE_HZ)
}

/// An empty folder, of a name that is hard on paths.
fn folder(name: &str) -> Result<PathBuf> {
    let folder = env::scratch(&format!("own_index {name}"))?.join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn rig(selection: VoiceSelection) -> Result<Rig> {
    env::use_data()?;
    let setup = StreamSetup {
        // Long ones are cheaper.
        hop: Hop::Ms160,
        ..offline_48k()
    };
    Rig::with_selection(setup, selection, None)
}

/// Waits for the outcome of a request, and until what it made is loaded: its sentence.
fn outcome(rig: &Rig) -> Result<String> {
    let started = Instant::now();
    loop {
        match rig.handle().status().index_work {
            IndexWork::Done { summary } => {
                // The load is requested before the request is reported as done.
                let loaded = rig.handle().selection();
                while !sounds(rig, &loaded) {
                    ensure!(started.elapsed() < Duration::from_secs(120), "it is never loaded");
                    std::thread::sleep(Duration::from_millis(5));
                }
                return Ok(summary);
            }
            IndexWork::Failed { why } => bail!("{why}"),
            _ => ensure!(started.elapsed() < Duration::from_secs(120), "it never ends"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// True if the voice that runs knows as many recordings as the chosen index file.
fn sounds(rig: &Rig, selection: &VoiceSelection) -> bool {
    let status = rig.handle().status();
    let Some(IndexRef::File(file)) = &selection.index else {
        return false;
    };
    let written = Sidecar::read(&file.path)
        .ok()
        .flatten()
        .map(|sidecar| sidecar.sources.len());
    let running = status.targets.first().map(|target| target.sources.len());
    matches!(status.voice, VoiceState::Ready { .. }) && running == written
}

fn wav_16k(path: &Path) -> Result<Vec<f32>> {
    let mut reader = hound::WavReader::open(path)?;
    ensure!(reader.spec().sample_rate == 16_000);
    Ok(reader.samples::<f32>().collect::<Result<_, _>>()?)
}

fn names(index: &dyn EmbeddingIndex) -> Vec<String> {
    let sources = index.sidecar().map_or(&[][..], |sidecar| &sidecar.sources);
    sources.iter().map(|source| source.file.clone()).collect()
}

#[test]
fn last_input_is_added_to_a_copy_of_the_packs_index_sample_for_sample() -> Result<()> {
    let own = folder("last input ä")?;
    let mut rig = rig(VoiceSelection::default())?;
    let request = || IndexRequest::LastInput { own: own.clone() };
    rig.handle().start_index_request(request());
    let why = outcome(&rig).expect_err("nothing was played").to_string();
    ensure!(why.contains("no input yet"), "{why}");

    // More than half a minute: the oldest of it is forgotten.
    let sound = speech()?;
    let whole_hops = |len: usize| len / 960 * 960;
    let mut input: Vec<f32> = sound
        .samples
        .iter()
        .copied()
        .cycle()
        .take(whole_hops(33 * 48_000))
        .collect();
    rig.play_mono(&input, 480);
    let pack = find_pack("default")?;
    let first = pack.indices.first().context("a target")?;
    let packed = pack.path_of(&first.file)?;
    let before = fs::read(&packed)?;
    rig.handle().start_index_request(request());
    let said = outcome(&rig)?;
    ensure!(said.contains("take-0001.wav"), "{said}");

    // What was written is what the encoder saw.
    let grown = own.join(format!("{}.index", first.name));
    let take = wav_16k(&grown.with_extension("takes").join("take-0001.wav"))?;
    let mut resampler = StreamResampler::new(SampleRate(RATE_HZ), SampleRate(16_000), 5, Slope::Steep)?;
    let mut expected = Vec::new();
    for hop in input.chunks(960) {
        let mut fresh = Vec::new();
        resampler.process(hop, &mut fresh);
        expected.extend(fresh);
    }
    ensure!(take.len() == 30 * 16_000, "{} samples", take.len());
    // The newest hops may still have been on their way to the worker.
    let ends = (0..5).map(|hops| (expected.len() / HOP_16K - hops) * HOP_16K);
    let mut windows = ends.map(|end| &expected[end - take.len()..end]);
    ensure!(
        windows.any(|window| window == take),
        "other samples than those that were heard: {:?} and {:?} at the end",
        &take[take.len() - 4..],
        &expected[expected.len() - 4..]
    );

    // The pack's recordings and one more; the pack itself as it was; and it sounds.
    let index = open(&grown, None)?;
    let packed_index = open(&packed, None)?;
    let mut wanted = names(&*packed_index);
    wanted.push("take-0001.wav".into());
    ensure!(names(&*index) == wanted);
    ensure!(index.len() > packed_index.len() + 500, "{} frames", index.len());
    ensure!(fs::read(&packed)? == before, "the pack's own index was changed");
    ensure!(rig.handle().selection().index == Some(IndexRef::File(FileRef::at(&grown))));
    ensure!(
        rig.handle().status().targets.len() == pack.indices.len(),
        "targets were lost"
    );
    drop(index);

    // Again: the same file grows, from what is heard by then.
    input.truncate(5 * 48_000);
    rig.play_mono(&input, 480);
    rig.handle().start_index_request(request());
    let said = outcome(&rig)?;
    ensure!(said.contains("take-0002.wav"), "{said}");
    wanted.push("take-0002.wav".into());
    ensure!(names(&*open(&grown, None)?) == wanted);
    Ok(())
}

#[test]
fn last_input_is_added_to_an_index_without_sidecar() -> Result<()> {
    let own = folder("stranger")?;
    env::use_data()?;
    let pack = find_pack("default")?;
    let packed = pack.path_of(&pack.indices[0].file)?;
    let stranger = own.join("stranger.index");
    fs::copy(&packed, &stranger)?;
    let selection = VoiceSelection {
        index: Some(IndexRef::File(FileRef::at(&stranger))),
        ..VoiceSelection::default()
    };
    let mut rig = rig(selection)?;
    // It has no sidecar to tell its recall: that was measured when it was loaded.
    let recall = rig.handle().status().targets[0].recall.clone();
    ensure!(
        recall.at(1).is_some_and(|recall| recall > 0.3 && recall <= 1.0),
        "{recall:?}"
    );
    rig.play_mono(&speech()?.samples[..4 * 48_000], 480);
    rig.handle()
        .start_index_request(IndexRequest::LastInput { own: own.clone() });
    let said = outcome(&rig)?;
    ensure!(
        said.contains("take-0001.wav") && said.contains("is not known"),
        "{said}"
    );
    // All that it held is there, as rows of their own name, and what was heard behind it.
    let (grown, before) = (open(&stranger, None)?, open(&packed, None)?);
    ensure!(names(&*grown) == ["unknown, from stranger.index", "take-0001.wav"]);
    ensure!(grown.len() > before.len() + 100, "{} frames", grown.len());
    let mut rows = (vec![0.0; grown.dim()], vec![0.0; grown.dim()]);
    for id in 0..i64::try_from(before.len())? {
        ensure!(grown.vector(id, &mut rows.0) && before.vector(id, &mut rows.1));
        ensure!(rows.0 == rows.1, "vector {id} is another one");
    }
    Ok(())
}

#[test]
fn folder_index_is_built_after_a_stop_and_loaded() -> Result<()> {
    let folder = folder("Some Voice")?;
    let sound = speech()?;
    let third = sound.samples.len() / 3;
    for (name, part) in ["b.wav", "a.wav", "more/c.wav"]
        .iter()
        .zip(sound.samples.chunks(third))
    {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().context("a folder")?)?;
        write_wav(&path, RATE_HZ, &[part.to_vec()])?;
    }
    fs::write(folder.join("broken.flac"), "no sound")?;
    let silent = Rig::empty(offline_48k())?;
    silent
        .handle()
        .start_index_request(IndexRequest::Folder(folder.clone()));
    let why = outcome(&silent).expect_err("there is no voice").to_string();
    ensure!(why.contains("load a voice first"), "{why}");

    let rig = rig(VoiceSelection::default())?;
    rig.handle()
        .start_index_request(IndexRequest::Folder(folder.clone()));
    rig.handle().cancel_index_request();
    let why = outcome(&rig).expect_err("it was stopped").to_string();
    ensure!(why.contains("stopped"), "{why}");
    let path = folder.join("Some Voice.index");
    ensure!(!path.exists() && rig.handle().selection() == VoiceSelection::default());

    rig.handle()
        .start_index_request(IndexRequest::Folder(folder.clone()));
    // A second request waits for nobody: there is one at a time.
    rig.handle()
        .start_index_request(IndexRequest::Folder(folder.join("more")));
    let said = outcome(&rig)?;
    ensure!(
        said.contains("3 recordings") && said.contains("broken.flac"),
        "{said}"
    );
    ensure!(names(&*open(&path, None)?) == ["a.wav", "b.wav", "more/c.wav"]);
    ensure!(!folder.join("more/more.index").exists());
    ensure!(rig.handle().selection().index == Some(IndexRef::File(FileRef::at(&path))));

    // An instance that goes takes its work with it.
    fs::remove_file(&path)?;
    rig.handle()
        .start_index_request(IndexRequest::Folder(folder.clone()));
    let handle = rig.handle();
    drop(rig);
    let gone = handle.status().index_work;
    ensure!(!matches!(gone, IndexWork::Running { .. }), "{gone:?}");
    handle.start_index_request(IndexRequest::Folder(folder));
    ensure!(!matches!(handle.status().index_work, IndexWork::Running { .. }));
    Ok(())
}
