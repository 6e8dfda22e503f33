//! What is kept of a recording: the embeddings of its speech, and their times.

use crate::frames::Frames;
use crate::geometry::LOOKAHEAD_FRAMES_50HZ;
use crate::retrieval::Span;

/// How much of a recording the encoder sees at a time, and which frames of that
/// are kept. All in frames of 20 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodeWindow {
    /// Frames before those that are kept.
    lead: usize,
    /// Frames that are kept.
    step: usize,
    /// Frames after them.
    tail: usize,
}

impl EncodeWindow {
    /// Long windows, as RVC's own extraction sees whole recordings: 10 s of which
    /// the middle 8 are kept.
    pub const LONG: Self = Self {
        lead: 50,
        step: 400,
        tail: 50,
    };

    /// What the engine's encoder sees while it runs: a window of so many frames
    /// of which only the newest frame counts, one of look-ahead behind it. As many
    /// runs as frames, so some twenty times slower than [`Self::LONG`].
    #[must_use]
    pub fn live(frames: usize) -> Self {
        Self {
            lead: frames.saturating_sub(1 + LOOKAHEAD_FRAMES_50HZ),
            step: 1,
            tail: LOOKAHEAD_FRAMES_50HZ,
        }
    }

    /// The window of so many frames in all.
    #[must_use]
    pub fn of(frames: usize) -> Self {
        if frames == Self::LONG.frames() {
            Self::LONG
        } else {
            Self::live(frames)
        }
    }

    /// Frames in all.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.lead + self.step + self.tail
    }

    /// Frames before those that are kept.
    pub(super) fn lead(&self) -> usize {
        self.lead
    }

    /// Frames that are kept.
    pub(super) fn step(&self) -> usize {
        self.step
    }
}

/// The speech of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct SpeechEmbeddings {
    /// One embedding per 20 ms of speech.
    pub embeddings: Frames,
    /// Where they are from; `first_id` counts from 0.
    pub spans: Vec<Span>,
    /// Frames of silence that were left out.
    pub silent: usize,
}

impl SpeechEmbeddings {
    /// Nothing yet.
    #[must_use]
    pub fn new(dim: usize) -> Self {
        Self {
            embeddings: Frames::new(dim),
            spans: Vec::new(),
            silent: 0,
        }
    }

    /// Appends the embedding of a frame of the recording; frames come in their order.
    pub(super) fn push(&mut self, frame_50hz: usize, embedding: &[f32]) {
        let id = self.embeddings.len();
        let frame_50hz = frame_50hz as u64;
        self.embeddings.push(embedding);
        match self.spans.last_mut() {
            Some(span) if span.start_frame_50hz + span.len as u64 == frame_50hz => span.len += 1,
            _ => self.spans.push(Span {
                first_id: id,
                len: 1,
                start_frame_50hz: frame_50hz,
            }),
        }
    }
}
