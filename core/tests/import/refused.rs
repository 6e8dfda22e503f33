//! One test for each reason for which a file is rejected.

use super::forge::{Forged, directory, legacy, legacy_of, put};
use super::{Outcome, bytes, largest_of, path, refusal, use_it};
use voxmeld_core::import::{ModelKind, ReadError, WeightsFile};

const ONE_OF_EACH: [&str; 4] = [
    "v2_40k_bf16_4.pth",
    "v2_24k_custom.pth",
    "v1_40k_mixed_legacy_4.pth",
    "v2_40k_safetensors.safetensors",
];

#[test]
fn whole_files_are_built() {
    for name in ONE_OF_EACH {
        assert!(
            matches!(use_it(bytes(name)), Outcome::Built(graph) if graph.len() > 50_000),
            "{name}"
        );
    }
}

#[test]
fn a_pickle_with_code_is_rejected_with_the_name_of_its_function() {
    for name in ["code.pth", "code_legacy.pth"] {
        let sentence = refusal(bytes(name));
        assert!(sentence.contains("posix.system"), "{sentence}");
        assert!(!path("ran").exists() && !std::path::Path::new("ran").exists());
    }
    for (module, name) in [
        ("os", "system"),
        ("builtins", "eval"),
        ("torch", "load"),
        ("torch.hub", "load"),
    ] {
        let call = format!("c{module}\n{name}\n(tR");
        let sentence = refusal(legacy_of(call.as_bytes(), &[], &[]));
        assert!(sentence.contains(&format!("{module}.{name}")), "{sentence}");
    }
}

#[test]
fn a_file_truncated_anywhere_is_rejected() {
    for name in ONE_OF_EACH {
        let whole = bytes(name);
        for part in 0..50 {
            let cut = whole.len() * part / 50;
            let sentence = refusal(whole[..cut].to_vec());
            assert!(!sentence.is_empty(), "{name} at {cut}");
        }
        refusal(whole[..whole.len() - 1].to_vec());
    }
}

#[test]
fn tensors_outside_their_storage_or_with_overlaps_are_rejected() {
    let with = |change: fn(&mut Forged)| {
        let mut tensor = Forged::plain("enc_p.emb_phone.weight", 12);
        change(&mut tensor);
        refusal(legacy(&[tensor]))
    };
    let beyond = [
        with(|t| t.offset = 1),
        with(|t| t.shape = vec![13]),
        with(|t| (t.shape, t.strides) = (vec![2, 6], vec![7, 1])),
        with(|t| (t.shape, t.strides) = (vec![i64::MAX, i64::MAX], vec![1, 1])),
        with(|t| t.strides = vec![i64::MAX]),
    ];
    assert!(
        beyond.iter().all(|sentence| sentence.contains("beyond")),
        "{beyond:?}"
    );
    let overlapping = [
        with(|t| t.strides = vec![0]),
        with(|t| (t.shape, t.strides) = (vec![3, 3], vec![1, 1])),
    ];
    assert!(
        overlapping.iter().all(|sentence| sentence.contains("overlap")),
        "{overlapping:?}"
    );
    with(|t| t.shape = vec![-12]);
    with(|t| t.strides = vec![1, 1]);
}

#[test]
fn storages_shorter_than_their_description_are_rejected() {
    for (claimed, real) in [(12, 11), (1 << 30, 0), (1 << 62, 12), (i64::MAX, 0), (-1, 0)] {
        let mut tensor = Forged::plain("w", 12);
        (tensor.claimed, tensor.real) = (claimed, real);
        let largest = largest_of(|| drop(refusal(legacy(&[tensor]))));
        assert!(
            largest < 1 << 16,
            "{claimed} values claimed: {largest} bytes at once"
        );
    }
}

#[test]
fn non_finite_values_are_rejected_with_the_tensors_name() {
    let mut voice = bytes("v1_48k_f16_legacy.pth");
    let end = voice.len();
    // Sets the last value of the last storage to NaN.
    voice[end - 2..].copy_from_slice(&[0x00, 0x7E]);
    let sentence = refusal(voice);
    assert!(
        sentence.contains("not numbers") && sentence.contains('`'),
        "{sentence}"
    );
}

#[test]
fn weights_of_wrong_sizes_are_rejected_with_their_name() {
    let voice = bytes("v2_40k_safetensors.safetensors");
    let header_len =
        usize::try_from(u64::from_le_bytes(voice[..8].try_into().expect("eight"))).expect("short");
    let header = String::from_utf8(voice[8..8 + header_len].to_vec()).expect("text");
    for (name, from, to) in [
        ("dec.conv_pre.weight", "[16,8,7]", "[8,16,7]"),
        ("enc_p.emb_phone.weight", "[8,768]", "[768,8]"),
        ("emb_g.weight", "[1,4]", "[4,1]"),
        ("dec.ups.0.weight_v", "[16,8,16]", "[8,16,16]"),
        ("dec.ups.0.weight_g", "[16,1,1]", "[1,16,1]"),
        ("flow.flows.6.post.bias", "[4]", "[2,2]"),
    ] {
        let at = header.find(&format!("\"{name}\"")).expect(name);
        let shape = at
            + header[at..]
                .find(from)
                .unwrap_or_else(|| panic!("{name} is {}", &header[at..at + 90]));
        let changed = format!("{}{to}{}", &header[..shape], &header[shape + from.len()..]);
        let mut forged = (changed.len() as u64).to_le_bytes().to_vec();
        forged.extend(changed.as_bytes());
        forged.extend(&voice[8 + header_len..]);
        let sentence = refusal(forged);
        assert!(
            sentence.contains("export it again") || sentence.contains("no voice has"),
            "{sentence}"
        );
    }
}

