//! ONNX's messages, as `prost` types: what a model file is made of.
//!
//! `generated.rs` is `onnx-ml.proto` of the package onnx 1.23.2 (Apache-2.0) through prost-build
//! 0.14 and protox 0.9 (no `protoc`), with `disable_comments(["."])`, then formatted. Nothing of
//! that runs when Voxmeld is built. To make it again: in a program of its own,
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
