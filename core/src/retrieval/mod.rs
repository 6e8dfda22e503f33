//! Nearest-neighbour retrieval over a target voice's embeddings.
//!
//! Thread: worker (search) and loader (open, health check). Nothing here is
//! ever called from the audio thread.

pub mod blend;
mod compat;
pub mod deadline;
mod described;
pub(crate) mod distance;
mod error;
mod filter;
pub mod flat;
mod format;
pub mod health;
mod index;
pub mod ivf;
mod open;
mod plan;
pub mod recall;
mod rows;
mod sample;
mod search;
mod sidecar;

pub use blend::{Mean, Retrieved, blend, retrieve, squared_distances, weighted_mean};
pub use compat::retrieve_as_rvc;
pub use described::{mean_length, normalize};
pub use error::IndexFileError;
pub use filter::IdFilter;
pub use flat::FlatIndex;
pub use format::{MAX_DIM, MAX_FILE_BYTES};
pub use index::EmbeddingIndex;
pub use ivf::IvfIndex;
pub use open::open;
pub use plan::{Plan, PlanError, Preset, probe_warning, rvc_file_name};
pub use recall::{Measured, Probe};
pub use sample::{Sampled, held_out_rows, nearest_of_sample, nearest_rows};
pub use search::{Metric, NO_NEIGHBOUR, Neighbours, SearchError};
pub use sidecar::{
    CentresInfo, Comparison, DistancePercentiles, EncoderInfo, RecallPoint, RecallTable, Sidecar,
    SidecarError, Source, Span,
};

// What a search is asked for rides with the audio, so it is defined there.
pub use crate::controls::{MAX_K, SearchParams};
