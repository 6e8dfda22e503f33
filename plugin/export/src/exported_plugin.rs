//! The trait that a plugin implements to be exported.

use crate::bridge::BridgeTask;
use nice_plug::editor::dpi::NativeSize;
use nice_plug::editor::{Editor, EditorHandle};
use nice_plug::prelude::{ClapPlugin, Plugin, Vst3Plugin};

/// The window of a plugin's editor.
pub type EditorWindow<P> = <<<P as Plugin>::Editor as Editor>::Handle as EditorHandle>::Window;

/// A plugin that this package can export; see [`export_plugin!`](crate::export_plugin).
///
/// Its constructor must make one [`Bridge`](crate::Bridge), its `editor` must pass
/// through [`Bridge::editor`](crate::Bridge::editor), its `reset` must do nothing unless
/// [`Bridge::must_start_over`](crate::Bridge::must_start_over), and its task executor must
/// pass each [`BridgeTask`] to [`Bridge::run`](crate::Bridge::run). Its layouts have one or two
/// channels, the same number in and out, and at most one side chain of one or two channels. A library
/// exports one plugin.
pub trait ExportedPlugin: ClapPlugin + Vst3Plugin + Plugin<BackgroundTask: From<BridgeTask>> {
    /// Ids (those of `#[id = "..."]`) of the parameters whose values the plugin
    /// publishes with [`Bridge::publish`](crate::Bridge::publish), in that order.
    /// Hosts see them as read-only and can record them.
    const OUTPUT_PARAMS: &'static [&'static str] = &[];

    /// Id of the parameter that MIDI's modulation wheel controls. It must be continuous,
    /// and the plugin sets it itself from `NoteEvent::MidiCC`.
    const MOD_WHEEL_PARAM: Option<&'static str> = None;

    /// The same for MIDI's pitch bend; the middle of its range is no bend.
    const PITCH_BEND_PARAM: Option<&'static str> = None;

    /// The same for MIDI's channel pressure.
    const PRESSURE_PARAM: Option<&'static str> = None;

    /// True if the plugin reads tempo, transport or the song position. Only then are they
    /// requested from a VST3 host.
    const READS_TRANSPORT: bool = false;

    /// True if the plugin reads notes. Only then are a VST3 host's events passed on.
    const READS_NOTES: bool = false;

    /// The size of an open window in the platform's pixels, which nice-plug's
    /// `EditorHandle` does not report. `None`: use the editor's own size.
    #[must_use]
    fn window_size(window: &EditorWindow<Self>) -> Option<NativeSize<u32>> {
        let _ = window;
        None
    }
}
