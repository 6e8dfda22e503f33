//! Conversion between the host's rate and the stream's, if 10 ms are not a whole number of host samples.
//!
//! Sample `m` of the stream is the host's signal at host sample `m * host rate / stream rate`, interpolated as soon as
//! half a filter of input after it has arrived. Host sample `n` of the output is the stream's output at
//! `(n - latency) * stream rate / host rate + stream latency`. Both are exact fractions of whole numbers: nothing drifts,
//! the delay is a whole number of host samples, and no value depends on how blocks are cut.
//!
//! # Real-time
//! All buffers are allocated at construction.

use crate::dsp::interpolate::{HALF, HALF_TRANSITION, SincTable, TAPS};
use crate::geometry::Geometry;
use crate::stream::SegmentKind;

/// A position between samples: a whole number and a remainder, in parts of `step`'s denominator.
#[derive(Clone, Copy)]
struct Place {
    whole: i64,
    part: u64,
}

/// Distance from one value to the next: `numerator / denominator` samples.
#[derive(Clone, Copy)]
struct Step {
    numerator: u64,
    denominator: u64,
}

impl Place {
    /// At `numerator / step.denominator` samples.
    fn at(numerator: i128, step: Step) -> Self {
        let denominator = i128::from(step.denominator);
        Self {
            whole: i64::try_from(numerator.div_euclid(denominator)).unwrap_or(0),
            part: u64::try_from(numerator.rem_euclid(denominator)).unwrap_or(0),
        }
    }

    fn advance(&mut self, step: Step) {
        self.part += step.numerator;
        while self.part >= step.denominator {
            self.part -= step.denominator;
            self.whole += 1;
        }
    }

    fn fraction(self, step: Step) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "millihertz stay far below 2^52")]
        let (part, whole) = (self.part as f64, step.denominator as f64);
        part / whole
    }
}

/// Input: from the host's rate to the stream's.
pub struct ToStream {
    table: SincTable,
    step: Step,
    /// The newest [`TAPS`] samples, and the current run.
    line: Vec<f32>,
    /// Host position of the next sample of the stream, relative to the next sample in.
    next: Place,
}

impl ToStream {
    /// Silent, for runs of up to `max_run` samples. `None` if the stream runs at the host's rate.
    pub fn new(geometry: &Geometry, max_run: usize) -> Option<Self> {
        let (numerator, denominator) = geometry.conversion?.millihertz();
        Some(Self {
            table: SincTable::new(0.5 - HALF_TRANSITION),
            step: Step {
                numerator,
                denominator,
            },
            line: vec![0.0; TAPS + max_run],
            next: Place { whole: 0, part: 0 },
        })
    }

    /// Silent again, at position 0.
    pub fn reset(&mut self) {
        self.line.fill(0.0);
        self.next = Place { whole: 0, part: 0 };
    }

    /// Converts a run; appends to `stream`.
    pub fn convert(&mut self, run_host: &[f32], stream: &mut Vec<f32>) {
        let len = run_host.len();
        self.line[TAPS..TAPS + len].copy_from_slice(run_host);
        // The filter reaches from sample `whole - HALF + 1` to `whole + HALF`.
        while let Some(start) = usize::try_from(self.next.whole + as_i64(HALF + 1)).ok()
            && let Some(around) = self.line[..TAPS + len].get(start..start + TAPS)
            && let Ok(around) = around.try_into()
        {
            stream.push(self.table.at(around, self.next.fraction(self.step)));
            self.next.advance(self.step);
        }
        self.line.copy_within(len..len + TAPS, 0);
        self.next.whole -= as_i64(len);
    }
}

/// Output: from the stream's rate to the host's.
pub struct ToHost {
    table: SincTable,
    step: Step,
    begin: Place,
    /// Stream samples from `from` on, and their kinds.
    line: Vec<f32>,
    kinds: Vec<SegmentKind>,
    from: i64,
    /// Stream position of the next host sample.
    next: Place,
    /// Value that is held where the voice stops, so that the filter gets no edge before the fade has ended.
    last_voice: f32,
}

