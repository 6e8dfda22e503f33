//! Builds an ONNX graph.

use crate::onnx_proto::{
    AttributeProto, AttributeType, DataType, Dimension, GraphProto, ModelProto, NodeProto,
    OperatorSetIdProto, StringStringEntryProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
    dimension, type_proto,
};
use prost::Message;
use std::collections::HashMap;
use std::rc::Rc;

/// The first opset with LayerNormalization.
const OPSET: i64 = 17;
const IR_VERSION: i64 = 8;

/// A value in the graph, by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edge(Rc<str>);

/// Size of an axis.
#[derive(Clone, Copy, Debug)]
pub enum Dim {
    /// Fixed.
    Fixed(usize),
    /// Known only when the model runs.
    Named(&'static str),
}

/// Nodes, weights, inputs and outputs, in the order in which they were added.
#[derive(Default)]
pub struct Graph {
    graph: GraphProto,
    made: usize,
    /// Small constants that exist already, for reuse.
    known: HashMap<(DataType, Vec<i64>, Vec<u8>), Edge>,
}

impl Graph {
    /// Adds a node with one output.
    pub fn op(&mut self, kind: &str, inputs: &[&Edge], attributes: Vec<AttributeProto>) -> Edge {
        let [output] = self.op_many(kind, inputs, attributes);
        output
    }

    /// Adds a node with `N` outputs.
    pub fn op_many<const N: usize>(
        &mut self,
        kind: &str,
        inputs: &[&Edge],
        attributes: Vec<AttributeProto>,
    ) -> [Edge; N] {
        let outputs: [Edge; N] = std::array::from_fn(|_| self.fresh(kind));
        self.graph.node.push(NodeProto {
            op_type: Some(kind.to_string()),
            input: inputs.iter().map(|edge| edge.0.to_string()).collect(),
            output: outputs.iter().map(|edge| edge.0.to_string()).collect(),
            attribute: attributes,
            ..NodeProto::default()
        });
        outputs
    }

    fn fresh(&mut self, hint: &str) -> Edge {
        self.made += 1;
        Edge(format!("{hint}_{}", self.made).into())
    }

    // ---- constants ------------------------------------------------------------------------------

    /// Weights, or other floats.
    pub fn floats(&mut self, shape: &[usize], values: &[f32]) -> Edge {
        let mut bytes = vec![0; values.len() * 4];
        for (four, value) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(values) {
            *four = value.to_le_bytes();
        }
        self.constant(DataType::Float, shape, bytes)
    }

    /// One float.
    pub fn float(&mut self, value: f32) -> Edge {
        self.floats(&[], &[value])
    }

    /// Doubles.
    pub fn doubles(&mut self, shape: &[usize], values: &[f64]) -> Edge {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(DataType::Double, shape, bytes)
    }

    /// A list of integers.
    pub fn ints(&mut self, values: &[i64]) -> Edge {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(DataType::Int64, &[values.len()], bytes)
    }

    /// One integer, a scalar.
    pub fn int(&mut self, value: i64) -> Edge {
        self.constant(DataType::Int64, &[], value.to_le_bytes().to_vec())
    }

    /// One unsigned integer of 8 bits.
    pub fn u8(&mut self, value: u8) -> Edge {
        self.constant(DataType::Uint8, &[], vec![value])
    }

    /// Integers of 8 bits.
    pub fn i8s(&mut self, shape: &[usize], values: &[i8]) -> Edge {
        let bytes = values.iter().map(|value| value.cast_unsigned()).collect();
        self.constant(DataType::Int8, shape, bytes)
    }

    /// Integers of 32 bits.
    pub fn i32s(&mut self, values: &[i32]) -> Edge {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(DataType::Int32, &[values.len()], bytes)
    }

    fn constant(&mut self, data_type: DataType, shape: &[usize], bytes: Vec<u8>) -> Edge {
        const SMALL: usize = 256;
        let dims: Vec<i64> = shape.iter().map(|&size| signed(size)).collect();
        let key = (bytes.len() <= SMALL).then(|| (data_type, dims.clone(), bytes.clone()));
        if let Some(known) = key.as_ref().and_then(|key| self.known.get(key)) {
            return known.clone();
        }
        let edge = self.fresh("c");
        self.initialize(&edge, data_type, dims, bytes);
        if let Some(key) = key {
            self.known.insert(key, edge.clone());
        }
        edge
    }

    fn initialize(&mut self, edge: &Edge, data_type: DataType, dims: Vec<i64>, bytes: Vec<u8>) {
        self.graph.initializer.push(TensorProto {
            name: Some(edge.0.to_string()),
            data_type: Some(data_type.into()),
            dims,
            raw_data: Some(bytes),
            ..TensorProto::default()
        });
    }

    // ---- inputs and outputs -----------------------------------------------------------------------

    /// An input that must be given.
    pub fn input(&mut self, name: &str, data_type: DataType, shape: &[Dim]) -> Edge {
        self.graph.input.push(value_info(name, data_type, shape));
        Edge(name.into())
    }

    /// An optional scalar integer input.
    pub fn optional_int(&mut self, name: &str, default: i64) -> Edge {
        let edge = self.input(name, DataType::Int64, &[]);
        self.initialize(&edge, DataType::Int64, Vec::new(), default.to_le_bytes().to_vec());
        edge
    }

