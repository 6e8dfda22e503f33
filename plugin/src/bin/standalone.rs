//! Voxmeld as a program: the plugin with its own audio device and window, for live use
//! without a host. `voxmeld --help` lists backends and devices.

fn main() {
    nice_plug::nice_export_standalone::<voxmeld::plugin::Voxmeld>();
}
