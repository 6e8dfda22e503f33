//! Real models: the default voice pack, files that cannot be used, and RVC exports where the shared data is.

mod bad_files;
mod default_pack;
mod likeness;
mod pack_blending;
#[cfg(feature = "shared-data")]
mod rvc_exports;
#[cfg(feature = "shared-data")]
mod rvc_goldens;
