//! NumPy files in and out: features of RVC (`3_feature768/*.npy`), `total_fea.npy`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use ndarray::{Array2, ArrayView2};
use ndarray_npy::{ReadDataError, ReadNpyExt, ReadableElement, ViewNpyExt, WriteNpyExt};
use voxmeld_core::frames::Frames;
use voxmeld_core::retrieval::{MAX_DIM, MAX_FILE_BYTES};

/// Reads `[n, d]` features of float32 or float16. Nothing is allocated that the
/// file's own length does not vouch for.
pub fn read(path: &Path) -> Result<Frames> {
    let len = std::fs::metadata(path)
        .with_context(|| format!("cannot open {}", path.display()))?
        .len();
    ensure!(len <= MAX_FILE_BYTES, "{} is too large", path.display());
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&bytes).with_context(|| format!("{} cannot be used", path.display()))
}

/// The same from memory.
pub fn parse(bytes: &[u8]) -> Result<Frames> {
    let (dim, values): (usize, Vec<f32>) = match ArrayView2::<f32>::view_npy(bytes) {
        Ok(view) => (view.ncols(), view.iter().copied().collect()),
        // The view says for sure that a float32 file is damaged, and nothing of others.
        Err(error) => Array2::<Half>::read_npy(bytes)
            .map(|halves| (halves.ncols(), halves.iter().map(|half| half.to_f32()).collect()))
            .map_err(|_| error)
            .context("it is no whole NumPy file of an [n, d] array of float32 or float16")?,
    };
    if dim == 0 || dim > MAX_DIM {
        bail!("its rows have {dim} values; features have 1 to {MAX_DIM} (256 and 768 in RVC)");
    }
    Ok(Frames::from_data(dim, values))
}

