//! Indices that are built while a voice runs: from the last input, and from a folder.
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
use voxmeld_core::controls::{Controls, Gate};
use voxmeld_core::dsp::dc_blocker::DcBlocker;
use voxmeld_core::dsp::resample::{Slope, StreamResampler};
use voxmeld_core::engine::StreamSetup;
use voxmeld_core::geometry::Hop;
use voxmeld_core::pack::find_pack;
use voxmeld_core::retrieval::{EmbeddingIndex, Sidecar, open};
use voxmeld_core::rt::BlockControls;
use voxmeld_core::selection::{FileRef, IndexRef, VoiceSelection};
use voxmeld_core::status::{IndexWork, VoiceState};
use voxmeld_core::units::SampleRate;
use voxmeld_tests::audio::{Sound, write_wav};
use voxmeld_tests::env;
use voxmeld_tests::host::{Pace, Sizes};
use voxmeld_tests::rig::{Rig, offline_48k};

const RATE_HZ: u32 = 48_000;
const HOP_16K: usize = 160 * 16;

fn speech() -> Result<Sound> {
    env::use_data()?;
    Sound::read(&env::sample_speech()?)?.at_rate(RATE_HZ)
}

/// Files outside packs; their checksums are filled in some time after the load.
fn chosen_files(rig: &Rig) -> Vec<PathBuf> {
    let selection = rig.handle().selection();
    selection.files().map(|file| file.path.clone()).collect()
}

