//! Recognises the family of an exported synthesizer from its inputs, their types and sizes, its
//! metadata and its weights.
//!
//! | family | inputs | output |
//! | --- | --- | --- |
//! | RVC WebUI | `phone`, `phone_lengths`, `pitch`, `pitchf`, `ds`, `rnd` | `[1, 1, T * n]` |
//! | VC Client | `feats`, `p_len`, `pitch`, `pitchf`, `sid`; floats of 32 or 16 bits | `[T * n]` or `[1, 1, T * n]` |
//! | the same without pitch | `feats`, `p_len`, `sid` | |
//! | deiteris' fork | `skip_head`, `return_length`, `formant_length` in addition | the returned frames |
//! | obs-rvc | `phone`, `pitch`, `pitchf` | `[T * n]` |
//!
//! `n` is the number of samples in 10 ms. Any combination of these inputs is accepted, in any order; if the name
//! is unknown, rank and type decide.

use super::graph_facts::GraphFacts;
use super::signature::{Port, Signature};
use crate::model::NOISE_CHANNELS;

const EMBEDDINGS: [&str; 3] = ["phone", "feats", "embeddings"];
const NOISE: [&str; 4] = ["rnd", "noise", "z_noise", "z"];
const LENGTHS: [&str; 4] = ["phone_lengths", "p_len", "lengths", "feats_lengths"];
const SPEAKER: [&str; 5] = ["ds", "sid", "g", "speaker", "spk"];
const SKIP: &str = "skip_head";
const RETURN: &str = "return_length";
const FORMANT: &str = "formant_length";

/// Families of exports, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// RVC WebUI's own export.
    WebUi,
    /// VC Client's.
    VcClient,
    /// deiteris' fork of VC Client, which crops.
    Deiteris,
    /// obs-rvc's.
    ObsRvc,
}

/// Inputs that make the model render only some of its frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crop {
    /// Frames at the beginning that are context only.
    pub skip: Port,
    /// Frames that are returned.
    pub returned: Port,
    /// Number of frames to which these are stretched, for a formant shift.
    pub formant: Option<Port>,
}

/// A synthesizer's inputs and their properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SynthesizerInterface {
    /// Embeddings, `[1, T, width]`.
    pub embeddings: Port,
    /// Number of frames.
    pub lengths: Option<Port>,
    /// Coarse pitch codes, `[1, T]`.
    pub coarse_pitch: Option<Port>,
    /// Pitch in Hz, `[1, T]`.
    pub pitch: Option<Port>,
    /// Number of the speaker.
    pub speaker: Option<Port>,
    /// Noise, `[1, 192, T]`.
    pub noise: Option<Port>,
    /// See [`Crop`].
    pub crop: Option<Crop>,
    /// The audio.
    pub output: String,
    /// Values per embedding.
    pub width: usize,
    /// Speakers, at least 1.
    pub speakers: usize,
    /// Number of frames that every call must have, if the exporter fixed it.
    pub fixed_frames: Option<usize>,
    /// Rate of the audio according to the metadata.
    pub stated_rate_hz: Option<u32>,
}

/// Why a file cannot be used as a synthesizer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SynthesizerInterfaceError {
    /// No input can be the embeddings.
    #[error(
        "none of its inputs ({names}) takes embeddings; an RVC voice has `phone` or `feats`, floats of the shape [1, frames, 256 or 768]"
    )]
    NoEmbeddings {
        /// Its inputs.
        names: String,
    },
    /// An encoder.
    #[error("it is an encoder (it takes audio): choose it as encoder, and a voice here")]
    Encoder,
    /// A pitch tracker.
    #[error("it is a pitch tracker, not a voice: choose an exported RVC voice")]
    PitchTracker,
    /// Inputs that no known family has.
    #[error(
        "it has inputs that no known kind of RVC voice has: {names}; export it with RVC WebUI or VC Client, or choose its .pth file"
    )]
    Unknown {
        /// These inputs.
        names: String,
    },
    /// A wrong type.
    #[error("its input `{name}` has the wrong type or number of dimensions: export the voice again")]
    WrongType {
        /// The input.
        name: String,
    },
    /// A batch of more than one.
    #[error(
        "it computes {count} voices at a time, because it was exported with a batch of that size: export it with a batch of 1"
    )]
    Batch {
        /// Its batch size.
        count: usize,
    },
    /// One of two inputs that belong together is missing.
    #[error("it has `{found}` but not `{missing}`, which belongs to it: export the voice again")]
    Half {
        /// The existing input.
        found: &'static str,
        /// The missing one.
        missing: &'static str,
    },
    /// No output.
    #[error("it has no output of floats")]
    NoOutput,
    /// The file does not contain the size of an embedding.
    #[error(
        "it does not state whether its embeddings have 256 values (RVC v1) or 768 (v2): export it with a fixed size of `{name}`, or with VC Client, which writes the size into the file"
    )]
    Width {
        /// The input.
        name: String,
    },
}

