//! Ten thousand damaged files of each container.

use super::forge::{directory, put};
use super::{Outcome, bytes, largest_of, use_it};

const FILES: usize = 10_000;
/// Only one in this many files that open is built, because building takes most of the time.
const BUILT_EVERY: usize = 16;

/// Instructions of the pickle machine, and characters of a JSON header.
const INSTRUCTIONS: &[u8] = b"().0123Nh}]lestuqrjcRbQ\x80\x81\x85\x86\x87\x88\x8A\x95[],:{\"";

/// A repeatable sequence (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).expect("below a usize")
    }
}

/// Damages `bytes` somewhere in `range`.
fn damage(bytes: &mut Vec<u8>, range: std::ops::Range<usize>, random: &mut Random) {
    let at = range.start + random.below(range.len().min(bytes.len() - range.start.min(bytes.len())));
    let at = at.min(bytes.len() - 1);
    match random.below(8) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = u8::try_from(random.below(256)).expect("a byte"),
        2 => bytes[at] = INSTRUCTIONS[random.below(INSTRUCTIONS.len())],
        3 | 4 => {
            let word = match random.below(4) {
                0 => 1 << random.below(64),
                1 => u64::MAX - random.next() % 16,
                2 => random.next() % 4096,
                _ => random.next(),
            };
            let end = bytes.len().min(at + [1, 2, 4, 8][random.below(4)]);
            bytes[at..end].copy_from_slice(&word.to_le_bytes()[..end - at]);
        }
        5 => bytes.truncate(at + 1),
        6 => {
            let from = random.below(bytes.len());
            let count = random.below(64).min(bytes.len() - from).min(bytes.len() - at);
            bytes.copy_within(from..from + count, at);
        }
        _ => {
            let piece: Vec<u8> = bytes[at..bytes.len().min(at + 1 + random.below(64))].to_vec();
            bytes.splice(at..at, piece);
        }
    }
}

/// Corrects the checksum of an archive's pickle.
fn mend(archive: &mut [u8], pickle: &std::ops::Range<usize>) {
    let entries = directory(&archive[pickle.end.min(archive.len())..]);
    let found = entries.iter().find(|(_, name)| name.ends_with("data.pkl"));
    if let (Some(&(entry, _)), Some(bytes)) = (found, archive.get(pickle.clone())) {
        let crc32 = rawzip::crc32(bytes);
        put(archive, pickle.end + entry, 16, &crc32.to_le_bytes());
    }
}

/// Damages `name` in `FILES` ways, mostly in `structure`; returns the number that opened.
fn run(name: &str, structure: &[std::ops::Range<usize>], mended: bool) -> usize {
    let whole = bytes(name);
    let mut opened = 0;
    for seed in 0..FILES {
        let mut random = Random(seed as u64);
        let mut bytes = whole.clone();
        for _ in 0..=random.below(2) {
            let range = match random.below(8) {
                0 => 0..whole.len(),
                n => structure[n % structure.len()].clone(),
            };
            damage(&mut bytes, range, &mut random);
        }
        if mended && bytes.len() == whole.len() && random.below(4) > 0 {
            mend(&mut bytes, &structure[0]);
        }
        if seed % BUILT_EVERY != 0 {
            match voxmeld_core::import::WeightsFile::from_bytes(bytes) {
                Ok(file) => opened += usize::from(voxmeld_core::import::ModelKind::of(&file).is_ok()),
                Err(error) => assert!(error.to_string().len() > 20, "{name} {seed}: {error}"),
            }
            continue;
        }
        match use_it(bytes) {
            Outcome::Built(_) | Outcome::Other(_) => opened += 1,
            Outcome::Refused(sentence) => assert!(sentence.len() > 20, "{name} {seed}: {sentence}"),
        }
    }
    opened
}

#[test]
fn ten_thousand_damaged_files_of_each_container() {
    let largest = largest_of(ten_thousand_of_each);
    assert!(largest < 8 << 20, "{largest} bytes at once");
}

fn ten_thousand_of_each() {
    let zip = bytes("v2_24k_custom.pth");
    let name = zip
        .windows(8)
        .position(|piece| piece == b"data.pkl")
        .expect("a pickle");
    let first = name
        + zip[name..]
            .iter()
            .position(|&byte| byte == 0x80)
            .expect("a pickle");
    let end = first
        + zip[first..]
            .windows(2)
            .position(|piece| piece == b"PK")
            .expect("its end");
    let directory_start = directory(&zip)[0].0;
    let structure = [first..end, directory_start..zip.len()];
    let opened = run("v2_24k_custom.pth", &structure, true);
    assert!((50..9_000).contains(&opened), "zip: {opened} opened");

    let legacy = bytes("v1_40k_mixed_legacy_4.pth");
    let opened = run(
        "v1_40k_mixed_legacy_4.pth",
        std::slice::from_ref(&(0..legacy.len() / 3)),
        false,
    );
    assert!((50..9_000).contains(&opened), "legacy: {opened} opened");

    let tensors = bytes("v2_40k_safetensors.safetensors");
    let header =
        8 + usize::try_from(u64::from_le_bytes(tensors[..8].try_into().expect("eight"))).expect("short");
    let opened = run("v2_40k_safetensors.safetensors", &[0..16, 8..header], false);
    assert!((100..6000).contains(&opened), "safetensors: {opened} opened");
}
