//! NumPy files of all kinds, and damaged ones.

use super::*;

/// A NumPy file, version 1.
fn file(kind: &str, is_fortran: bool, shape: &str, data: &[u8]) -> Vec<u8> {
    let order = if is_fortran { "True" } else { "False" };
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}");
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

const TABLE: [f32; 6] = [1.0, -2.5, 0.0, 65504.0, 6.103_515_6e-5, 5.960_464_5e-8];

fn stored(kind: &str, table: &[f32]) -> Vec<u8> {
    let mut data = Vec::new();
    for &value in table {
        let mut bytes = match &kind[1..] {
            "f2" => half::f16::from_f32(value).to_le_bytes().to_vec(),
            "f4" => value.to_le_bytes().to_vec(),
            _ => f64::from(value).to_le_bytes().to_vec(),
        };
        if kind.starts_with('>') {
            bytes.reverse();
        }
        data.extend(bytes);
    }
    data
}

#[test]
fn all_widths_byte_orders_and_shapes_are_the_same_table() {
    for kind in ["<f2", "<f4", "<f8", ">f2", ">f4", ">f8", "=f4"] {
        for shape in ["(3, 2)", "(1, 3, 2)", "(3,2)", "( 3 , 2 , )"] {
            let frames = parse_npy(&file(kind, false, shape, &stored(kind, &TABLE)));
            let frames = frames.unwrap_or_else(|error| panic!("{kind} {shape}: {error}"));
            assert_eq!(
                (frames.len(), frames.dim(), frames.data()),
                (3, 2, &TABLE[..]),
                "{kind} {shape}"
            );
        }
        let columns: Vec<f32> = [0, 2, 4, 1, 3, 5].map(|n| TABLE[n]).to_vec();
        let frames = parse_npy(&file(kind, true, "(3, 2)", &stored(kind, &columns))).expect(kind);
        assert_eq!(frames.data(), TABLE, "{kind}, columns first");
    }
    // Version 2 has a longer length.
    let mut long = file("<f4", false, "(3, 2)", &stored("<f4", &TABLE));
    long[6] = 2;
    long.splice(10..10, [0, 0]);
    assert_eq!(parse_npy(&long).expect("version 2").data(), TABLE);
}

#[test]
fn what_cannot_be_used_says_why() {
    for (said, bytes) in [
        ("no NumPy", b"PK\x03\x04".to_vec()),
        ("no NumPy", Vec::new()),
        ("|O", file("|O", false, "(3, 2)", &[0; 24])),
        ("<i4", file("<i4", false, "(3, 2)", &[0; 24])),
        ("(6,)", file("<f4", false, "(6,)", &[0; 24])),
        ("(3, 2, 1)", file("<f4", false, "(3, 2, 1)", &[0; 24])),
        ("(-1, 2)", file("<f4", false, "(-1, 2)", &[0; 24])),
        ("rows have 0 values", file("<f4", false, "(3, 0)", &[])),
        ("24 follow", file("<f4", false, "(1000000000000, 768)", &[0; 24])),
        (
            "24 follow",
            file("<f4", false, "(18446744073709551615, 2)", &[0; 24]),
        ),
        ("24 follow", file("<f8", false, "(3, 2)", &[0; 24])),
    ] {
        let error = parse_npy(&bytes).expect_err(said).to_string();
        assert!(error.contains(said), "{error}");
    }
}

/// Numbers that look random (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % count.max(1) as u64) as usize
    }
}

fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    let header = random.below(128).min(bytes.len() - 1);
    match random.below(8) {
        0 => bytes.truncate(at),
        1 => bytes.insert(header, random.below(256) as u8),
        2 => drop(bytes.remove(header)),
        // What a header may say otherwise: figures, order, kind.
        3 => bytes[header] = b"0123456789-(),'<>|f48iOTrueFals "[random.below(32)],
        4 => bytes[header] = random.below(256) as u8,
        5 => bytes[at] ^= 1 << random.below(8),
        6 => bytes.extend_from_within(at..),
        _ => {
            let other = random.below(bytes.len());
            bytes.swap(header, other);
        }
    }
}

#[test]
fn ten_thousand_damaged_files_give_sentences_or_what_they_hold() {
    let originals = [
        file("<f4", false, "(3, 2)", &[0; 24]),
        file(">f2", false, "(1, 3, 2)", &[0; 12]),
        file("<f8", true, "(3, 2)", &[0; 48]),
        file("<f4", false, "(16, 768)", &[0; 4 * 16 * 768]),
    ];
    let (mut opened, mut refused) = (0, 0);
    for seed in 0..10_000 {
        let mut random = Random(seed);
        let mut bytes = originals[random.below(originals.len())].clone();
        for _ in 0..=random.below(3) {
            if !bytes.is_empty() {
                damage(&mut bytes, &mut random);
            }
        }
        match parse_npy(&bytes) {
            Ok(frames) => {
                opened += 1;
                assert!(
                    2 * frames.len() * frames.dim() <= bytes.len(),
                    "{seed}: more values than bytes"
                );
            }
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
    }
    // Some of the damage is to the values only, most to what the file says of them.
    assert!(
        opened > 100 && refused > 5000,
        "{opened} opened, {refused} refused"
    );
}