impl SynthesizerInterface {
    /// Reads an interface. `metadata` is VC Client's JSON; `facts` reads the weights, given
    /// the names of the speaker and embedding inputs.
    ///
    /// # Errors
    /// See [`SynthesizerInterfaceError`].
    pub fn read(
        signature: &Signature,
        metadata: Option<&str>,
        facts: impl Fn(Option<&str>, &str) -> GraphFacts,
    ) -> Result<Self, SynthesizerInterfaceError> {
        let mut rest = signature.inputs.clone();
        let noise = take(&mut rest, |port| is_noise(port, signature));
        let embeddings = take(&mut rest, |port| {
            port.element.is_float() && port.rank() == 3 && port.is_named(&EMBEDDINGS)
        })
        .or_else(|| {
            take(&mut rest, |port| {
                port.element.is_float() && port.rank() == 3 && port.size(1) != Some(1)
            })
        })
        .ok_or_else(|| other_kind(signature))?;
        let lengths = take(&mut rest, |port| port.is_named(&LENGTHS));
        let speaker = take(&mut rest, |port| port.is_named(&SPEAKER));
        let crop = [SKIP, RETURN, FORMANT].map(|name| take(&mut rest, |port| port.name == name));
        let coarse_pitch = take(&mut rest, |port| port.element.is_int() && port.rank() == 2);
        let pitch = take(&mut rest, |port| port.element.is_float() && port.rank() == 2);
        if !rest.is_empty() {
            let names: Vec<String> = rest.into_iter().map(|port| port.name).collect();
            return Err(SynthesizerInterfaceError::Unknown {
                names: names.join(", "),
            });
        }
        let numbers = [&lengths, &speaker].into_iter().chain(&crop).flatten();
        if let Some(wrong) = numbers
            .into_iter()
            .find(|port| !port.element.is_int() || port.rank() > 1)
        {
            return Err(SynthesizerInterfaceError::WrongType {
                name: wrong.name.clone(),
            });
        }
        if let Some(count) = embeddings.size(0).filter(|&count| count != 1) {
            return Err(SynthesizerInterfaceError::Batch { count });
        }
        let notes = Notes::read(metadata);
        let facts = facts(speaker.as_ref().map(|port| port.name.as_str()), &embeddings.name);
        let width = embeddings.size(2).or(notes.width).or(facts.width);
        let ports = [Some(&embeddings), coarse_pitch.as_ref(), pitch.as_ref()];
        let fixed_frames = ports.into_iter().flatten().find_map(|port| port.size(1));
        Ok(Self {
            width: width.ok_or_else(|| SynthesizerInterfaceError::Width {
                name: embeddings.name.clone(),
            })?,
            fixed_frames,
            speakers: match &speaker {
                Some(_) => facts.speakers.unwrap_or(1).max(1),
                None => 1,
            },
            stated_rate_hz: notes.rate_hz,
            output: output(signature)?,
            crop: whole_crop(crop)?,
            embeddings,
            lengths,
            coarse_pitch,
            pitch,
            speaker,
            noise,
        })
    }

