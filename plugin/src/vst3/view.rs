//! Our `IPlugView`: the editor's window inside the host's.
//!
//! Every method is called on the host's main thread, which is why plain cells
//! do here ([`ViewShared`]).

use super::gui_context::Vst3GuiContext;
use super::instance::Instance;
use super::keys;
#[cfg(all(unix, not(target_os = "macos")))]
use super::run_loop::{IRunLoop, RunLoop};
use super::shared::{FrameCallbacks, MainThread, ViewShared, rect_of, size_of};
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::NativeSize;
use nice_plug::editor::{Editor, EditorHandle, HostMethods, ParentWindowHandle};
use nice_plug::nice_error;
use nice_plug::wrapper::vst3::vst3::Steinberg::IPlugViewContentScaleSupport_::ScaleFactor;
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    FIDString, IPlugFrame, IPlugView, IPlugViewContentScaleSupport, IPlugViewContentScaleSupportTrait,
    IPlugViewTrait, TBool, ViewRect, char16, int16, kInvalidArgument, kNotImplemented, kResultFalse,
    kResultOk, tresult,
};
use nice_plug::wrapper::vst3::vst3::{Class, ComPtr, ComRef, ComWrapper};
use std::cell::{Cell, RefCell};
use std::error::Error;
use std::ffi::{CStr, c_void};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

#[cfg(windows)]
use nice_plug::wrapper::vst3::vst3::Steinberg::kPlatformTypeHWND as PLATFORM;
#[cfg(target_os = "macos")]
use nice_plug::wrapper::vst3::vst3::Steinberg::kPlatformTypeNSView as PLATFORM;
#[cfg(all(unix, not(target_os = "macos")))]
use nice_plug::wrapper::vst3::vst3::Steinberg::kPlatformTypeX11EmbedWindowID as PLATFORM;

/// The view that the host holds.
struct View {
    shared: Rc<ViewShared>,
    #[cfg(all(unix, not(target_os = "macos")))]
    run_loop: RefCell<Option<RunLoop>>,
}

