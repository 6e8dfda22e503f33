//! The stream, seen at the host's rate.

use super::conversion::{ToHost, ToStream};
use crate::controls::Controls;
use crate::geometry::Geometry;
use crate::stream::{FrameBlend, SegmentKind, StreamClient};
use crate::units::RateConversion;

/// The host samples at which controls are read: `floor((n * step + offset) * numerator / denominator)` since the reset, for
/// every `n` from 0 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlGrid {
    /// Samples of the stream from one reading to the next.
    pub step: u32,
    /// Sample of the stream at the first reading.
    pub offset: u32,
    /// Host samples per `denominator` stream samples.
    pub numerator: u64,
    /// See `numerator`; both are 1 if the stream runs at the host's rate.
    pub denominator: u64,
}

/// The stream, and the conversion to its rate if that differs from the host's. Positions and lengths are in host samples.
///
/// # Real-time
/// Nothing allocates after [`Self::new`].
pub struct HostStream {
    client: StreamClient,
    grid: ControlGrid,
    conversion: Option<Conversion>,
}

/// State for a stream whose rate differs from the host's.
struct Conversion {
    rates: RateConversion,
    stream_rate_hz: f64,
    to_stream: ToStream,
    to_host: ToHost,
    /// Scratch buffers: a run at the stream's rate, input and output.
    run_in: Vec<f32>,
    run_out: Vec<f32>,
    position_host: u64,
    position_stream: u64,
    /// The next sample of the stream whose controls are read.
    next_control: u64,
    /// Controls that were read at samples of the stream which have not been converted yet.
    kept: Vec<(u64, Controls)>,
}

/// More readings than a run and half a filter can contain.
const KEPT_MAX: usize = 16;

impl HostStream {
    /// Runs of up to `max_run` samples are pushed at a time.
    #[must_use]
    pub fn new(client: StreamClient, geometry: &Geometry, max_run: usize) -> Self {
        // The stream's rate is at most 400 Hz above the host's, which is at least 8 kHz.
        let max_run_stream = max_run + max_run / 8 + 2;
        let (numerator, denominator) = geometry.conversion.map_or((1, 1), RateConversion::millihertz);
        let grid = ControlGrid {
            step: u32::try_from(geometry.tick_host).unwrap_or(u32::MAX),
            offset: u32::try_from(geometry.frame_middle_host()).unwrap_or(0),
            numerator,
            denominator,
        };
        let conversion = || {
            Some(Conversion {
                rates: geometry.conversion?,
                stream_rate_hz: f64::from(geometry.host_rate.0),
                to_stream: ToStream::new(geometry, max_run)?,
                to_host: ToHost::new(geometry, max_run_stream)?,
                run_in: Vec::with_capacity(max_run_stream),
                run_out: vec![0.0; max_run_stream],
                position_host: 0,
                position_stream: 0,
                next_control: u64::from(grid.offset),
                kept: Vec::with_capacity(KEPT_MAX),
            })
        };
        Self {
            client,
            grid,
            conversion: conversion(),
        }
    }

    /// The samples at which controls are read.
    #[must_use]
    pub fn control_grid(&self) -> ControlGrid {
        self.grid
    }

    /// See [`StreamClient::reset`].
    pub fn reset(&mut self) {
        self.client.reset();
        if let Some(conversion) = &mut self.conversion {
            conversion.to_stream.reset();
            conversion.to_host.reset();
            conversion.position_host = 0;
            conversion.position_stream = 0;
            conversion.next_control = u64::from(self.grid.offset);
            conversion.kept.clear();
        }
    }

    /// See [`StreamClient::set_waits`].
    pub fn set_waits(&mut self, waits: bool) {
        self.client.set_waits(waits);
    }

    /// See [`StreamClient::begin_block`].
    pub fn begin_block(&mut self, len: usize, seconds: f64, rate_hz: f64) {
        let (len, rate_hz) = self.conversion.as_ref().map_or((len, rate_hz), |conversion| {
            // Rounded up rather than down: otherwise the worker would sleep too long.
            let len = usize::try_from(conversion.rates.stream_ceil(len as u64)).unwrap_or(len);
            (len, conversion.stream_rate_hz)
        });
        self.client.begin_block(len, seconds, rate_hz);
    }

    /// Pushes a run of input; see [`StreamClient::push_with`]. At most as long as set at construction.
    pub fn push_with(&mut self, mono: &[f32], controls_at: impl Fn(usize) -> Controls) {
        let Some(conversion) = &mut self.conversion else {
            self.client.push_with(mono, controls_at);
            return;
        };
        conversion.keep_controls(mono.len(), u64::from(self.grid.step), controls_at);
        conversion.run_in.clear();
        conversion.to_stream.convert(mono, &mut conversion.run_in);
        let (first, kept) = (conversion.position_stream, &conversion.kept);
        self.client.push_with(&conversion.run_in, |n| {
            let at = first + n as u64;
            let found = kept.iter().find(|(position, _)| *position == at);
            found.map_or_else(Controls::default, |(_, controls)| *controls)
        });
        conversion.position_stream += conversion.run_in.len() as u64;
        let passed = conversion.position_stream;
        conversion.kept.retain(|(position, _)| *position >= passed);
        let mut rest = conversion.run_in.len();
        while rest > 0 {
            let (count, kind) = self.client.pull(&mut conversion.run_out[..rest]);
            conversion.to_host.accept(&conversion.run_out[..count], kind);
            rest -= count;
        }
    }

    /// See [`StreamClient::pull`]. As many samples may be pulled as were pushed.
    pub fn pull(&mut self, voice: &mut [f32]) -> (usize, SegmentKind) {
        match &mut self.conversion {
            Some(conversion) => conversion.to_host.pull(voice),
            None => self.client.pull(voice),
        }
    }

    /// See [`StreamClient::next_applied_frame`].
    pub fn next_applied_frame(&mut self, before: u64) -> Option<(u64, FrameBlend)> {
        let Some(conversion) = &self.conversion else {
            return self.client.next_applied_frame(before);
        };
        let rates = conversion.rates;
        let (middle, frame) = self.client.next_applied_frame(rates.stream_ceil(before))?;
        Some((rates.host_floor(middle), frame))
    }
}

impl Conversion {
    /// Reads the controls at those samples of a run at which the stream will need them.
    fn keep_controls(&mut self, len: usize, step: u64, controls_at: impl Fn(usize) -> Controls) {
        let end = self.position_host + len as u64;
        loop {
            let due = self.rates.host_floor(self.next_control);
            if due >= end {
                break;
            }
            let n = usize::try_from(due.saturating_sub(self.position_host)).unwrap_or(0);
            debug_assert!(self.kept.len() < KEPT_MAX, "no room, which would allocate");
            self.kept.push((self.next_control, controls_at(n)));
            self.next_control += step;
        }
        self.position_host = end;
    }
}
