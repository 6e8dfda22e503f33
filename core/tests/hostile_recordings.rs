//! Ten thousand damaged files of each kind of recording: each is refused with a sentence, or read as far as it goes.
//! Never a panic that gets out, never without end, and no memory that the file's size does not account for.
#![allow(clippy::print_stdout, reason = "counts, with --nocapture")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use voxmeld_core::indexing::SoundReader;

/// The system's allocator, which records the largest allocation.
struct MeasuringAllocator;

static LARGEST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: passes every call to the system's allocator unchanged.
unsafe impl GlobalAlloc for MeasuringAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LARGEST.fetch_max(layout.size(), Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: MeasuringAllocator = MeasuringAllocator;

/// Damaged files of each kind.
const FILES_OF_A_KIND: u64 = 10_000;

/// Largest single allocation: a block of silence at the highest rate takes 184 MB at most; real ones stay far below.
const MAX_ALLOCATION: usize = 256 << 20;

/// Longest sound that is taken from a file of at most 40 kB: a minute of silence may stand in each gap of a Matroska
/// file, and FLAC packs silence.
const MAX_SAMPLES: usize = 100_000_000;

/// Originals of each kind, the smallest ones.
const KINDS: [(&str, &[&str]); 11] = [
    ("PCM", &["alaw.wav", "bits_8.wav", "rf64.wav"]),
    ("ADPCM", &["ima_adpcm.wav", "ms_adpcm.wav"]),
    ("WAV relatives", &["rifx.wav", "wave64.w64", "mp3.wav"]),
    ("MP3", &["low_rate.mp3", "lame.mp3"]),
    ("FLAC", &["flac.flac"]),
    ("Ogg", &["opus.opus", "vorbis.ogg", "flac.ogg"]),
    ("MP4", &["aac.m4a", "alac.m4a", "opus.mp4", "aac_fragments.mp4"]),
    ("Matroska", &["opus.webm", "aac.mkv", "vorbis.webm", "flac.mkv"]),
    ("AIFF", &["pcm.aiff", "float.aifc"]),
    ("CAF", &["pcm.caf", "alac.caf"]),
    ("ADTS", &["adts.aac"]),
];

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

fn data(name: &str) -> Vec<u8> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/data/recordings")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Bits, bytes, numbers, ends, pieces doubled or left out. Most of it hits the first half kilobyte.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = match random.below(4) {
        0 => random.below(bytes.len()),
        1 => bytes.len() - 1 - random.below(bytes.len().min(600)),
        _ => random.below(bytes.len().min(512)),
    };
    let byte = u8::try_from(random.below(256)).expect("a byte");
    match random.below(8) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = byte,
        2 => bytes.truncate(at),
        3 => {
            let end = (at + 4).min(bytes.len());
            let numbers = [0_u32, 1, u32::MAX, i32::MAX as u32, 0x0100_0000, 0xffff];
            let number = numbers[random.below(numbers.len())];
            let stored = if random.below(2) == 0 {
                number.to_le_bytes()
            } else {
                number.to_be_bytes()
            };
            bytes[at..end].copy_from_slice(&stored[..end - at]);
        }
        4 => bytes.insert(at, byte),
        5 => drop(bytes.drain(at..(at + 1 + random.below(8)).min(bytes.len()))),
        6 => {
            let piece = bytes[at..(at + random.below(200)).min(bytes.len())].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, piece);
        }
        _ => {
            let other = random.below(bytes.len());
            bytes.swap(at, other);
        }
    }
}

/// Samples that are read, or the reason why there are none.
fn read(bytes: Vec<u8>) -> Result<usize, String> {
    let mut reader =
        SoundReader::from_bytes(bytes, Path::new("damaged")).map_err(|error| error.to_string())?;
    let (mut samples, mut count) = (Vec::new(), 0);
    while reader.read(&mut samples).map_err(|error| error.to_string())? {
        count += samples.len();
        assert!(count <= MAX_SAMPLES, "no end after {count} samples");
        samples.clear();
    }
    Ok(count)
}

#[test]
fn ten_thousand_damaged_files_of_each_kind_are_read_or_refused_with_a_sentence() {
    // Panics of decoders are caught; a hundred thousand messages of them help nobody. Those of this test are shown.
    let panics: &'static Mutex<BTreeMap<String, usize>> = Box::leak(Box::new(Mutex::new(BTreeMap::new())));
    let shown = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let place = info.location().map_or_else(String::new, ToString::to_string);
        if place.contains("hostile_recordings") {
            shown(info);
        } else if let Ok(mut panics) = panics.lock() {
            *panics.entry(place).or_default() += 1;
        }
    }));
    let next = AtomicUsize::new(0);
    let counts = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((kind, files)) = KINDS.get(next.fetch_add(1, Relaxed)) {
                    let started = std::time::Instant::now();
                    let originals: Vec<Vec<u8>> = files.iter().map(|file| data(file)).collect();
                    let (mut opened, mut refused) = (0, 0);
                    for seed in 0..FILES_OF_A_KIND {
                        let mut random = Random(seed);
                        let mut bytes = originals[random.below(originals.len())].clone();
                        for _ in 0..=random.below(3) {
                            if !bytes.is_empty() {
                                damage(&mut bytes, &mut random);
                            }
                        }
                        match read(bytes) {
                            Ok(_) => opened += 1,
                            Err(why) => {
                                refused += 1;
                                assert!(why.contains("damaged"), "{kind} {seed}: {why}");
                            }
                        }
                        let largest = LARGEST.load(Relaxed);
                        assert!(
                            largest <= MAX_ALLOCATION,
                            "{kind} {seed}: {largest} bytes at once"
                        );
                    }
                    let seconds = started.elapsed().as_secs_f32();
                    counts
                        .lock()
                        .expect("counts")
                        .push((*kind, opened, refused, seconds));
                }
            });
        }
    });
    let counts = counts.into_inner().expect("counts");
    println!("{counts:?}, largest allocation {}", LARGEST.load(Relaxed));
    println!("panics that were caught: {:?}", panics.lock().expect("panics"));
    assert_eq!(counts.len(), KINDS.len());
    for (kind, opened, refused, _) in counts {
        assert!(
            opened > 100 && refused > 100,
            "{kind}: {opened} read, {refused} refused"
        );
    }
}