/// All `.npy` files of a folder in file-name order, as RVC reads them; one file is taken as it is.
pub fn read_all(path: &Path) -> Result<Vec<(PathBuf, Frames)>> {
    if path.is_file() {
        return Ok(vec![(path.to_path_buf(), read(path)?)]);
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(path)
        .with_context(|| format!("cannot list {}", path.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<_>>()?;
    files.retain(|file| {
        let ours = file.file_name().is_some_and(|name| name == TOTAL);
        !ours && file.extension().is_some_and(|extension| extension == "npy")
    });
    files.sort();
    ensure!(!files.is_empty(), "{} holds no .npy files", path.display());
    files
        .into_iter()
        .map(|file| Ok((file.clone(), read(&file)?)))
        .collect()
}

/// RVC's name for all features in one file.
pub const TOTAL: &str = "total_fea.npy";

/// Writes `[n, d]` float32.
pub fn write(path: &Path, frames: &Frames) -> Result<()> {
    let view = ArrayView2::from_shape((frames.len(), frames.dim()), frames.data())?;
    let file = std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
    view.write_npy(std::io::BufWriter::new(file))?;
    Ok(())
}

/// Half precision, as RVC's extraction writes it on some machines.
#[derive(Clone, Copy)]
struct Half(u16);

impl Half {
    fn to_f32(self) -> f32 {
        let sign = if self.0 & 0x8000 == 0 { 1.0 } else { -1.0 };
        let (exponent, fraction) = (i32::from(self.0 >> 10 & 0x1f), f32::from(self.0 & 0x3ff));
        sign * match exponent {
            0 => fraction * 2.0_f32.powi(-24),
            31 if fraction == 0.0 => f32::INFINITY,
            31 => f32::NAN,
            _ => (fraction + 1024.0) * 2.0_f32.powi(exponent - 25),
        }
    }
}

impl ReadableElement for Half {
    fn read_to_end_exact_vec<R: std::io::Read>(
        mut reader: R,
        type_desc: &py_literal::Value,
        len: usize,
    ) -> Result<Vec<Self>, ReadDataError> {
        if *type_desc != py_literal::Value::String("<f2".into()) {
            return Err(ReadDataError::WrongDescriptor(type_desc.clone()));
        }
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes)?;
        let (halves, rest) = bytes.as_chunks::<2>();
        match halves.len().cmp(&len) {
            std::cmp::Ordering::Less => Err(ReadDataError::MissingData),
            std::cmp::Ordering::Equal if rest.is_empty() => Ok(halves
                .iter()
                .map(|half| Self(u16::from_le_bytes(*half)))
                .collect()),
            _ => Err(ReadDataError::ExtraBytes(bytes.len())),
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::cast_possible_truncation,
    reason = "tests may be plain: a wrong cast there fails them"
)]
mod tests {
    use super::*;

    /// A NumPy file, version 1.
    fn file(description: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let mut header = format!("{{'descr': '{description}', 'fortran_order': False, 'shape': {shape}, }}");
        while (header.len() + 11) % 64 != 0 {
            header.push(' ');
        }
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(u16::try_from(header.len()).expect("short").to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn float32_and_float16_are_the_same_numbers() {
        let values = [1.0_f32, -2.5, 0.0, 65504.0, 6.103_515_6e-5, 5.960_464_5e-8];
        let single: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let half: Vec<u8> = [0x3c00_u16, 0xc100, 0, 0x7bff, 0x0400, 0x0001]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        for (description, data) in [("<f4", single), ("<f2", half)] {
            let frames = parse(&file(description, "(3, 2)", &data)).expect(description);
            assert_eq!((frames.len(), frames.dim(), frames.data()), (3, 2, &values[..]));
        }
    }

    #[test]
    fn every_damage_is_a_sentence() {
        let good = file("<f4", "(3, 2)", &[0; 24]);
        let half = file("<f2", "(3, 2)", &[0; 12]);
        for good in [&good, &half] {
            assert!(parse(good).is_ok());
            for len in 0..good.len() {
                assert!(parse(&good[..len]).is_err(), "{len} bytes");
            }
            for at in 0..good.len() {
                for change in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                    let mut bad = good.clone();
                    bad[at] ^= change;
                    let _ = parse(&bad);
                }
            }
        }
        for shape in [
            "(1000000000000, 768)",
            "(18446744073709551615, 2)",
            "(-1, 2)",
            "(6,)",
            "(3, 2, 1)",
            "(3, 0)",
            "(0, 0)",
            "((3, 2), 1)",
        ] {
            for description in ["<f4", "<f2"] {
                assert!(parse(&file(description, shape, &[0; 24])).is_err(), "{shape}");
            }
        }
        for description in ["<f8", "<i4", ">f4", "|O", "|S4"] {
            assert!(
                parse(&file(description, "(3, 2)", &[0; 24])).is_err(),
                "{description}"
            );
        }
    }

    /// As many as the damaged index files of `tests/hostile_files.rs`.
    const DAMAGED_FILES: u64 = 10_000;

    /// Numbers that look random (SplitMix64).
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, count: usize) -> usize {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) % count as u64) as usize
        }
    }

    fn damage(bytes: &mut Vec<u8>, dice: &mut Dice) {
        let at = dice.below(bytes.len());
        let header = dice.below(128).min(bytes.len() - 1);
        match dice.below(8) {
            0 => bytes.truncate(at),
            1 => bytes.insert(header, dice.below(256) as u8),
            2 => drop(bytes.remove(header)),
            // What a header may say otherwise: figures, order, type.
            3 => bytes[header] = b"0123456789-(),'<>|f48iOTrueFals "[dice.below(32)],
            4 => bytes[header] = dice.below(256) as u8,
            5 => bytes[at] ^= 1 << dice.below(8),
            6 => bytes.extend_from_within(at..),
            _ => {
                let other = dice.below(bytes.len());
                bytes.swap(header, other);
            }
        }
    }

    #[test]
    fn ten_thousand_damaged_files_give_sentences_or_what_they_hold() {
        let originals = [
            file("<f4", "(3, 2)", &[0; 24]),
            file("<f2", "(3, 2)", &[0; 12]),
            file("<f4", "(16, 768)", &[0; 4 * 16 * 768]),
        ];
        let (mut opened, mut refused) = (0, 0);
        for seed in 0..DAMAGED_FILES {
            let mut dice = Dice(seed);
            let mut bytes = originals[dice.below(originals.len())].clone();
            for _ in 0..=dice.below(3) {
                if !bytes.is_empty() {
                    damage(&mut bytes, &mut dice);
                }
            }
            match parse(&bytes) {
                Ok(frames) => {
                    opened += 1;
                    let values = frames.len() * frames.dim();
                    assert!(
                        2 * values <= bytes.len(),
                        "{seed}: {values} values in {} bytes",
                        bytes.len()
                    );
                }
                Err(error) => {
                    refused += 1;
                    assert!(!format!("{error:#}").is_empty());
                }
            }
        }
        // Some of the damage is to the numbers only, most to what the file says of them.
        assert!(
            opened > 100 && refused > 5000,
            "{opened} opened, {refused} refused"
        );
    }
}
