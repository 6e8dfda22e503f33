//! An index that was made with another encoder of the same width is noticed within the first seconds of speech; the
//! pack's own are not suspected. Nothing is muted either way.

use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use voxmeld_core::dsp::noise;
use voxmeld_core::frames::Frames;
use voxmeld_core::pack::find_pack;
use voxmeld_core::retrieval::{IvfIndex, Metric, open};
use voxmeld_core::selection::{FileRef, IndexRef, VoiceSelection};
use voxmeld_tests::audio::Sound;
use voxmeld_tests::env;
use voxmeld_tests::rig::{Rig, offline_48k};
use voxmeld_tests::signal::energy;

const NOTE: &str = "seems to be made with another encoder";

/// Plays ten seconds of speech with an index. Returns the notes about it and the energy of the output.
fn play(index: &Path) -> Result<(Vec<String>, f64)> {
    let speech = Sound::read(&env::sample_speech()?)?
        .part(0.0, 10.0)
        .at_rate(48_000)?
        .samples;
    let selection = VoiceSelection {
        index: Some(IndexRef::File(FileRef::at(index))),
        ..VoiceSelection::default()
    };
    let mut rig = Rig::with_selection(offline_48k(), selection, None)?;
    let output = rig.play_mono(&speech, 480);
    Ok((rig.handle().status().notes, energy(&output)))
}

fn packed() -> Result<Vec<PathBuf>> {
    env::use_data()?;
    let pack = find_pack("default")?;
    Ok(pack
        .indices
        .iter()
        .map(|index| pack.dir.join(&index.file.file))
        .collect())
}

/// The vectors of an index, each changed.
fn changed(index: &Path, change: impl Fn(i64, &mut [f32])) -> Result<Frames> {
    let index = open(index, None)?;
    let mut all = Frames::new(index.dim());
    let mut vector = vec![0.0; index.dim()];
    for id in 0..i64::try_from(index.len())? {
        assert!(index.vector(id, &mut vector));
        change(id, &mut vector);
        all.push(&vector);
    }
    Ok(all)
}

#[test]
fn indices_of_the_packs_encoder_get_no_note() -> Result<()> {
    for index in packed()? {
        let (notes, energy) = play(&index)?;
        assert!(!notes.iter().any(|note| note.contains(NOTE)), "{notes:?}");
        assert!(energy > 1.0);
    }
    Ok(())
}

#[test]
fn indices_of_another_projection_or_of_noise_get_a_note_and_still_sound() -> Result<()> {
    let dir = env::scratch("other_encoder")?;
    let own = packed()?.first().context("an index")?.clone();
    // Columns in another order, half of them with the other sign: the distances between vectors stay.
    let projected = changed(&own, |_, vector| {
        vector.reverse();
        vector.iter_mut().step_by(2).for_each(|value| *value = -*value);
    })?;
    let noise = changed(&own, |id, vector| {
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        let count = f32::from(u16::try_from(vector.len()).unwrap_or(u16::MAX));
        noise::fill_normal(5, id, vector);
        vector
            .iter_mut()
            .for_each(|value| *value *= length / count.sqrt());
    })?;
    for (name, vectors) in [("projected", projected), ("noise", noise)] {
        let path = dir.join(format!("{name}.index"));
        IvfIndex::build(&vectors, 64, Metric::L2, 1)?.save(&path)?;
        let (notes, energy) = play(&path)?;
        let about = notes
            .iter()
            .filter(|note| note.contains(NOTE) && note.contains(name))
            .count();
        assert_eq!(about, 1, "{name}: {notes:?}");
        assert!(energy > 1.0, "{name} is silent");
    }
    Ok(())
}
