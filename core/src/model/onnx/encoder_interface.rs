//! Recognises the family of a content encoder from the inputs and outputs of its file.
//!
//! | family | input | outputs |
//! | --- | --- | --- |
//! | MoeSS, MoeVS, RVC WebUI | `source` `[1, 1, N]` | `embed` |
//! | VC Client | `audio` `[1, N]`, floats of 32 or 16 bits | `units9`, `unit12`, `unit12s` |
//! | transformers, optimum | `input_values` `[B, N]`, often `attention_mask` `[B, N]` | `last_hidden_state` |
//! | contentvec_onnx_converter | `feats` `[1, N]` | `feats_9`, `feats_12` |
//! | fairseq exports | `source` and `padding_mask` | |
//!
//! The audio input is chosen by type and rank, the output by its size: 256 values are HuBERT's layer 9 with its
//! projection (RVC v1), 768 its layer 12 (RVC v2). If several outputs have the size, their names decide.

use super::signature::{Element, Port, Signature};

/// Length in samples of the window of one second that an encoder must accept.
const MIN_FIXED_SAMPLES: usize = 16_080;

/// A second input that marks which samples are audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    /// The input.
    pub port: Port,
    /// Its value at samples that are audio.
    pub audio: i64,
}

/// An encoder's inputs and outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncoderInterface {
    /// Audio: `[N]`, `[1, N]` or `[1, 1, N]`.
    pub audio: Port,
    /// See [`Mask`].
    pub mask: Option<Mask>,
    /// Outputs that may be embeddings, `[1, T, dim]` or `[T, dim]`.
    pub outputs: Vec<String>,
    /// Number of samples that every call must have, if the exporter fixed it.
    pub fixed_samples: Option<usize>,
}

/// Why a file cannot be used as an encoder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncoderInterfaceError {
    /// A synthesizer.
    #[error("it is a voice, not an encoder: choose it as voice, and a ContentVec or HuBERT encoder here")]
    Voice,
    /// A pitch tracker.
    #[error("it is a pitch tracker, not an encoder: choose a ContentVec or HuBERT encoder")]
    PitchTracker,
    /// Not one audio input.
    #[error(
        "it has the inputs {names}; an encoder has one, audio at 16 kHz, of the shape [1, samples] or [1, 1, samples]"
    )]
    Audio {
        /// Its inputs.
        names: String,
    },
    /// No output of embeddings.
    #[error("it has no output of the shape [1, frames, dimension]")]
    Output,
    /// A fixed length that is too short.
    #[error(
        "it was exported for exactly {samples} samples, but needs at least one second (16080): export it with a variable length"
    )]
    Short {
        /// Its length.
        samples: usize,
    },
}

impl EncoderInterface {
    /// Reads an interface.
    ///
    /// # Errors
    /// See [`EncoderInterfaceError`].
    pub fn read(signature: &Signature) -> Result<Self, EncoderInterfaceError> {
        let named = |names: &[&str]| signature.inputs.iter().any(|port| port.is_named(names));
        if named(&["pitchf", "p_len", "phone", "phone_lengths"]) {
            return Err(EncoderInterfaceError::Voice);
        }
        if named(&["fmin", "fmax", "threshold", "mel"]) {
            return Err(EncoderInterfaceError::PitchTracker);
        }
        let (masks, audio): (Vec<&Port>, Vec<&Port>) = signature
            .inputs
            .iter()
            .partition(|port| port.name.contains("mask"));
        let wrong = || EncoderInterfaceError::Audio {
            names: signature.input_names(),
        };
        let ([audio], true) = (&audio[..], masks.len() <= 1) else {
            return Err(wrong());
        };
        if !audio.element.is_float() || !(1..=3).contains(&audio.rank()) {
            return Err(wrong());
        }
        let is_mask =
            |port: &Port| (port.element.is_int() || port.element == Element::Bool) && port.rank() <= 2;
        let mask = masks.first().map(|&port| Mask {
            // fairseq marks the padding, all others mark the audio.
            audio: i64::from(!port.name.contains("padding")),
            port: port.clone(),
        });
        if mask.as_ref().is_some_and(|mask| !is_mask(&mask.port)) {
            return Err(wrong());
        }
        let embeddings = |port: &&Port| port.element.is_float() && (2..=3).contains(&port.rank());
        let outputs: Vec<String> = signature
            .outputs
            .iter()
            .filter(embeddings)
            .map(|port| port.name.clone())
            .collect();
        if outputs.is_empty() {
            return Err(EncoderInterfaceError::Output);
        }
        let fixed_samples = audio.size(audio.rank() - 1).filter(|&samples| samples > 1);
        if let Some(samples) = fixed_samples.filter(|&samples| samples < MIN_FIXED_SAMPLES) {
            return Err(EncoderInterfaceError::Short { samples });
        }
        Ok(Self {
            audio: (*audio).clone(),
            mask,
            outputs,
            fixed_samples,
        })
    }

