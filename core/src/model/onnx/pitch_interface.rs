//! The interfaces of pitch trackers.
//!
//! | inputs | output | family |
//! | --- | --- | --- |
//! | `audio` [1,N], `fmin`, `fmax` | `pitch`, `confidence` | SwiftF0, see [`super::swift_f0`] |
//! | `waveform` [1,N], `threshold` | `pitchf`, every 160 samples | RMVPE and FCPE, VC Client |
//! | `mel` [1,128,F], `threshold` | `pitchf` | RMVPE |
//! | `mel` [1,F,128], `threshold` | `pitchf` | FCPE |
//! | one of [1,128,F], F a multiple of 32 | salience [1,F,360] | RMVPE, RVC WebUI |

use super::signature::{Port, Signature};
use crate::dsp::log_mel::{BANDS, MelKind};

/// Steps of pitch in a salience.
pub const SALIENCE_STEPS: usize = 360;

/// What a tracker is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PitchInput {
    /// Samples.
    Waveform,
    /// Spectra, one band after the other.
    Bands(MelKind),
    /// Spectra, one frame after the other.
    Frames(MelKind),
}

/// How a tracker of one family is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PitchInterface {
    /// What it is given.
    pub input: PitchInput,
    /// The port for it.
    pub port: Port,
    /// The port of the least confidence of a voiced frame.
    pub threshold: Option<Port>,
    /// The name of the output.
    pub output: String,
    /// True if the output is a salience, else a pitch in Hz.
    pub is_salience: bool,
}

impl PitchInterface {
    /// Finds the interface of a model.
    ///
    /// # Errors
    /// What differs from all that are known, as a sentence.
    pub fn read(signature: &Signature) -> Result<Self, String> {
        let (thresholds, inputs): (Vec<&Port>, Vec<&Port>) = signature
            .inputs
            .iter()
            .partition(|port| port.is_named(&["threshold"]) && port.rank() <= 1);
        let unknown = || {
            format!(
                "its inputs are {}; expected are those of SwiftF0 (audio, fmin, fmax), or of RMVPE or FCPE (waveform, mel or input, with or \
                 without threshold)",
                signature.input_names()
            )
        };
        let ([port], Some(output)) = (&inputs[..], signature.outputs.first()) else {
            return Err(unknown());
        };
        let is_salience = output.rank() == 3 && output.size(2).is_none_or(|size| size == SALIENCE_STEPS);
        let input = match (port.rank(), port.size(1), port.size(2)) {
            (2, ..) => PitchInput::Waveform,
            (3, Some(BANDS), _) => PitchInput::Bands(MelKind::Rmvpe),
            (3, _, Some(BANDS)) => PitchInput::Frames(MelKind::Fcpe),
            _ => return Err(unknown()),
        };
        if !port.element.is_float() || !output.element.is_float() {
            return Err("its input and output must be floats of 32 or 16 bits".into());
        }
        Ok(Self {
            input,
            port: (*port).clone(),
            threshold: thresholds.first().map(|port| (*port).clone()),
            // FCPE's and others' pitch may have a last axis of 1.
            is_salience: is_salience && output.size(2) != Some(1),
            output: output.name.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::signature::Element::{F32, I64};
    use super::super::signature::tests::port;
    use super::*;

    fn read(inputs: Vec<Port>, output: Port) -> Result<(PitchInput, bool, bool), String> {
        let signature = Signature {
            inputs,
            outputs: vec![output],
        };
        let found = PitchInterface::read(&signature)?;
        Ok((found.input, found.threshold.is_some(), found.is_salience))
    }

    #[test]
    fn each_family_is_recognised_by_its_ports() {
        let threshold = |shape: &[usize]| port("threshold", F32, shape);
        let pitch = || port("pitchf", F32, &[1, 0]);
        let rmvpe = PitchInput::Bands(MelKind::Rmvpe);
        let fcpe = PitchInput::Frames(MelKind::Fcpe);
        for (inputs, output, expected) in [
            (
                vec![port("input", F32, &[1, 128, 0])],
                port("output", F32, &[1, 0, 360]),
                (rmvpe, false, true),
            ),
            (
                vec![port("waveform", F32, &[1, 0]), threshold(&[1])],
                pitch(),
                (PitchInput::Waveform, true, false),
            ),
            (
                vec![port("mel", F32, &[0, 128, 0]), threshold(&[])],
                pitch(),
                (rmvpe, true, false),
            ),
            (
                vec![threshold(&[]), port("mel", F32, &[1, 0, 128])],
                port("pitchf", F32, &[1, 0, 1]),
                (fcpe, true, false),
            ),
        ] {
            assert_eq!(read(inputs, output), Ok(expected));
        }
    }

    #[test]
    fn other_models_are_refused_with_what_is_expected() {
        let pitch = || port("pitchf", F32, &[1, 0]);
        let two = vec![port("phone", F32, &[1, 0, 768]), port("pitch", I64, &[1, 0])];
        let why = read(two, pitch()).expect_err("a voice");
        assert!(why.contains("phone, pitch") && why.contains("RMVPE"), "{why}");
        let whole = read(vec![port("input", I64, &[1, 128, 0])], pitch());
        assert!(whole.expect_err("whole numbers").contains("floats"));
        assert!(read(vec![port("input", F32, &[1, 80, 0])], pitch()).is_err());
    }
}