/// An empty folder whose path contains `name`, with spaces and other difficult characters.
fn folder(name: &str) -> Result<PathBuf> {
    let folder = env::scratch(&format!("own_index {name}"))?.join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn rig(selection: VoiceSelection) -> Result<Rig> {
    env::use_data()?;
    let setup = StreamSetup {
        // Long hops compute faster.
        hop: Hop::Ms160,
        ..offline_48k()
    };
    Rig::with_selection(setup, selection, None)
}

/// Waits until a request has ended and its index is loaded; returns its message.
fn wait_for_request(rig: &Rig) -> Result<String> {
    let started = Instant::now();
    loop {
        match rig.handle().status().index_work {
            IndexWork::Done { summary } => {
                // The load is requested before the request is reported as done.
                let selection = rig.handle().selection();
                while !is_loaded(rig, &selection) {
                    ensure!(
                        started.elapsed() < Duration::from_secs(120),
                        "the index was not loaded in time"
                    );
                    std::thread::sleep(Duration::from_millis(5));
                }
                return Ok(summary);
            }
            IndexWork::Failed { why } => bail!("{why}"),
            _ => ensure!(
                started.elapsed() < Duration::from_secs(120),
                "the request did not end in time"
            ),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// True if the running voice has as many recordings as the selected index file.
fn is_loaded(rig: &Rig, selection: &VoiceSelection) -> bool {
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
fn last_30_s_of_input_are_added_to_a_copy_of_the_packs_index_sample_for_sample() -> Result<()> {
    let own = folder("last input ä")?;
    let mut rig = rig(VoiceSelection::default())?;
    let request = || IndexRequest::LastInput { own: own.clone() };
    rig.handle().start_index_request(request());
    let why = wait_for_request(&rig)
        .expect_err("no input was played")
        .to_string();
    ensure!(why.contains("no input yet"), "{why}");

    // Longer than the 30 s that are kept.
    let sound = speech()?;
    let whole_hops = |len: usize| len / 960 * 960;
    let mut input: Vec<f32> = sound
        .samples
        .iter()
        .copied()
        .cycle()
        .take(whole_hops(33 * 48_000))
        .collect();
    // The gate would silence pauses.
    let ungated = BlockControls {
        voice: Controls {
            gate: Gate::Off,
            ..Controls::default()
        },
        ..BlockControls::default()
    };
    let channels = [input.clone()];
    rig.play(&channels, &Sizes::all(480), &[(0, ungated)], Pace::Free);
    let pack = find_pack("default")?;
    let first = pack.indices.first().context("the pack has no target")?;
    let packed = pack.path_of(&first.file)?;
    let before = fs::read(&packed)?;
    rig.handle().start_index_request(request());
    let message = wait_for_request(&rig)?;
    ensure!(message.contains("take-0001.wav"), "{message}");

    // The written take equals the encoder's input.
    let grown = own.join(format!("{}.index", first.name));
    let take = wav_16k(&grown.with_extension("takes").join("take-0001.wav"))?;
    let mut resampler = StreamResampler::new(SampleRate(RATE_HZ), SampleRate(16_000), 5, Slope::Steep)?;
    let mut dc_blocker = DcBlocker::new(f64::from(RATE_HZ));
    let mut expected = Vec::new();
    for hop in input.chunks(960) {
        let mut fresh = Vec::new();
        let hop: Vec<f32> = hop.iter().map(|&x| dc_blocker.next(x)).collect();
        resampler.process(&hop, &mut fresh);
        expected.extend(fresh);
    }
    ensure!(take.len() == 30 * 16_000, "{} samples", take.len());
    // The newest hops may not have reached the worker yet.
    let ends = (0..5).map(|hops| (expected.len() / HOP_16K - hops) * HOP_16K);
    let mut windows = ends.map(|end| &expected[end - take.len()..end]);
    ensure!(
        windows.any(|window| window == take),
        "the take differs from the input: {:?} and {:?} at the end",
        &take[take.len() - 4..],
        &expected[expected.len() - 4..]
    );

    // The new index has the pack's recordings and the take; the pack is unchanged; the new index is loaded.
    let index = open(&grown, None)?;
    let packed_index = open(&packed, None)?;
    let mut expected_names = names(&*packed_index);
    expected_names.push("take-0001.wav".into());
    ensure!(names(&*index) == expected_names);
    ensure!(index.len() > packed_index.len() + 500, "{} frames", index.len());
    ensure!(fs::read(&packed)? == before, "the pack's own index was changed");
    ensure!(chosen_files(&rig) == std::slice::from_ref(&grown));
    ensure!(
        rig.handle().status().targets.len() == pack.indices.len(),
        "targets were lost"
    );
    drop(index);

    // A second request adds another take to the same file.
    input.truncate(5 * 48_000);
    rig.play_mono(&input, 480);
    rig.handle().start_index_request(request());
    let message = wait_for_request(&rig)?;
    ensure!(message.contains("take-0002.wav"), "{message}");
    expected_names.push("take-0002.wav".into());
    ensure!(names(&*open(&grown, None)?) == expected_names);
    Ok(())
}

#[test]
fn last_input_is_added_to_an_index_without_sidecar() -> Result<()> {
    let own = folder("without sidecar")?;
    env::use_data()?;
    let pack = find_pack("default")?;
    let packed = pack.path_of(&pack.indices[0].file)?;
    let without_sidecar = own.join("without_sidecar.index");
    fs::copy(&packed, &without_sidecar)?;
    let selection = VoiceSelection {
        index: Some(IndexRef::File(FileRef::at(&without_sidecar))),
        ..VoiceSelection::default()
    };
    let mut rig = rig(selection)?;
    // Without a sidecar the recall is measured when the index is loaded.
    let recall = rig.handle().status().targets[0].recall.clone();
    ensure!(
        recall.at(1).is_some_and(|recall| recall > 0.3 && recall <= 1.0),
        "{recall:?}"
    );
    rig.play_mono(&speech()?.samples[..4 * 48_000], 480);
    rig.handle()
        .start_index_request(IndexRequest::LastInput { own: own.clone() });
    let message = wait_for_request(&rig)?;
    ensure!(
        message.contains("take-0001.wav") && message.contains("is not known"),
        "{message}"
    );
    // The old vectors are a source of their own, unchanged; the take is appended.
    let (grown, before) = (open(&without_sidecar, None)?, open(&packed, None)?);
    ensure!(names(&*grown) == ["unknown, from without_sidecar.index", "take-0001.wav"]);
    ensure!(grown.len() > before.len() + 100, "{} frames", grown.len());
    let mut rows = (vec![0.0; grown.dim()], vec![0.0; grown.dim()]);
    for id in 0..i64::try_from(before.len())? {
        ensure!(grown.vector(id, &mut rows.0) && before.vector(id, &mut rows.1));
        ensure!(rows.0 == rows.1, "vector {id} has changed");
    }
    Ok(())
}

#[test]
fn folder_index_is_built_and_loaded_after_a_cancelled_request() -> Result<()> {
    let folder = folder("Some Voice")?;
    let sound = speech()?;
    let third = sound.samples.len() / 3;
    for (name, part) in ["b.wav", "a.wav", "more/c.wav"]
        .iter()
        .zip(sound.samples.chunks(third))
    {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().context("the path has no folder")?)?;
        write_wav(&path, RATE_HZ, &[part.to_vec()])?;
    }
    fs::write(folder.join("broken.flac"), "no sound")?;
    let without_voice = Rig::empty(offline_48k())?;
    without_voice
        .handle()
        .start_index_request(IndexRequest::Folder(folder.clone()));
    let why = wait_for_request(&without_voice)
        .expect_err("there is no voice")
        .to_string();
    ensure!(why.contains("load a voice first"), "{why}");

    let rig = rig(VoiceSelection::default())?;
    rig.handle()
        .start_index_request(IndexRequest::Folder(folder.clone()));
    rig.handle().cancel_index_request();
    let why = wait_for_request(&rig)
        .expect_err("the request was cancelled")
        .to_string();
    ensure!(why.contains("stopped"), "{why}");
    let path = folder.join("Some Voice.index");
    ensure!(!path.exists() && rig.handle().selection() == VoiceSelection::default());

    rig.handle()
        .start_index_request(IndexRequest::Folder(folder.clone()));
    // A second request is ignored while one is running.
    rig.handle()
        .start_index_request(IndexRequest::Folder(folder.join("more")));
    let message = wait_for_request(&rig)?;
    ensure!(
        message.contains("3 recordings") && message.contains("broken.flac"),
        "{message}"
    );
    ensure!(names(&*open(&path, None)?) == ["a.wav", "b.wav", "more/c.wav"]);
    ensure!(!folder.join("more/more.index").exists());
    ensure!(chosen_files(&rig) == std::slice::from_ref(&path));

    // Dropping the engine ends its request, and later requests do not start.
    fs::remove_file(&path)?;
    rig.handle()
        .start_index_request(IndexRequest::Folder(folder.clone()));
    let handle = rig.handle();
    drop(rig);
    let work = handle.status().index_work;
    ensure!(!matches!(work, IndexWork::Running { .. }), "{work:?}");
    handle.start_index_request(IndexRequest::Folder(folder));
    ensure!(!matches!(handle.status().index_work, IndexWork::Running { .. }));
    Ok(())
}
