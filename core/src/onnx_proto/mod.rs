//! ONNX's protobuf messages, of which a model file consists, as `prost` types.
//!
//! `generated.rs` is `onnx-ml.proto` of the package onnx 1.23.2 (Apache-2.0) through prost-build
//! 0.14 and protox 0.9 (no `protoc`), with `disable_comments(["."])`, then formatted. None of
//! this runs when Voxmeld is built. To generate it again, run in a separate program
//! `Config::new().disable_comments(["."]).compile_fds(protox::compile(["onnx-ml.proto"], ["."])?)`.

#[allow(
    dead_code,
    clippy::all,
    reason = "generated from the whole schema, of which only a part is written"
)]
mod generated;

pub use generated::attribute_proto::AttributeType;
pub use generated::tensor_proto::DataType;
pub use generated::tensor_shape_proto::{Dimension, dimension};
pub use generated::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};
