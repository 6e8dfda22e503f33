//! File dialogs that never hold up the window.
//!
//! A dialog is the desktop's (on Linux the portal's, else zenity's), runs on a
//! thread of its own, and answers through a channel. Where there is none, the
//! path fields are always there to be typed into, and a hint says so.

use crossbeam_channel::{Receiver, bounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// Nobody cancels a dialog this fast: there was none.
const TOO_FAST_FOR_A_PERSON: Duration = Duration::from_millis(500);

/// What a dialog is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A content encoder.
    Encoder,
    /// A voice.
    Synthesizer,
    /// A search index.
    Index,
    /// A folder of recordings.
    Recordings,
}

impl Part {
    /// What the user calls it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Encoder => "Encoder",
            Self::Synthesizer => "Voice model",
            Self::Index => "Index",
            Self::Recordings => "Folder of recordings",
        }
    }

    fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Encoder => &["onnx"],
            Self::Synthesizer => &["onnx", "pth", "safetensors"],
            Self::Index => &["index"],
            Self::Recordings => &[],
        }
    }
}

/// An open dialog.
pub struct Dialog {
    /// What it is for.
    pub part: Part,
    opened: Instant,
    answer: Receiver<Option<PathBuf>>,
}

/// The desktop's answer, to be waited for.
type Picked = Pin<Box<dyn Future<Output = Option<rfd::FileHandle>> + Send>>;

/// How a dialog ended.
pub enum Answer {
    /// With this file.
    File(PathBuf),
    /// With nothing, by the user.
    Cancelled,
    /// It never came up.
    NoDialog,
}

impl Dialog {
    /// Opens a dialog.
    #[must_use]
    pub fn open(part: Part) -> Self {
        let (send, answer) = bounded(1);
        // Made here because macOS wants it on this thread; waited for elsewhere.
        let dialog = rfd::AsyncFileDialog::new().set_title(part.label());
        let pick = || -> Picked {
            if part == Part::Recordings {
                return Box::pin(dialog.pick_folder());
            }
            let dialog = dialog.add_filter(part.label(), part.extensions());
            Box::pin(dialog.add_filter("All files", &["*"]).pick_file())
        };
        let spawned = catch_unwind(AssertUnwindSafe(pick)).map(|picked| {
            std::thread::Builder::new()
                .name("voxmeld-dialog".into())
                .spawn(move || {
                    // A broken desktop service must not take the host down.
                    let file = catch_unwind(AssertUnwindSafe(|| pollster::block_on(picked)))
                        .ok()
                        .flatten();
                    // The window may be gone by now.
                    let _ = send.send(file.map(|file| file.path().to_owned()));
                })
        });
        // Where no thread could be made, the channel is closed and the answer is "no dialog".
        drop(spawned);
        Self {
            part,
            opened: Instant::now(),
            answer,
        }
    }

    /// The answer, as soon as there is one.
    #[must_use]
    pub fn poll(&self) -> Option<Answer> {
        use crossbeam_channel::TryRecvError;
        match self.answer.try_recv() {
            Ok(Some(file)) => Some(Answer::File(file)),
            Ok(None) if self.opened.elapsed() > TOO_FAST_FOR_A_PERSON => Some(Answer::Cancelled),
            Ok(None) | Err(TryRecvError::Disconnected) => Some(Answer::NoDialog),
            Err(TryRecvError::Empty) => None,
        }
    }
}