    /// An optional input of floats; zeros by default.
    pub fn optional_floats(&mut self, name: &str, shape: &[usize]) -> Edge {
        let dims: Vec<Dim> = shape.iter().map(|&size| Dim::Fixed(size)).collect();
        let edge = self.input(name, DataType::Float, &dims);
        let dims = shape.iter().map(|&size| signed(size)).collect();
        self.initialize(
            &edge,
            DataType::Float,
            dims,
            vec![0; 4 * shape.iter().product::<usize>()],
        );
        edge
    }

    /// An output.
    pub fn output(&mut self, name: &str, edge: &Edge, shape: &[Dim]) {
        self.graph.node.push(NodeProto {
            op_type: Some("Identity".into()),
            input: vec![edge.0.to_string()],
            output: vec![name.to_string()],
            ..NodeProto::default()
        });
        self.graph.output.push(value_info(name, DataType::Float, shape));
    }

    // ---- frequent operations ----------------------------------------------------------------------

    /// `a + b`.
    pub fn add(&mut self, a: &Edge, b: &Edge) -> Edge {
        self.op("Add", &[a, b], vec![])
    }

    /// `a * b`.
    pub fn mul(&mut self, a: &Edge, b: &Edge) -> Edge {
        self.op("Mul", &[a, b], vec![])
    }

    /// Matrix product.
    pub fn matmul(&mut self, a: &Edge, b: &Edge) -> Edge {
        self.op("MatMul", &[a, b], vec![])
    }

    /// Another shape; one size may be -1.
    pub fn reshape(&mut self, x: &Edge, shape: &[i64]) -> Edge {
        let shape = self.ints(shape);
        self.op("Reshape", &[x, &shape], vec![])
    }

    /// Other order of axes.
    pub fn transpose(&mut self, x: &Edge, order: &[i64]) -> Edge {
        self.op("Transpose", &[x], vec![ints("perm", order)])
    }

    /// Another type.
    pub fn cast(&mut self, x: &Edge, to: DataType) -> Edge {
        self.op("Cast", &[x], vec![int("to", i64::from(i32::from(to)))])
    }

    /// A new axis of size 1.
    pub fn unsqueeze(&mut self, x: &Edge, axis: i64) -> Edge {
        let axes = self.ints(&[axis]);
        self.op("Unsqueeze", &[x, &axes], vec![])
    }

    /// The part `start..end` along `axis`; both bounds are tensors of one element.
    pub fn slice(&mut self, x: &Edge, start: &Edge, end: &Edge, axis: i64) -> Edge {
        let axes = self.ints(&[axis]);
        self.op("Slice", &[x, start, end, &axes], vec![])
    }

    /// As [`Self::slice`], with fixed bounds.
    pub fn slice_fixed(&mut self, x: &Edge, start: i64, end: i64, axis: i64) -> Edge {
        let (start, end) = (self.ints(&[start]), self.ints(&[end]));
        self.slice(x, &start, &end, axis)
    }

    /// Two parts along `axis`.
    pub fn split(&mut self, x: &Edge, sizes: [usize; 2], axis: i64) -> [Edge; 2] {
        let sizes = self.ints(&sizes.map(signed));
        self.op_many("Split", &[x, &sizes], vec![int("axis", axis)])
    }

    /// Leaky rectifier.
    pub fn leaky(&mut self, x: &Edge, slope: f32) -> Edge {
        self.op("LeakyRelu", &[x], vec![float("alpha", slope)])
    }

    /// The finished model's bytes.
    #[must_use]
    pub fn finish(mut self, name: &str, notes: &[(&str, String)]) -> Vec<u8> {
        self.graph.name = Some(name.to_string());
        let notes = notes.iter().map(|(key, value)| StringStringEntryProto {
            key: Some((*key).to_string()),
            value: Some(value.clone()),
        });
        let model = ModelProto {
            ir_version: Some(IR_VERSION),
            producer_name: Some("voxmeld".into()),
            opset_import: vec![OperatorSetIdProto {
                domain: Some(String::new()),
                version: Some(OPSET),
            }],
            metadata_props: notes.collect(),
            graph: Some(self.graph),
            ..ModelProto::default()
        };
        model.encode_to_vec()
    }
}

fn value_info(name: &str, data_type: DataType, shape: &[Dim]) -> ValueInfoProto {
    let dim = |dim: &Dim| Dimension {
        value: Some(match dim {
            Dim::Fixed(size) => dimension::Value::DimValue(signed(*size)),
            Dim::Named(name) => dimension::Value::DimParam((*name).to_string()),
        }),
        ..Dimension::default()
    };
    let tensor = type_proto::Tensor {
        elem_type: Some(data_type.into()),
        shape: Some(TensorShapeProto {
            dim: shape.iter().map(dim).collect(),
        }),
    };
    ValueInfoProto {
        name: Some(name.to_string()),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
            ..TypeProto::default()
        }),
        ..ValueInfoProto::default()
    }
}

/// An attribute that is an integer.
pub fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_string()),
        r#type: Some(AttributeType::Int.into()),
        i: Some(value),
        ..AttributeProto::default()
    }
}

/// An attribute that is a list of integers.
pub fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_string()),
        r#type: Some(AttributeType::Ints.into()),
        ints: values.to_vec(),
        ..AttributeProto::default()
    }
}

/// An attribute that is a float.
pub fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_string()),
        r#type: Some(AttributeType::Float.into()),
        f: Some(value),
        ..AttributeProto::default()
    }
}

/// A size as ONNX writes it.
pub fn signed(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
