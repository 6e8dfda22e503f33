//! Results out: recordings as WAV, and NumPy files.

use anyhow::{Context, Result, anyhow, bail, ensure};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use voxmeld_core::indexing::Recording;
use voxmeld_core::names::{shown, shown_path};
use voxmeld_core::whole_file::{WholeFile, check_place};

/// A place for a recording, checked before there is one.
pub struct Output {
    path: PathBuf,
}

/// Most bytes of sound in a WAV file, whose sizes have 32 bits.
const MAX_WAV_BYTES: usize = u32::MAX as usize - 1000;

impl Output {
    /// Checks the name's extension, the folder, and that it can be written to.
    pub fn new(path: &Path) -> Result<Self> {
        let extension = path
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .to_lowercase();
        match extension.as_str() {
            "wav" => {}
            "" => bail!(
                "the output {} has no extension; name a .wav file",
                shown_path(path)
            ),
            other => bail!(
                ".{} files are not written; name a .wav file as output (not {})",
                shown(other),
                shown_path(path)
            ),
        }
        check_place(path, 0)?;
        Ok(Self {
            path: path.to_path_buf(),
        })
    }

    /// Its path for messages.
    pub fn shown(&self) -> String {
        shown_path(&self.path).to_string()
    }

    /// True if it is this file.
    pub fn is(&self, path: &Path) -> bool {
        self.path == path
    }

    /// Writes it, whole or not at all. If that fails, it is kept in the folder for temporary files, which the error
    /// names.
    pub fn write(&self, audio: &Recording) -> Result<()> {
        let bytes = wav(audio)?;
        let Err(why) = voxmeld_core::whole_file::write(&self.path, &bytes) else {
            return Ok(());
        };
        let error = anyhow!("{} could not be written: {why}", shown_path(&self.path));
        match voxmeld_core::whole_file::write_elsewhere("wav", &bytes) {
            Ok(elsewhere) => Err(error.context(format!("the result is kept in {}", shown_path(&elsewhere)))),
            Err(_) => Err(error),
        }
    }
}

fn wav(audio: &Recording) -> Result<Vec<u8>> {
    ensure!(
        audio.samples.len() <= MAX_WAV_BYTES / 4,
        "the result is too long for a WAV file (4 GB); cut the recording into parts"
    );
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: audio.rate_hz,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut bytes = std::io::Cursor::new(Vec::with_capacity(4 * audio.samples.len() + 100));
    let mut writer = hound::WavWriter::new(&mut bytes, spec)?;
    for &sample in &audio.samples {
        writer.write_sample(sample)?;
    }
    writer.finalize()?;
    Ok(bytes.into_inner())
}

/// Writes NumPy archives and arrays, whole or not at all: `fill` gets the open file.
pub fn write_with(path: &Path, fill: impl FnOnce(&mut BufWriter<std::fs::File>) -> Result<()>) -> Result<()> {
    let cannot = || format!("{} could not be written", shown_path(path));
    let mut whole = WholeFile::create(path).with_context(cannot)?;
    let mut file = BufWriter::new(whole.file()?.try_clone()?);
    fill(&mut file).with_context(cannot)?;
    file.flush().with_context(cannot)?;
    drop(file);
    whole.commit().with_context(cannot)
}

#[cfg(test)]
mod tests {
    use super::*;
    use voxmeld_core::indexing::SoundReader;

    #[test]
    fn a_written_recording_is_read_as_it_was() {
        let samples: Vec<f32> = (0..10_000_u16)
            .map(|n| 1.5 * (f32::from(n) * 0.03).sin())
            .collect();
        let audio = Recording {
            rate_hz: 22_050,
            samples,
        };
        let reader =
            SoundReader::from_bytes(wav(&audio).expect("encoded"), Path::new("a.wav")).expect("opened");
        assert_eq!(Recording::of(reader).expect("read"), audio);
    }

    #[test]
    fn outputs_that_cannot_be_written_are_refused_with_the_reason() {
        let folder = std::env::temp_dir();
        for (name, said) in [
            ("a.mp3", ".mp3 files are not written"),
            ("a", "no extension"),
            ("nowhere/a.wav", "nowhere"),
        ] {
            let error = Output::new(&folder.join(name)).err().expect(name).to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
