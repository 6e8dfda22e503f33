//! WAV files that break the rules.

use super::*;

const RATE_HZ: u32 = 16_000;

/// One second that rises from 0 to 16,000.
fn ramp() -> Vec<u8> {
    (0..16_000_i16).flat_map(i16::to_le_bytes).collect()
}

fn chunk(name: &[u8; 4], body: &[u8], size: u32) -> Vec<u8> {
    let mut chunk = [&name[..], &size.to_le_bytes(), body].concat();
    if body.len() % 2 == 1 {
        chunk.push(0);
    }
    chunk
}

fn data_chunk(body: &[u8]) -> Vec<u8> {
    chunk(b"data", body, body.len() as u32)
}

fn fmt(tag: u16, channels: u16, rate_hz: u32, bits: u16, block: u16) -> Vec<u8> {
    let mut body = [tag.to_le_bytes(), channels.to_le_bytes()].concat();
    body.extend(rate_hz.to_le_bytes());
    body.extend((rate_hz.wrapping_mul(block.into())).to_le_bytes());
    body.extend([block.to_le_bytes(), bits.to_le_bytes()].concat());
    chunk(b"fmt ", &body, 16)
}

fn mono16() -> Vec<u8> {
    fmt(1, 1, RATE_HZ, 16, 2)
}

fn riff(magic: &[u8; 4], size: u32, chunks: &[Vec<u8>]) -> Vec<u8> {
    [&magic[..], &size.to_le_bytes(), b"WAVE", &chunks.concat()].concat()
}

fn is_ramp(samples: &[f32]) -> bool {
    samples.len() == 16_000
        && samples
            .iter()
            .enumerate()
            .all(|(n, sample)| *sample == n as f32 / 32_768.0)
}

#[test]
fn sizes_that_are_wrong_do_not_matter() {
    let ramp = ramp();
    let size = ramp.len() as u32;
    let list = chunk(b"LIST", b"INFOISFT\x04\0\0\0abc\0", 16);
    let ds64 = |data: u64| {
        let body = [data + 100, data, 16_000].map(u64::to_le_bytes).concat();
        chunk(b"ds64", &[body, vec![0; 4]].concat(), 28)
    };
    let data = |size: u32| chunk(b"data", &ramp, size);
    for (what, file) in [
        ("right", riff(b"RIFF", 36 + size, &[mono16(), data(size)])),
        ("size of the file 0", riff(b"RIFF", 0, &[mono16(), data(size)])),
        ("both sizes 0", riff(b"RIFF", 0, &[mono16(), data(0)])),
        (
            "both sizes unknown",
            riff(b"RIFF", u32::MAX, &[mono16(), data(u32::MAX)]),
        ),
        (
            "data larger than the file",
            riff(b"RIFF", 36, &[mono16(), data(size + 4711)]),
        ),
        (
            "data of 2 GB",
            riff(b"RIFF", 0x7fff_ffff, &[mono16(), data(0x7fff_f000)]),
        ),
        (
            "a chunk behind",
            riff(b"RIFF", 36 + size, &[mono16(), data(size), list.clone()]),
        ),
        (
            "chunks before",
            riff(b"RIFF", 36 + size, &[list.clone(), mono16(), list, data(size)]),
        ),
        (
            "RF64",
            riff(b"RF64", u32::MAX, &[ds64(size.into()), mono16(), data(u32::MAX)]),
        ),
        (
            "RF64 without lengths",
            riff(b"RF64", u32::MAX, &[ds64(0), mono16(), data(u32::MAX)]),
        ),
        (
            "BW64",
            riff(b"BW64", u32::MAX, &[ds64(size.into()), mono16(), data(u32::MAX)]),
        ),
    ] {
        let recording = from_bytes(&file, "a.wav").unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(
            is_ramp(&recording.samples),
            "{what}: {} samples",
            recording.samples.len()
        );
        assert_eq!(recording.rate_hz, RATE_HZ);
    }
}

#[test]
fn all_data_chunks_are_read_in_order() {
    let ramp = ramp();
    let (first, second) = ramp.split_at(10_000);
    let empty = chunk(b"data", b"", 0);
    let odd = chunk(b"bext", b"odd", 3);
    let parts = [mono16(), data_chunk(first), odd, empty, data_chunk(second)];
    let recording = from_bytes(&riff(b"RIFF", 0, &parts), "a.wav").expect("read");
    assert!(is_ramp(&recording.samples));

    // Two whole files, one behind the other.
    let joined = [
        riff(b"RIFF", 0, &parts[..2]),
        riff(b"RIFF", 0, &[mono16(), data_chunk(second)]),
    ]
    .concat();
    assert!(is_ramp(&from_bytes(&joined, "a.wav").expect("read").samples));
}

