//! Random damage that can be repeated.

/// A repeatable sequence (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).expect("below a usize")
    }
}

/// Damages a file at random: bits, bytes, numbers, truncation, and copied or inserted pieces.
pub fn damage(bytes: &mut Vec<u8>, others: &[Vec<u8>], random: &mut Random) {
    // The structure of a file is at its start and its end, around the vectors.
    let at = match random.below(3) {
        0 => random.below(bytes.len().min(256)),
        1 => bytes.len() - 1 - random.below(bytes.len().min(64)),
        _ => random.below(bytes.len()),
    };
    match random.below(7) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = u8::try_from(random.below(256)).expect("a byte"),
        2 | 3 => {
            let word = match random.below(4) {
                0 => 1 << random.below(64),
                1 => u64::MAX - random.next() % 16,
                2 => random.next() % 4096,
                _ => random.next(),
            };
            let end = bytes.len().min(at + if random.below(2) == 0 { 4 } else { 8 });
            bytes[at..end].copy_from_slice(&word.to_le_bytes()[..end - at]);
        }
        4 => bytes.truncate(at + 1),
        5 => {
            let other = &others[random.below(others.len())];
            let from = random.below(other.len());
            let count = random.below(64).min(other.len() - from).min(bytes.len() - at);
            bytes[at..at + count].copy_from_slice(&other[from..from + count]);
        }
        _ => {
            let piece: Vec<u8> = bytes[at..bytes.len().min(at + 1 + random.below(64))].to_vec();
            let place = random.below(bytes.len());
            bytes.splice(place..place, piece);
        }
    }
}