impl ToHost {
    /// Silent, for runs of up to `max_run` samples of the stream. `None` if the stream runs at the host's rate.
    pub fn new(geometry: &Geometry, max_run: usize) -> Option<Self> {
        let (host, stream) = geometry.conversion?.millihertz();
        let step = Step {
            numerator: stream,
            denominator: host,
        };
        #[expect(clippy::cast_precision_loss, reason = "millihertz stay far below 2^52")]
        let nyquist = 0.5 * host as f64 / stream as f64;
        let whole =
            |samples: usize, millihertz: u64| i128::try_from(samples).unwrap_or(0) * i128::from(millihertz);
        let begin = Place::at(
            whole(geometry.stream_latency_host(), host) - whole(geometry.latency_samples(), stream),
            step,
        );
        let capacity = 4 * TAPS + 2 * max_run;
        let mut made = Self {
            table: SincTable::new(nyquist - HALF_TRANSITION),
            step,
            begin,
            line: Vec::with_capacity(capacity),
            kinds: Vec::with_capacity(capacity),
            from: 0,
            next: begin,
            last_voice: 0.0,
        };
        made.reset();
        Some(made)
    }

    /// Silent again, at position 0.
    pub fn reset(&mut self) {
        self.next = self.begin;
        self.from = self.begin.whole - as_i64(HALF) + 1;
        let before = usize::try_from(-self.from).unwrap_or(0);
        self.line.clear();
        self.line.resize(before, 0.0);
        self.kinds.clear();
        self.kinds.resize(before, SegmentKind::NotReady);
        self.last_voice = 0.0;
    }

    /// Appends samples of one kind.
    pub fn accept(&mut self, stream: &[f32], kind: SegmentKind) {
        if kind == SegmentKind::Ready {
            self.line.extend_from_slice(stream);
            self.last_voice = stream.last().copied().unwrap_or(self.last_voice);
        } else {
            self.line.resize(self.line.len() + stream.len(), self.last_voice);
        }
        self.kinds.resize(self.line.len(), kind);
    }

    /// Writes the next samples at the host's rate, as many as `voice` holds or until their kind changes; returns their number and kind.
    /// There are enough as soon as the same amount of input was converted.
    pub fn pull(&mut self, voice: &mut [f32]) -> (usize, SegmentKind) {
        self.forget();
        let mut found = None;
        for (n, sample) in voice.iter_mut().enumerate() {
            let start = usize::try_from(self.next.whole - as_i64(HALF) + 1 - self.from).unwrap_or(0);
            let kind = self.kinds.get(start + HALF - 1).copied();
            let around = self.line.get(start..start + TAPS);
            let (Some(kind), Some(Ok(around))) = (kind, around.map(TryInto::try_into)) else {
                debug_assert!(false, "more output than input");
                *sample = 0.0;
                return (n + 1, SegmentKind::NotReady);
            };
            if *found.get_or_insert(kind) != kind {
                return (n, *found.get_or_insert(kind));
            }
            let value = self.table.at(around, self.next.fraction(self.step));
            *sample = if kind == SegmentKind::Ready { value } else { 0.0 };
            self.next.advance(self.step);
        }
        (voice.len(), found.unwrap_or(SegmentKind::NotReady))
    }

    /// Drops samples that no later output needs.
    fn forget(&mut self) {
        let first = self.next.whole - as_i64(HALF) + 1;
        let gone = usize::try_from(first - self.from)
            .unwrap_or(0)
            .min(self.line.len());
        self.line.drain(..gone);
        self.kinds.drain(..gone);
        self.from += as_i64(gone);
    }
}

fn as_i64(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Hop;

    /// Rates at which 10 ms are not a whole number of samples: (rate, stream's rate, samples of the host). The stream's latency and half a
    /// filter in samples of the host, rounded up, and half a filter: at 22.05 kHz 32 + (448 + 448 + 521 + 672 + 32)
    /// / 22400 * 22050.
    const CONVERTED: &[(f64, u32, usize)] = &[
        (11_025.0, 11_200, 1_349),
        (22_050.0, 22_400, 2_120),
        (44_055.9, 44_400, 3_660),
        (47_952.0, 48_000, 3_934),
    ];

    #[test]
    fn rates_without_whole_10_ms_run_in_a_stream_of_the_next_multiple_of_400_hz() {
        for &(rate_hz, stream_hz, samples) in CONVERTED {
            let geometry = Geometry::new(rate_hz, Hop::Ms20, 512).expect("a supported set-up");
            assert_eq!(geometry.host_rate.0, stream_hz, "{rate_hz} Hz");
            assert_eq!(geometry.latency_samples(), samples, "{rate_hz} Hz");
        }
    }
}