    /// True if it takes a pitch.
    pub fn has_f0(&self) -> bool {
        self.pitch.is_some() || self.coarse_pitch.is_some()
    }

    /// The most likely family.
    pub fn family(&self) -> Family {
        if self.crop.is_some() {
            Family::Deiteris
        } else if self.lengths.is_none() && self.speaker.is_none() {
            Family::ObsRvc
        } else if self.embeddings.name == "feats" {
            Family::VcClient
        } else {
            Family::WebUi
        }
    }
}

/// Removes and returns the first port for which `is` is true.
fn take(ports: &mut Vec<Port>, is: impl Fn(&Port) -> bool) -> Option<Port> {
    let place = ports.iter().position(is)?;
    Some(ports.remove(place))
}

/// Found by name, or as the second of two inputs of rank 3 of which only one has RVC's number of channels.
fn is_noise(port: &Port, signature: &Signature) -> bool {
    let alike = |port: &&Port| port.element.is_float() && port.rank() == 3;
    alike(&port)
        && (port.is_named(&NOISE)
            || (port.size(1) == Some(NOISE_CHANNELS)
                && !port.is_named(&EMBEDDINGS)
                && signature.inputs.iter().filter(alike).count() == 2))
}

/// Recognises what a file without embeddings is instead.
fn other_kind(signature: &Signature) -> SynthesizerInterfaceError {
    let audio = signature
        .inputs
        .iter()
        .find(|port| port.element.is_float() && port.rank() >= 1);
    let outputs = &signature.outputs;
    if signature
        .inputs
        .iter()
        .any(|port| port.is_named(&["fmin", "threshold", "mel"]))
        || outputs
            .iter()
            .any(|port| port.is_named(&["pitchf", "f0", "confidence"]))
    {
        SynthesizerInterfaceError::PitchTracker
    } else if audio.is_some_and(|port| port.rank() <= 3) && outputs.iter().any(|port| port.rank() == 3) {
        SynthesizerInterfaceError::Encoder
    } else {
        SynthesizerInterfaceError::NoEmbeddings {
            names: signature.input_names(),
        }
    }
}

fn output(signature: &Signature) -> Result<String, SynthesizerInterfaceError> {
    let mut floats = signature.outputs.iter().filter(|port| port.element.is_float());
    let first = floats.next().ok_or(SynthesizerInterfaceError::NoOutput)?;
    let named = floats
        .find(|port| port.name == "audio")
        .filter(|_| first.name != "audio");
    Ok(named.unwrap_or(first).name.clone())
}

fn whole_crop(
    [skip, returned, formant]: [Option<Port>; 3],
) -> Result<Option<Crop>, SynthesizerInterfaceError> {
    match (skip, returned, formant) {
        (None, None, None) => Ok(None),
        (Some(skip), Some(returned), formant) => Ok(Some(Crop {
            skip,
            returned,
            formant,
        })),
        (Some(_), None, _) => Err(SynthesizerInterfaceError::Half {
            found: SKIP,
            missing: RETURN,
        }),
        (None, Some(_), _) => Err(SynthesizerInterfaceError::Half {
            found: RETURN,
            missing: SKIP,
        }),
        (None, None, Some(_)) => Err(SynthesizerInterfaceError::Half {
            found: FORMANT,
            missing: RETURN,
        }),
    }
}

/// The used part of VC Client's JSON (`samplingRate`, `embChannels`); numbers may be strings.
#[derive(Default)]
struct Notes {
    rate_hz: Option<u32>,
    width: Option<usize>,
}

impl Notes {
    fn read(metadata: Option<&str>) -> Self {
        let json: serde_json::Value = metadata
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let number = |key: &str| {
            let value = json.get(key)?;
            value
                .as_u64()
                .or_else(|| value.as_str()?.parse().ok())
                .filter(|&number| number > 0)
        };
        Self {
            rate_hz: number("samplingRate").and_then(|rate| u32::try_from(rate).ok()),
            width: number("embChannels").and_then(|width| usize::try_from(width).ok()),
        }
    }
}

#[cfg(test)]
mod tests;