#[test]
fn odd_chunks_need_no_padding() {
    let ramp = ramp();
    for body in [&b"abc"[..], b"a"] {
        let mut odd = chunk(b"note", body, body.len() as u32);
        let padded = riff(b"RIFF", 0, &[mono16(), odd.clone(), data_chunk(&ramp)]);
        odd.pop();
        let unpadded = riff(b"RIFF", 0, &[mono16(), odd, data_chunk(&ramp)]);
        for file in [padded, unpadded] {
            assert!(is_ramp(&from_bytes(&file, "a.wav").expect("read").samples));
        }
    }
}

#[test]
fn samples_of_all_widths_have_the_same_level() {
    // -0.5 and 0.25 of full scale.
    for (what, tag, bits, block, bytes) in [
        ("8 bits", 1, 8, 1, vec![64, 160]),
        ("12 bits", 1, 12, 2, vec![0x00, 0xc0, 0x00, 0x20]),
        ("20 bits in three bytes", 1, 20, 3, vec![0, 0, 0xc0, 0, 0, 0x20]),
        (
            "24 bits in four bytes",
            1,
            24,
            4,
            vec![0, 0, 0, 0xc0, 0, 0, 0, 0x20],
        ),
        ("block of zero", 1, 16, 0, vec![0x00, 0xc0, 0x00, 0x20]),
        ("half floats", 3, 16, 2, vec![0x00, 0xb8, 0x00, 0x34]),
        (
            "floats",
            3,
            32,
            4,
            [(-0.5_f32).to_le_bytes(), 0.25_f32.to_le_bytes()].concat(),
        ),
    ] {
        let file = riff(
            b"RIFF",
            0,
            &[fmt(tag, 1, RATE_HZ, bits, block), data_chunk(&bytes)],
        );
        let recording = from_bytes(&file, "a.wav").unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(recording.samples, [-0.5, 0.25], "{what}");
    }
}

#[test]
fn channels_are_averaged() {
    let bytes = [0.5_f32, -0.25, 1.0, 0.0].map(f32::to_le_bytes).concat();
    let file = riff(b"RIFF", 0, &[fmt(3, 2, RATE_HZ, 32, 8), data_chunk(&bytes)]);
    assert_eq!(from_bytes(&file, "a.wav").expect("read").samples, [0.125, 0.5]);
}

#[test]
fn what_cannot_be_used_says_why() {
    let ramp = ramp();
    for (said, chunks) in [
        ("0 Hz", vec![fmt(1, 1, 0, 16, 2), data_chunk(&ramp)]),
        (
            "768000 Hz can be used",
            vec![fmt(1, 1, 4_000_000_000, 16, 2), data_chunk(&ramp)],
        ),
        ("0 channels", vec![fmt(1, 0, RATE_HZ, 16, 2), data_chunk(&ramp)]),
        (
            "65535 channels",
            vec![fmt(1, 65_535, RATE_HZ, 16, 2), data_chunk(&ramp)],
        ),
        ("header but no sound", vec![mono16(), chunk(b"data", b"", 32_000)]),
        ("header but no sound", vec![mono16()]),
        ("no format chunk", vec![data_chunk(&ramp)]),
        ("GSM", vec![fmt(0x31, 1, 8_000, 0, 65), data_chunk(&ramp)]),
        ("0x1234", vec![fmt(0x1234, 1, RATE_HZ, 16, 2), data_chunk(&ramp)]),
        (
            "ADPCM blocks have 3 bytes",
            vec![fmt(0x11, 1, RATE_HZ, 4, 3), data_chunk(&ramp)],
        ),
        (
            "ADPCM with 5 channels",
            vec![fmt(2, 5, RATE_HZ, 4, 512), data_chunk(&ramp)],
        ),
        (
            "40 bits in 5 bytes",
            vec![fmt(1, 1, RATE_HZ, 40, 5), data_chunk(&ramp)],
        ),
        (
            "not numbers",
            vec![fmt(3, 1, RATE_HZ, 32, 4), data_chunk(&f32::NAN.to_le_bytes())],
        ),
    ] {
        let why = reason(&riff(b"RIFF", 0, &chunks), "a.wav");
        assert!(why.contains(said) && why.contains("a.wav"), "{said}: {why}");
    }
    assert!(reason(b"RIFF", "a.wav").contains("no format chunk"));
}
