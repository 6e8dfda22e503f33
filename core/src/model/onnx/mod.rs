//! The models on ONNX Runtime. The only room that uses `ort`.

mod content_encoder;
mod encoder_interface;
mod external;
mod file_bytes;
mod graph_facts;
mod pitch_interface;
mod pitch_tracker;
mod random;
mod rvc_eight_bits;
mod rvc_graph;
mod rvc_inputs;
mod rvc_synthesizer;
mod rvc_voice;
mod session;
mod shared_session;
mod signature;
mod state;
mod swift_f0;
mod synthesizer_interface;
mod tensors;
mod weights;
mod wire;

pub use content_encoder::ContentEncoder;
pub use pitch_tracker::open_pitch_tracker;
pub use rvc_eight_bits::{Loss, SampleFeatures, open_in_8_bits};
pub use rvc_graph::{RvcGraph, RvcGraphInput};
pub use rvc_inputs::coarse_pitch;
pub use rvc_synthesizer::RvcSynthesizer;
pub use rvc_voice::{RvcVoice, open_synthesizer, rvc_width, synthesizer_delay_us};
pub use session::{ModelFileError, runtime_available, set_runtime_library};
pub use swift_f0::SwiftF0;