#[test]
fn a_voice_with_a_missing_part_is_rejected_with_the_parts_name() {
    let voice = bytes("v2_40k_safetensors.safetensors");
    for name in [
        "dec.noise_convs.2.weight",
        "enc_p.emb_pitch.weight",
        "flow.flows.4.enc.cond_layer.weight_g",
        "dec.conv_post.weight",
    ] {
        let at = voice
            .windows(name.len())
            .position(|piece| piece == name.as_bytes())
            .expect(name);
        let mut renamed = voice.clone();
        renamed[at] = b'X';
        let sentence = refusal(renamed);
        assert!(sentence.contains(name.trim_end_matches("_g")), "{sentence}");
    }
}

#[test]
fn archives_with_compressed_huge_or_overlapping_members_are_rejected() {
    let archive = bytes("v2_40k_bf16_4.pth");
    let largest = largest_of(|| forge_members(&archive));
    assert!(largest < 2 * archive.len() + (1 << 20), "{largest} bytes at once");
}

fn forge_members(archive: &[u8]) {
    let archive = archive.to_vec();
    let entries = directory(&archive);
    let of = |end: &str| {
        entries
            .iter()
            .find(|(_, name)| name.ends_with(end))
            .expect("member")
            .0
    };
    for member in ["data.pkl", "/data/7"] {
        let entry = of(member);
        let mut forged = archive.clone();
        put(&mut forged, entry, 10, &[8, 0]);
        assert!(refusal(forged).contains("compressed"));
        // An uncompressed member of 4 GB less two bytes.
        let mut forged = archive.clone();
        put(
            &mut forged,
            entry,
            20,
            &[0xFE, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0xFF, 0xFF],
        );
        refusal(forged);
        // A member with a declared uncompressed size of 4 GB.
        let mut forged = archive.clone();
        put(&mut forged, entry, 24, &[0xFE, 0xFF, 0xFF, 0xFF]);
        refusal(forged);
        // The position of another member.
        let mut forged = archive.clone();
        let other = archive[of("/data/3") + 42..][..4].to_vec();
        put(&mut forged, entry, 42, &other);
        refusal(forged);
    }
}

#[test]
fn pickles_that_grow_or_nest_without_limit_are_rejected() {
    let largest = largest_of(grow);
    assert!(largest < 256 << 20, "{largest} bytes at once");
}

fn grow() {
    let deep = vec![b'('; 2_000_000];
    assert!(refusal(legacy_of(&deep, &[], &[])).contains("depth"));
    // A list of 1000 elements, copied into a million sets.
    let mut copies = b"](".to_vec();
    copies.extend(vec![b'N'; 1000]);
    copies.extend(b"eq\x000");
    for _ in 0..1_000_000 {
        copies.extend(b"cbuiltins\nset\nh\x00\x85R0");
    }
    refusal(legacy_of(&copies, &[], &[]));
    let many = vec![b'N'; 5_000_000];
    assert!(refusal(legacy_of(&many, &[], &[])).contains("larger"));
    // A dictionary that contains itself does not cause an endless loop.
    let ring = b"}q\x00h\x00h\x00s";
    assert!(matches!(use_it(legacy_of(ring, &[], &[])), Outcome::Other(_)));
}

#[test]
fn for_files_of_other_types_the_error_names_the_type() {
    let cases: [(&[u8], &str); 10] = [
        (b"", "empty"),
        (b"PK\x05\x06", "zip"),
        (b"IwFl\x00\x03", "index"),
        (b"<!DOCTYPE html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS"),
        (b"Rar!\x1A\x07", "unpack"),
        (b"GGUF\x03", "GGUF"),
        (b"\x08\x07\x12\x07pytorch", "ONNX"),
        (b"\x89PNG\r\n\x1A\n", "a picture or document"),
        (b"\x80\x04N.", "another program"),
    ];
    for (start, what) in cases {
        let sentence = refusal(start.to_vec());
        assert!(sentence.contains(what), "{sentence}");
    }
    assert!(
        matches!(WeightsFile::open(&path("")), Err(ReadError::Io(_))),
        "a folder"
    );
    assert!(matches!(
        WeightsFile::open(&path("no such file")),
        Err(ReadError::Io(_))
    ));
}

#[test]
fn for_weights_that_are_not_a_voice_the_error_says_what_they_are_and_what_to_do() {
    let kind = |name: &str| ModelKind::of(&WeightsFile::open(&path(name)).expect(name)).expect(name);
    assert!(matches!(
        kind("training_G.pth"),
        ModelKind::TrainingCheckpoint {
            iteration: Some(2333),
            discriminator: false
        }
    ));
    assert!(kind("training_G.pth").advice().contains("extract"));
    assert!(matches!(
        kind("training_D.pth"),
        ModelKind::TrainingCheckpoint {
            discriminator: true,
            ..
        }
    ));
    for (name, projection) in [
        ("hubert_transformers.bin", Some(256)),
        ("hubert_transformers.safetensors", None),
        ("hubert_fairseq.pt", None),
    ] {
        let kind = kind(name);
        let ModelKind::Encoder(encoder) = &kind else {
            panic!("{name} is {}", kind.name());
        };
        assert_eq!(
            (encoder.width, encoder.layers, encoder.projection),
            (768, 12, projection),
            "{name}"
        );
        assert!(kind.advice().contains("encoder"));
    }
    assert!(kind("gpt_sovits.pth").name().contains("GPT-SoVITS"));
    assert!(kind("rmvpe.pt").name().contains("RMVPE"));
    let unknown = use_it(legacy(&[Forged::plain("a", 1), Forged::plain("b", 1)]));
    assert!(
        matches!(&unknown, Outcome::Other(what) if what.contains("`a`, `b`")),
        "{unknown:?}"
    );
}
