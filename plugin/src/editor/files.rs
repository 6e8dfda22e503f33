//! File dialogs that do not block the window.
//!
//! A dialog is the desktop's (on Linux the portal's, else zenity's), runs on its own
//! thread and replies through a channel. If none is available, a hint says that paths can
//! be typed into the fields.

use crossbeam_channel::{Receiver, bounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::Pin;
use std::time::{Duration, Instant};

/// A dialog that is cancelled faster than this was never shown.
const MIN_DIALOG_TIME: Duration = Duration::from_millis(500);

/// What a dialog is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// A content encoder.
    Encoder,
    /// A voice.
    Synthesizer,
    /// A search index.
    Index,
    /// A pitch tracker.
    Pitch,
    /// A folder of recordings.
    Recordings,
    /// A file for the library.
    Import,
    /// A folder in which moved files are searched.
    Search,
}

impl Part {
    /// Name shown to the user.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Encoder => "Encoder",
            Self::Synthesizer => "Voice model",
            Self::Index => "Index",
            Self::Pitch => "Pitch tracker",
            Self::Recordings => "Folder of recordings",
            Self::Import => "Voice, archive or encoder",
            Self::Search => "Folder with the voice's files",
        }
    }

    fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Encoder => &["onnx", "pt", "bin", "safetensors"],
            Self::Synthesizer => &["pth", "onnx", "safetensors"],
            Self::Index => &["index"],
            Self::Pitch => &["onnx"],
            Self::Recordings | Self::Search => &[],
            Self::Import => &["pth", "zip", "safetensors", "onnx", "pt", "bin"],
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

/// The pending reply of the desktop.
type Picked = Pin<Box<dyn Future<Output = Option<rfd::FileHandle>> + Send>>;

/// How a dialog ended.
pub enum Answer {
    /// A file was chosen.
    File(PathBuf),
    /// The user cancelled it.
    Cancelled,
    /// No dialog could be shown.
    NoDialog,
}

impl Dialog {
    /// Opens a dialog.
    #[must_use]
    pub fn open(part: Part) -> Self {
        let (send, answer) = bounded(1);
        // Created here because macOS requires this thread; waited for on another.
        let dialog = rfd::AsyncFileDialog::new().set_title(part.label());
        let pick = || -> Picked {
            if matches!(part, Part::Recordings | Part::Search) {
                return Box::pin(dialog.pick_folder());
            }
            let dialog = dialog.add_filter(part.label(), part.extensions());
            Box::pin(dialog.add_filter("All files", &["*"]).pick_file())
        };
        let spawned = catch_unwind(AssertUnwindSafe(pick)).map(|picked| {
            std::thread::Builder::new()
                .name("voxmeld-dialog".into())
                .spawn(move || {
                    // A panic in the desktop service must not crash the host.
                    let file = catch_unwind(AssertUnwindSafe(|| pollster::block_on(picked)))
                        .ok()
                        .flatten();
                    // The window may be closed by now.
                    let _ = send.send(file.map(|file| file.path().to_owned()));
                })
        });
        // Without a thread the channel is closed, which `poll` reports as "no dialog".
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
            Ok(None) if self.opened.elapsed() > MIN_DIALOG_TIME => Some(Answer::Cancelled),
            Ok(None) | Err(TryRecvError::Disconnected) => Some(Answer::NoDialog),
            Err(TryRecvError::Empty) => None,
        }
    }
}
