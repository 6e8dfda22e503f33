//! Gap of nice-plug 0.4.2: its view borrows the window while parameter tasks run on
//! another thread, so a host that plays automation while the editor opens or closes
//! is aborted. Here nice-plug never has a window (`bridge/construction.rs`); this
//! view shows the editor inside the host's window, and sends its messages to the host
//! through `host_messages.rs`.
//!
//! To delete once nice-plug's view can be opened and closed under automation: this
//! folder, `gui_context.rs`, `keys.rs`, `memory_stream.rs`, and `Bridge::editor`.
//!
//! Every method is called on the host's main thread, so plain cells
//! suffice here ([`ViewShared`]).

mod platform;
mod plug_view;
mod shared;

use super::gui_context::Vst3GuiContext;
use super::instance::Instance;
#[cfg(all(unix, not(target_os = "macos")))]
use super::run_loop::{IRunLoop, RunLoop};
use crate::ExportedPlugin;
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::NativeSize;
use nice_plug::editor::{Editor, EditorHandle, HostMethods, ParentWindowHandle};
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::ViewType::kEditor;
use nice_plug::wrapper::vst3::vst3::Steinberg::{FIDString, IPlugView};
use nice_plug::wrapper::vst3::vst3::{ComPtr, ComWrapper};
use platform::same_text;
use shared::{FrameCallbacks, MainThreadWaker, ViewShared};
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The view that the host holds.
struct View<P: ExportedPlugin> {
    shared: Rc<ViewShared<P>>,
    #[cfg(all(unix, not(target_os = "macos")))]
    run_loop: RefCell<Option<RunLoop>>,
}

/// Creates a view of an instance, with one reference for the host; null if `name` is not
/// the editor's view or there is no editor.
///
/// # Safety
/// `name` must be null or a NUL-terminated string.
pub(super) unsafe fn create<P: ExportedPlugin>(
    instance: &Arc<Instance<P>>,
    name: FIDString,
) -> *mut IPlugView {
    // SAFETY: the caller's promise.
    if instance.editor.is_none() || !unsafe { same_text(name, kEditor) } {
        return std::ptr::null_mut();
    }
    let shared = Rc::new(ViewShared {
        instance: instance.clone(),
        window: RefCell::default(),
        frame: RefCell::default(),
        view: Cell::new(std::ptr::null_mut()),
        scale: Cell::new(None),
        last_size: Cell::new(NativeSize::new(1, 1)),
    });
    let view = View {
        shared: shared.clone(),
        #[cfg(all(unix, not(target_os = "macos")))]
        run_loop: RefCell::default(),
    };
    let pointer = ComWrapper::new(view)
        .to_com_ptr::<IPlugView>()
        .map_or(std::ptr::null_mut(), ComPtr::into_raw);
    shared.view.set(pointer);
    pointer
}

impl<P: ExportedPlugin> View<P> {
    /// Connects the window thread to the host's main thread; returns the function that wakes the latter.
    #[cfg(all(unix, not(target_os = "macos")))]
    fn connect(&self) -> Option<Box<dyn Fn() + Send>> {
        let frame = self.shared.frame.borrow().clone()?;
        let shared = Rc::downgrade(&self.shared);
        let run_loop = RunLoop::register(frame.cast::<IRunLoop>()?, move || {
            if let Some(shared) = shared.upgrade() {
                shared.on_host_thread();
            }
        })?;
        let (for_edits, for_window) = (run_loop.waker()?, run_loop.waker()?);
        let messages = &self.shared.instance.messages;
        messages.set_view_waker(Some(Box::new(move || for_edits.wake())));
        *self.run_loop.borrow_mut() = Some(run_loop);
        Some(Box::new(move || for_window.wake()))
    }

    /// The window already runs on the host's thread.
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    fn connect(&self) -> Option<Box<dyn Fn() + Send>> {
        None
    }

    fn disconnect(&self) {
        self.shared.instance.messages.set_view_waker(None);
        #[cfg(all(unix, not(target_os = "macos")))]
        {
            let former = self.run_loop.borrow_mut().take();
            drop(former);
        }
        // The user's last edits must not be lost with the window.
        self.shared.instance.messages.deliver();
    }

    fn open(&self, parent: ParentWindowHandle) -> Result<(), Box<dyn Error>> {
        let hidden = self.shared.instance.editor.as_ref().ok_or("there is no editor")?;
        let context = GuiContext::new(Arc::new(Vst3GuiContext::new(&self.shared.instance)));
        let host = HostMethods {
            callbacks: Box::new(FrameCallbacks(Rc::downgrade(&self.shared))),
            main_thread_caller: Box::new(MainThreadWaker(self.connect())),
        };
        let window =
            hidden
                .editor
                .lock()
                .spawn(Some(parent), false, self.shared.scale.get(), context, Some(host))?;
        hidden.was_opened.store(true, Ordering::Relaxed);
        window.handle.show(&window.window)?;
        *self.shared.window.borrow_mut() = Some(Rc::new(window));
        Ok(())
    }

    fn close(&self) -> bool {
        // Removed first: closing joins the window thread, which may still call back.
        let window = self.shared.window.borrow_mut().take();
        let was_open = window.is_some();
        drop(window);
        self.disconnect();
        was_open
    }
}

impl<P: ExportedPlugin> Drop for View<P> {
    fn drop(&mut self) {
        // Some hosts release a view without removing it.
        self.close();
    }
}
