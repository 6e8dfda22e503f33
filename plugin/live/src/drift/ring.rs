//! A ring of frames that knows when it was written to.

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Bits of the count of written frames in a stamp; the rest is the time in microseconds.
const COUNT_BITS: u32 = 24;
const COUNT_MASK: u64 = (1 << COUNT_BITS) - 1;

/// What the writer publishes for the reader next to the samples.
#[derive(Default)]
struct Notes {
    /// Time of the last write and count of written frames, in one number so that they belong together.
    stamp: AtomicU64,
    /// Largest write, in frames.
    largest: AtomicU32,
    /// Frames that found no room.
    refused: AtomicU64,
}

/// A ring for `frames` frames of `channels` interleaved samples.
#[must_use]
pub fn ring(channels: usize, frames: usize) -> (RingWriter, RingReader) {
    let (producer, consumer) = HeapRb::new(channels * frames.max(1)).split();
    let notes = Arc::new(Notes::default());
    let writer = RingWriter {
        producer,
        channels,
        written: 0,
        notes: notes.clone(),
    };
    let reader = RingReader {
        consumer,
        channels,
        read: 0,
        notes,
    };
    (writer, reader)
}

/// The side of the device that delivers.
pub struct RingWriter {
    producer: HeapProd<f32>,
    channels: usize,
    written: u64,
    notes: Arc<Notes>,
}

impl RingWriter {
    /// Channels of a frame.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Writes whole interleaved frames that were complete at `now_s`; what finds no room is dropped and counted.
    ///
    /// # Real-time
    /// Yes.
    pub fn write(&mut self, interleaved: &[f32], now_s: f64) {
        let frames = interleaved.len() / self.channels;
        let room = self.producer.vacant_len() / self.channels;
        let taken = frames.min(room);
        self.producer.push_slice(&interleaved[..taken * self.channels]);
        self.written += taken as u64;
        let stamp = (micros(now_s) << COUNT_BITS) | (self.written & COUNT_MASK);
        // After the samples: who sees the count also finds the samples.
        self.notes.stamp.store(stamp, Ordering::Release);
        self.notes
            .largest
            .fetch_max(u32::try_from(frames).unwrap_or(u32::MAX), Ordering::Relaxed);
        if taken < frames {
            self.notes
                .refused
                .fetch_add((frames - taken) as u64, Ordering::Relaxed);
        }
    }
}

/// The side of the device that takes.
pub struct RingReader {
    consumer: HeapCons<f32>,
    channels: usize,
    read: u64,
    notes: Arc<Notes>,
}

impl RingReader {
    /// Channels of a frame.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Frames that can be read now.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.consumer.occupied_len() / self.channels
    }

    /// Frames of the largest write so far.
    #[must_use]
    pub fn largest_write(&self) -> usize {
        self.notes.largest.load(Ordering::Relaxed) as usize
    }

    /// Frames that the writer had to drop.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.notes.refused.load(Ordering::Relaxed)
    }

    /// Seconds since the last write, and the frames that had been written and not read by then. `None` before the
    /// first write.
    #[must_use]
    pub fn last_write(&self, now_s: f64) -> Option<(f64, usize)> {
        let stamp = self.notes.stamp.load(Ordering::Acquire);
        if stamp == 0 {
            return None;
        }
        let fill = (stamp & COUNT_MASK).wrapping_sub(self.read & COUNT_MASK) & COUNT_MASK;
        // Times have 40 bits of microseconds (twelve days) and wrap.
        let age_us = micros(now_s).wrapping_sub(stamp >> COUNT_BITS) & (u64::MAX >> COUNT_BITS);
        let age_us = if age_us > u64::MAX >> (COUNT_BITS + 1) {
            0
        } else {
            age_us
        };
        #[expect(clippy::cast_precision_loss, reason = "at most 2^40")]
        let age_s = age_us as f64 * 1e-6;
        Some((age_s, usize::try_from(fill).unwrap_or(0)))
    }

    /// Reads `into.len() / channels` frames, or as many as there are; returns their count.
    ///
    /// # Real-time
    /// Yes.
    pub fn read(&mut self, into: &mut [f32]) -> usize {
        let frames = self.frames().min(into.len() / self.channels);
        self.consumer.pop_slice(&mut into[..frames * self.channels]);
        self.read += frames as u64;
        frames
    }

    /// Drops `frames` frames, or all that are there.
    ///
    /// # Real-time
    /// Yes.
    pub fn skip(&mut self, frames: usize) -> usize {
        let frames = frames.min(self.frames());
        self.consumer.skip(frames * self.channels);
        self.read += frames as u64;
        frames
    }
}

/// Microseconds as stored in a stamp.
fn micros(now_s: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates; times are positive"
    )]
    let micros = (now_s * 1e6) as u64;
    micros & (u64::MAX >> COUNT_BITS)
}
