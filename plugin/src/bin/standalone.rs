//! nice-plug's own program around the plugin, to compare with: for live use there is `voxmeld` (`plugin/live`).

fn main() {
    nice_plug::nice_export_standalone::<voxmeld::plugin::Voxmeld>();
}
