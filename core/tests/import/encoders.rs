//! Weights of encoders: complete, truncated, damaged, and without layers.

use super::{Outcome, bytes, refusal, use_it};
use voxmeld_core::import::{WeightsFile, hubert};

const FILES: [&str; 2] = ["../encoders/pytorch_model.bin", "../encoders/hubert_base.pt"];

#[test]
fn whole_encoders_are_built_with_either_number_of_values() {
    for name in FILES {
        let mut sizes = Vec::new();
        for wanted in [None, Some(128), Some(256)] {
            let mut file = WeightsFile::from_bytes(bytes(name)).expect("whole");
            sizes.push(hubert::build(&mut file, wanted).expect("built").len());
        }
        // For layer 9 three layers fewer are built.
        assert!(
            sizes[0] == sizes[1] && sizes[2] + 3 * 3 * 128 * 128 * 4 < sizes[1],
            "{sizes:?}"
        );
    }
}

#[test]
fn truncated_or_damaged_encoders_are_rejected_with_a_message_or_built() {
    for name in FILES {
        let whole = bytes(name);
        for part in 1..20 {
            refusal(whole[..whole.len() * part / 20].to_vec());
        }
        for seed in 0..200_usize {
            let mut damaged = whole.clone();
            let at = seed.wrapping_mul(2_654_435_761) % damaged.len();
            damaged[at] ^= 1 << (seed % 8);
            match use_it(damaged) {
                Outcome::Refused(sentence) => assert!(sentence.len() > 20, "{sentence}"),
                Outcome::Built(_) | Outcome::Other(_) => {}
            }
        }
    }
}

#[test]
fn an_encoder_without_layers_or_with_the_wrong_norm_is_rejected() {
    let sentence = refusal(bytes("hubert_transformers.bin"));
    assert!(sentence.contains("the encoder has"), "{sentence}");
    let mut file = WeightsFile::from_bytes(bytes("hubert_fairseq.pt")).expect("whole");
    let error = hubert::build(&mut file, Some(256)).expect_err("no projection");
    assert!(error.to_string().contains("final_proj"), "{error}");
    let mut voice = WeightsFile::from_bytes(bytes("v1_32k_f16.pth")).expect("whole");
    let error = hubert::build(&mut voice, None).expect_err("a voice");
    assert!(error.to_string().contains("no HuBERT"), "{error}");
}