/// A new view of an instance, with one reference for the host; null if there is no editor.
#[must_use]
pub fn create(instance: &Arc<Instance>) -> *mut IPlugView {
    if instance.editor.is_none() {
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

/// Compares a host's string with one of the SDK's.
///
/// # Safety
/// Each must be null or a NUL-terminated string.
#[must_use]
pub unsafe fn same_text(a: FIDString, b: FIDString) -> bool {
    // SAFETY: not null, so strings by the caller's promise.
    !a.is_null() && !b.is_null() && unsafe { CStr::from_ptr(a) == CStr::from_ptr(b) }
}

impl View {
    /// Connects the window thread with the host's; gives what wakes the latter.
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
        *self.shared.instance.wake_host_thread.lock() = Some(Box::new(move || for_edits.wake()));
        *self.run_loop.borrow_mut() = Some(run_loop);
        Some(Box::new(move || for_window.wake()))
    }

    /// The window runs on the host's thread already.
    #[cfg(not(all(unix, not(target_os = "macos"))))]
    fn connect(&self) -> Option<Box<dyn Fn() + Send>> {
        None
    }

    fn disconnect(&self) {
        *self.shared.instance.wake_host_thread.lock() = None;
        #[cfg(all(unix, not(target_os = "macos")))]
        {
            let former = self.run_loop.borrow_mut().take();
            drop(former);
        }
        // What the user did last must not get lost with the window.
        self.shared.instance.deliver();
    }

    fn open(&self, parent: ParentWindowHandle) -> Result<(), Box<dyn Error>> {
        let editor = self.shared.instance.editor.as_ref().ok_or("there is no editor")?;
        let context = GuiContext::new(Arc::new(Vst3GuiContext::new(&self.shared.instance)));
        let host = HostMethods {
            callbacks: Box::new(FrameCallbacks(Rc::downgrade(&self.shared))),
            main_thread_caller: Box::new(MainThread(self.connect())),
        };
        let window =
            editor
                .lock()
                .spawn(Some(parent), false, self.shared.scale.get(), context, Some(host))?;
        self.shared.instance.was_opened.store(true, Ordering::Relaxed);
        window.handle.show(&window.window)?;
        *self.shared.window.borrow_mut() = Some(Rc::new(window));
        Ok(())
    }

    fn close(&self) -> bool {
        // Taken out first: closing joins the window thread, which may still ask for things.
        let window = self.shared.window.borrow_mut().take();
        let was_open = window.is_some();
        drop(window);
        self.disconnect();
        was_open
    }
}

impl Drop for View {
    fn drop(&mut self) {
        // Some hosts release a view without removing it.
        self.close();
    }
}

#[cfg(all(unix, not(target_os = "macos")))]
fn parent_handle(parent: *mut c_void) -> Option<ParentWindowHandle> {
    // The pointer is the window's number, not an address.
    std::ffi::c_ulong::try_from(parent.addr())
        .ok()
        .filter(|id| *id != 0)
        .map(ParentWindowHandle::XlibWindow)
}

#[cfg(target_os = "macos")]
fn parent_handle(parent: *mut c_void) -> Option<ParentWindowHandle> {
    std::ptr::NonNull::new(parent).map(ParentWindowHandle::AppKitNsView)
}

#[cfg(windows)]
fn parent_handle(parent: *mut c_void) -> Option<ParentWindowHandle> {
    std::num::NonZeroIsize::new(parent.addr().cast_signed()).map(ParentWindowHandle::Win32Hwnd)
}

impl Class for View {
    type Interfaces = (IPlugView, IPlugViewContentScaleSupport);
}

impl IPlugViewTrait for View {
    unsafe fn isPlatformTypeSupported(&self, kind: FIDString) -> tresult {
        // SAFETY: the host passes null or a string.
        if unsafe { same_text(kind, PLATFORM) } {
            kResultOk
        } else {
            kResultFalse
        }
    }

    unsafe fn attached(&self, parent: *mut c_void, kind: FIDString) -> tresult {
        // SAFETY: the host passes null or a string.
        let supported = unsafe { same_text(kind, PLATFORM) };
        let (true, Some(parent)) = (supported, parent_handle(parent)) else {
            return kInvalidArgument;
        };
        if self.shared.window.borrow().is_some() {
            return kResultFalse;
        }
        match self.open(parent) {
            Ok(()) => kResultOk,
            Err(error) => {
                nice_error!("The editor could not be opened: {error}");
                self.disconnect();
                kResultFalse
            }
        }
    }

    unsafe fn removed(&self) -> tresult {
        if self.close() { kResultOk } else { kResultFalse }
    }

    unsafe fn onWheel(&self, _distance: f32) -> tresult {
        // The window gets the wheel from the system.
        kNotImplemented
    }

    unsafe fn onKeyDown(&self, _key: char16, code: int16, modifiers: int16) -> tresult {
        self.forward_key(code, true, modifiers)
    }

    unsafe fn onKeyUp(&self, _key: char16, code: int16, modifiers: int16) -> tresult {
        self.forward_key(code, false, modifiers)
    }

    unsafe fn getSize(&self, size: *mut ViewRect) -> tresult {
        if size.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: not null, so the host's rectangle to fill.
        unsafe { size.write(rect_of(self.shared.size())) };
        kResultOk
    }

    unsafe fn onSize(&self, size: *mut ViewRect) -> tresult {
        // SAFETY: the host passes null or a valid rectangle.
        let Some(size) = (unsafe { size.as_ref() }).and_then(size_of) else {
            return kInvalidArgument;
        };
        self.shared
            .with_window(|window| window.handle.set_size(size, &window.window).is_ok())
    }

    unsafe fn onFocus(&self, _state: TBool) -> tresult {
        kNotImplemented
    }

    unsafe fn setFrame(&self, frame: *mut IPlugFrame) -> tresult {
        // SAFETY: the host's pointer is null or a live object.
        let frame = unsafe { ComRef::from_raw(frame) }.map(|frame| frame.to_com_ptr());
        let former = self.shared.frame.replace(frame);
        drop(former);
        kResultOk
    }

    unsafe fn canResize(&self) -> tresult {
        if self.shared.instance.resizable {
            kResultOk
        } else {
            kResultFalse
        }
    }

    unsafe fn checkSizeConstraint(&self, rect: *mut ViewRect) -> tresult {
        // SAFETY: the host passes null or a valid rectangle that may be changed.
        let Some(rect) = (unsafe { rect.as_mut() }) else {
            return kInvalidArgument;
        };
        let Some(size) = size_of(rect) else {
            return kInvalidArgument;
        };
        let fitted = Cell::new(None);
        self.shared.with_window(|window| {
            fitted.set(window.handle.adjust_size(size, &window.window));
            true
        });
        let Some(fitted) = fitted.get() else {
            return kResultFalse;
        };
        let fitted = rect_of(fitted);
        rect.right = rect.left + fitted.right;
        rect.bottom = rect.top + fitted.bottom;
        kResultOk
    }
}

impl View {
    fn forward_key(&self, code: int16, is_down: bool, modifiers: int16) -> tresult {
        let Some(key) = keys::virtual_key(code) else {
            return kResultFalse;
        };
        self.shared.with_window(|window| {
            window
                .handle
                .on_virtual_key_from_host(key, is_down, keys::modifiers(modifiers))
        })
    }
}

impl IPlugViewContentScaleSupportTrait for View {
    unsafe fn setContentScaleFactor(&self, factor: ScaleFactor) -> tresult {
        if !factor.is_finite() || factor <= 0.0 {
            return kInvalidArgument;
        }
        let scale = f64::from(factor);
        self.shared.scale.set(Some(scale));
        if self.shared.window.borrow().is_none() {
            return kResultOk;
        }
        self.shared.with_window(|window| {
            window
                .handle
                .set_fallback_scale_factor(scale, &window.window)
                .is_ok()
        })
    }
}
