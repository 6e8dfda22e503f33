//! State that a view shares with its window's callbacks.
//!
//! No cell is borrowed while the host or the window is called: both may call
//! back immediately.

use crate::ExportedPlugin;
use crate::vst3::instance::Instance;
use nice_plug::editor::dpi::{NativeSize, Size};
use nice_plug::editor::{Editor, EditorHandle, HostCallbacks, HostMainThreadCaller, SpawnedEditor};
use nice_plug::plugin::Plugin;
use nice_plug::wrapper::vst3::vst3::ComPtr;
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    IPlugFrame, IPlugFrameTrait, IPlugView, ViewRect, int32, kResultFalse, kResultOk, tresult,
};
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// An open window and its handle.
pub(super) type Window<P> = SpawnedEditor<<<P as Plugin>::Editor as Editor>::Handle>;

/// The part of the view that the window's callbacks use.
pub(super) struct ViewShared<P: ExportedPlugin> {
    /// The plugin.
    pub(super) instance: Arc<Instance<P>>,
    /// The window, while it is open.
    pub(super) window: RefCell<Option<Rc<Window<P>>>>,
    /// The host's frame around the window.
    pub(super) frame: RefCell<Option<ComPtr<IPlugFrame>>>,
    /// The view's pointer, as passed to the host; valid as long as the view is.
    pub(super) view: Cell<*mut IPlugView>,
    /// The scale factor that the host set, before or while the window is open.
    pub(super) scale: Cell<Option<f64>>,
    /// The editor's size when it was last read.
    pub(super) last_size: Cell<NativeSize<u32>>,
}

impl<P: ExportedPlugin> ViewShared<P> {
    /// Runs on the host's thread: delivers messages, and resizes that the window requested.
    pub fn on_host_thread(&self) {
        self.instance.messages.deliver();
        let window = self.window.borrow().clone();
        if let Some(window) = window {
            window.handle.host_main_thread_callback(&window.window);
        }
    }

    /// The size in the platform's pixels.
    pub(super) fn size(&self) -> NativeSize<u32> {
        let window = self.window.borrow().clone();
        if let Some(size) = window.and_then(|window| P::window_size(&window.window)) {
            return size;
        }
        // The lock is held while a window is being created, and hosts may ask for the size meanwhile.
        let hidden = self.instance.editor.as_ref();
        if let Some(editor) = hidden.and_then(|hidden| hidden.editor.try_lock()) {
            self.last_size.set(editor.size());
        }
        let was_opened = hidden.is_some_and(|hidden| hidden.was_opened.load(Ordering::Relaxed));
        match self.scale.get() {
            // Before its first window the editor assumes a scale of 1.
            Some(scale) if !cfg!(target_os = "macos") && !was_opened => scaled(self.last_size.get(), scale),
            _ => self.last_size.get(),
        }
    }

    /// Runs `act` on the open window; `kResultFalse` if there is no window or `act` returns false.
    pub(super) fn with_window(&self, act: impl FnOnce(&Window<P>) -> bool) -> tresult {
        let window = self.window.borrow().clone();
        if window.is_some_and(|window| act(&window)) {
            kResultOk
        } else {
            kResultFalse
        }
    }

    fn resize_frame(&self, size: NativeSize<u32>) -> bool {
        let frame = self.frame.borrow().clone();
        let mut rect = rect_of(size);
        // SAFETY: the host's frame is alive, and so is the view while its window is.
        frame.is_some_and(|frame| unsafe { frame.resizeView(self.view.get(), &raw mut rect) } == kResultOk)
    }
}

fn scaled(size: NativeSize<u32>, scale: f64) -> NativeSize<u32> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates; sizes are positive"
    )]
    let scaled = |length: u32| (f64::from(length) * scale).round() as u32;
    NativeSize::new(scaled(size.width), scaled(size.height))
}

pub(super) fn rect_of(size: NativeSize<u32>) -> ViewRect {
    let length = |pixels| int32::try_from(pixels).unwrap_or(int32::MAX);
    ViewRect {
        left: 0,
        top: 0,
        right: length(size.width),
        bottom: length(size.height),
    }
}

pub(super) fn size_of(rect: &ViewRect) -> Option<NativeSize<u32>> {
    let length = |from: int32, to: int32| {
        u32::try_from(i64::from(to) - i64::from(from))
            .ok()
            .filter(|length| *length > 0)
    };
    Some(NativeSize::new(
        length(rect.left, rect.right)?,
        length(rect.top, rect.bottom)?,
    ))
}

/// Lets the window request another size from the host.
pub(super) struct FrameCallbacks<P: ExportedPlugin>(pub(super) Weak<ViewShared<P>>);

impl<P: ExportedPlugin> HostCallbacks for FrameCallbacks<P> {
    fn request_resize(&mut self, size: Size, scale: f64) -> Result<(), Box<dyn Error>> {
        let granted = self
            .0
            .upgrade()
            .is_some_and(|view| view.resize_frame(NativeSize::from_size(size, scale)));
        if granted {
            Ok(())
        } else {
            Err("the host keeps its window's size".into())
        }
    }

    fn destroyed(&mut self) {
        // VST3 has no call for this; the host closes its side as usual.
    }
}

/// Wakes the host's thread for the window thread.
pub(super) struct MainThreadWaker(pub(super) Option<Box<dyn Fn() + Send>>);

impl HostMainThreadCaller for MainThreadWaker {
    fn call_main_thread(&mut self) {
        if let Some(wake) = &self.0 {
            wake();
        }
    }
}
