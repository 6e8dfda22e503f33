//! The inputs of one call of a synthesizer, in the form of its interface.

use super::random::RunLength;
use super::signature::Port;
use super::synthesizer_interface::SynthesizerInterface;
use super::tensors;
use crate::frames::Frames;
use crate::model::SynthesisInput;
use ort::session::SessionInputValue;
use std::borrow::Cow;

/// RVC draws its noise at two thirds of unit variance.
const NOISE_SCALE: f32 = 0.666_66;

/// The frames of a call as the model gets them. A model with a fixed length gets the newest frames that
/// fit, and then the last one repeated until it is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Frames at the beginning that are omitted; all of them are context.
    pub dropped: usize,
    /// Frames in the model's input.
    pub frames: usize,
    /// Frames of these at the beginning that are context only.
    pub skip: usize,
    /// Frames that the model computes.
    pub run: usize,
}

impl Cut {
    /// For a call of `frames` with `skip` of context; `None` where a fixed length is too short
    /// for what must be returned.
    pub fn new(frames: usize, skip: usize, fixed: Option<usize>) -> Option<Self> {
        let run = fixed.unwrap_or(frames);
        let dropped = frames.saturating_sub(run);
        Some(Self {
            dropped,
            frames: frames - dropped,
            skip: skip.checked_sub(dropped)?,
            run,
        })
    }

    /// The length of the run for [`super::random::ModelNoise`].
    pub fn length(&self) -> RunLength {
        RunLength {
            frames: self.run,
            skipped: self.skip,
        }
    }

    /// Rows of `width` values: those in the input, then the last one repeated.
    fn rows<T: Copy>(&self, values: &[T], width: usize) -> Vec<T> {
        let given = &values[self.dropped * width..(self.dropped + self.frames) * width];
        let mut rows = Vec::with_capacity(self.run * width);
        rows.extend_from_slice(given);
        for _ in self.frames..self.run {
            rows.extend_from_slice(&given[given.len() - width..]);
        }
        rows
    }
}

/// Adds all inputs of a call. `pitch_factor`: of the pitch in Hz.
///
/// # Errors
/// If the runtime is out of memory.
pub fn add<'a>(
    interface: &'a SynthesizerInterface,
    input: SynthesisInput<'_>,
    cut: Cut,
    pitch_factor: f32,
    values: &mut Vec<(Cow<'a, str>, SessionInputValue<'a>)>,
) -> Result<(), ort::Error> {
    let mut floats = |port: &'a Port, shape: Vec<usize>, data: Vec<f32>| {
        values.push((
            port.name.as_str().into(),
            tensors::floats(port.element, shape, data)?,
        ));
        Ok::<(), ort::Error>(())
    };
    let width = interface.width;
    let rows = cut.rows(input.embeddings_100hz.data(), width);
    floats(&interface.embeddings, vec![1, cut.run, width], rows)?;
    if let Some(port) = &interface.pitch {
        let hz = input.f0_hz.iter().map(|hz| hz * pitch_factor).collect::<Vec<_>>();
        floats(port, vec![1, cut.run], cut.rows(&hz, 1))?;
    }
    if let Some(port) = &interface.noise {
        let channels = input.noise.dim();
        let rows = cut.rows(input.noise.data(), channels);
        floats(
            port,
            vec![1, channels, cut.run],
            by_channel(&Frames::from_data(channels, rows)),
        )?;
    }
    let mut ints = |port: &'a Port, shape: Vec<usize>, data: Vec<i64>| {
        values.push((
            port.name.as_str().into(),
            tensors::ints(port.element, shape, data)?,
        ));
        Ok::<(), ort::Error>(())
    };
    if let Some(port) = &interface.coarse_pitch {
        let codes: Vec<i64> = input.f0_hz.iter().map(|&hz| coarse_pitch(hz)).collect();
        ints(port, vec![1, cut.run], cut.rows(&codes, 1))?;
    }
    let mut number = |port: &'a Port, value: usize| {
        ints(
            port,
            vec![1; port.rank()],
            vec![i64::try_from(value).unwrap_or(i64::MAX)],
        )
    };
    if let Some(port) = &interface.lengths {
        number(port, cut.frames)?;
    }
    if let Some(port) = &interface.speaker {
        number(port, input.speaker.min(interface.speakers - 1))?;
    }
    if let Some(crop) = &interface.crop {
        let returned = cut.run - cut.skip;
        number(&crop.skip, cut.skip)?;
        number(&crop.returned, returned)?;
        if let Some(port) = &crop.formant {
            number(port, returned)?;
        }
    }
    Ok(())
}

/// `[T, 192]` to RVC's `[192, T]`, scaled.
fn by_channel(noise: &Frames) -> Vec<f32> {
    (0..noise.dim())
        .flat_map(|channel| noise.rows().map(move |row| row[channel] * NOISE_SCALE))
        .collect()
}

/// RVC's coarse pitch code: 1 for unvoiced, else 1..=255 on the mel scale
/// between 50 and 1100 Hz.
#[must_use]
pub fn coarse_pitch(f0_hz: f32) -> i64 {
    let mel = |hz: f64| 1127.0 * (1.0 + hz / 700.0).ln();
    let (low, high) = (mel(50.0), mel(1100.0));
    let here = mel(f64::from(f0_hz.max(0.0)));
    if here <= 0.0 {
        return 1;
    }
    #[expect(clippy::cast_possible_truncation, reason = "clamped to a byte's range")]
    let code = ((here - low) * 254.0 / (high - low) + 1.0)
        .clamp(1.0, 255.0)
        .round_ties_even() as i64;
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coarse_pitch_matches_rvcs_codes() {
        // f0 -> code, computed by hand from the formula.
        for (f0_hz, code) in [
            (0.0, 1),
            (50.0, 1),
            (1100.0, 255),
            (2000.0, 255),
            (440.0, 122),
            (110.0, 23),
            (20.0, 1),
        ] {
            assert_eq!(coarse_pitch(f0_hz), code, "{f0_hz} Hz");
        }
    }

    #[test]
    fn by_channel_transposes_and_scales_noise() {
        let noise = Frames::from_data(2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let scaled: Vec<f32> = [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]
            .iter()
            .map(|x| x * NOISE_SCALE)
            .collect();
        assert_eq!(by_channel(&noise), scaled);
    }

    #[test]
    fn a_fixed_length_pads_with_the_last_frame_and_drops_the_oldest_context() {
        let values = [1, 10, 2, 20, 3, 30];
        let padded = Cut::new(3, 1, Some(5)).expect("room");
        assert_eq!((padded.dropped, padded.skip, padded.run), (0, 1, 5));
        assert_eq!(padded.rows(&values, 2), [1, 10, 2, 20, 3, 30, 3, 30, 3, 30]);
        let dropped = Cut::new(3, 1, Some(2)).expect("room");
        assert_eq!((dropped.dropped, dropped.skip), (1, 0));
        assert_eq!(dropped.rows(&values, 2), [2, 20, 3, 30]);
        assert_eq!(
            Cut::new(3, 0, Some(2)),
            None,
            "a frame that must be returned does not fit"
        );
        assert_eq!(Cut::new(3, 1, None).expect("any").rows(&values, 2), values);
    }
}