    /// Chooses from the outputs of a run, given with their sizes: one of `wanted`
    /// values, else the widest.
    pub fn choose_output(found: &[(String, usize)], wanted: Option<usize>) -> Option<String> {
        let fitting = found.iter().filter(|(_, dim)| Some(*dim) == wanted);
        let best = fitting.min_by_key(|(name, dim)| rank_of_name(name, *dim));
        let widest = || found.iter().rev().max_by_key(|(_, dim)| *dim);
        best.or_else(widest).map(|(name, _)| name.clone())
    }
}

/// Of several outputs of one size, the one that RVC was trained with has the lowest rank.
fn rank_of_name(name: &str, dim: usize) -> usize {
    let layer = if dim == 256 { "9" } else { "12" };
    if name.ends_with(layer) {
        0
    } else if matches!(name, "embed" | "last_hidden_state") {
        1
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use super::super::signature::Element::{F16, F32, I64};
    use super::super::signature::tests::port;
    use super::*;

    type Declared<'a> = (&'a str, Element, &'a [usize]);

    fn read(
        inputs: &[Declared<'_>],
        outputs: &[Declared<'_>],
    ) -> Result<EncoderInterface, EncoderInterfaceError> {
        let made = |ports: &[Declared<'_>]| {
            ports
                .iter()
                .map(|&(name, element, shape)| port(name, element, shape))
                .collect()
        };
        EncoderInterface::read(&Signature {
            inputs: made(inputs),
            outputs: made(outputs),
        })
    }

    #[test]
    fn all_families_are_recognized() {
        let embed: Declared<'_> = ("embed", F32, &[1, 0, 768]);
        let found = read(&[("source", F32, &[1, 1, 0])], &[embed]).expect("MoeSS");
        assert_eq!((found.audio.rank(), found.mask), (3, None));
        let units: [Declared<'_>; 3] = [
            ("units9", F16, &[1, 0, 256]),
            ("unit12", F16, &[1, 0, 768]),
            ("unit12s", F16, &[1, 0, 256]),
        ];
        let found = read(&[("audio", F16, &[1, 0])], &units).expect("VC Client");
        assert_eq!((found.audio.element, found.outputs.len()), (F16, 3));
        let hidden: Declared<'_> = ("last_hidden_state", F32, &[0, 0, 768]);
        let found = read(
            &[("input_values", F32, &[0, 0]), ("attention_mask", I64, &[0, 0])],
            &[hidden],
        )
        .expect("transformers");
        assert_eq!(found.mask.expect("a mask").audio, 1);
        let found = read(
            &[("source", F32, &[1, 0]), ("padding_mask", Element::Bool, &[1, 0])],
            &[embed],
        )
        .expect("fairseq");
        assert_eq!(found.mask.expect("a mask").audio, 0);
        assert!(read(&[("feats", F32, &[1, 0])], &[("feats_9", F32, &[1, 0, 256])]).is_ok());
        assert!(read(&[("wave", F32, &[0])], &[("out", F32, &[0, 768])]).is_ok());
        let fixed = read(&[("source", F32, &[1, 1, 16_080])], &[embed]).expect("a fixed length");
        assert_eq!(fixed.fixed_samples, Some(16_080));
    }

    #[test]
    fn outputs_are_chosen_by_size_and_then_by_layer() {
        let units =
            [("unit12s", 256), ("units9", 256), ("unit12", 768)].map(|(name, dim)| (name.to_string(), dim));
        let choose = |wanted| EncoderInterface::choose_output(&units, wanted).expect("an output");
        assert_eq!(choose(Some(256)), "units9");
        assert_eq!(choose(Some(768)), "unit12");
        assert_eq!(choose(Some(1024)), "unit12", "the widest");
        assert_eq!(choose(None), "unit12");
        let hidden =
            [("layer_1", 768), ("last_hidden_state", 768)].map(|(name, dim)| (name.to_string(), dim));
        let chosen = EncoderInterface::choose_output(&hidden, Some(768));
        assert_eq!(chosen.as_deref(), Some("last_hidden_state"));
    }

    #[test]
    fn other_models_are_refused_with_what_they_are() {
        let audio: Declared<'_> = ("audio", F32, &[1, 0]);
        let embed: Declared<'_> = ("embed", F32, &[1, 0, 768]);
        let cases: &[(&[Declared<'_>], &[Declared<'_>], &str)] = &[
            (
                &[("feats", F32, &[1, 0, 256]), ("p_len", I64, &[1])],
                &[embed],
                "it is a voice",
            ),
            (&[audio, ("fmin", F32, &[])], &[embed], "it is a pitch tracker"),
            (&[("mel", F32, &[1, 128, 0])], &[embed], "it is a pitch tracker"),
            (&[audio, ("other", F32, &[1, 0])], &[embed], "inputs audio, other"),
            (&[("audio", I64, &[1, 0])], &[embed], "inputs audio"),
            (&[audio], &[("label", F32, &[1])], "no output of the shape"),
            (&[("audio", F32, &[1, 8_000])], &[embed], "exactly 8000 samples"),
        ];
        for (inputs, outputs, words) in cases {
            let error = read(inputs, outputs).expect_err(words).to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
