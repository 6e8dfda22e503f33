//! The interfaces that the host calls.

use super::View;
use super::platform::{PLATFORM, parent_handle, same_text};
use super::shared::{rect_of, size_of};
use crate::ExportedPlugin;
use crate::vst3::keys;
use nice_plug::editor::EditorHandle;
use nice_plug::nice_error;
use nice_plug::wrapper::vst3::vst3::Steinberg::IPlugViewContentScaleSupport_::ScaleFactor;
use nice_plug::wrapper::vst3::vst3::Steinberg::{
    FIDString, IPlugFrame, IPlugView, IPlugViewContentScaleSupport, IPlugViewContentScaleSupportTrait,
    IPlugViewTrait, TBool, ViewRect, char16, int16, kInvalidArgument, kNotImplemented, kResultFalse,
    kResultOk, tresult,
};
use nice_plug::wrapper::vst3::vst3::{Class, ComRef};
use std::cell::Cell;
use std::ffi::c_void;

impl<P: ExportedPlugin> Class for View<P> {
    type Interfaces = (IPlugView, IPlugViewContentScaleSupport);
}

impl<P: ExportedPlugin> IPlugViewTrait for View<P> {
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
        // The window gets wheel events from the operating system.
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
        let editor = self.shared.instance.editor.as_ref();
        if editor.is_some_and(|editor| editor.can_resize) {
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

impl<P: ExportedPlugin> View<P> {
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

impl<P: ExportedPlugin> IPlugViewContentScaleSupportTrait for View<P> {
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
