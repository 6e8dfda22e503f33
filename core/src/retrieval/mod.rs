//! Nearest-neighbour retrieval over a target voice's embeddings.
//!
//! Thread: worker (search) and loader (open, health check). Nothing here is
//! ever called from the audio thread.

pub mod blend;
mod conversion;
mod converted;
pub mod deadline;
pub(crate) mod distance;
mod encoder_fit;
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
mod reconstruct;
mod rows;
mod rvc_retrieval;
mod sample;
mod search;
mod sidecar;
mod with_sidecar;

pub use blend::{Mean, Retrieved, blend, retrieve, squared_distances, weighted_mean};
pub use conversion::Conversion;
pub use encoder_fit::EncoderFit;
pub use error::IndexFileError;
pub use filter::IdFilter;
pub use flat::FlatIndex;
pub use format::{MAX_DIM, MAX_FILE_BYTES};
pub use index::EmbeddingIndex;
pub use ivf::IvfIndex;
pub use open::{open, open_bytes};
pub use plan::{Plan, PlanError, Preset, probe_warning, rvc_file_name};
pub use recall::{Measured, Probe};
pub use rvc_retrieval::retrieve_like_rvc;
pub use sample::{Sampled, held_out_rows, nearest_of_sample, nearest_rows};
pub use search::{Metric, NO_NEIGHBOUR, Neighbours, SearchError};
pub use sidecar::{
    CentresInfo, Comparison, DistancePercentiles, EncoderInfo, RecallPoint, RecallTable, Sidecar,
    SidecarError, Source, Span,
};
pub use with_sidecar::{mean_length, normalize};

// Search parameters travel with the audio in `Controls`, so they are defined there.
pub use crate::controls::{MAX_K, SearchParams};
