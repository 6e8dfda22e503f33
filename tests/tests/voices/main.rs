//! Real models: the default voice pack, unusable files, and (with the shared data) RVC exports.

mod bad_files;
mod default_pack;
mod encoder_weights;
mod families;
mod other_encoder;
mod pack_blending;
mod pitch_trackers;
#[cfg(feature = "shared-data")]
mod rvc_exports;
#[cfg(feature = "shared-data")]
mod rvc_goldens;
mod rvc_weights;
mod sessions;
mod target_similarity;
