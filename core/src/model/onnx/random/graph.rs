//! Finds the random nodes of an ONNX file, adds their values to the outputs, or replaces
//! them by inputs. Field numbers are those of `onnx.proto3`.

use super::super::wire::{Field, Malformed, fields, put_bytes, put_varint};

mod model_field {
    pub const GRAPH: u64 = 7;
    pub const FUNCTIONS: u64 = 25;
}
mod graph_field {
    pub const NODE: u64 = 1;
    pub const INPUT: u64 = 11;
    pub const OUTPUT: u64 = 12;
}
mod node_field {
    pub const INPUT: u64 = 1;
    pub const OUTPUT: u64 = 2;
    pub const OP_TYPE: u64 = 4;
    pub const ATTRIBUTE: u64 = 5;
    /// Field of `FunctionProto`.
    pub const FUNCTION_NODE: u64 = 7;
}
mod attribute_field {
    pub const NAME: u64 = 1;
    pub const FLOAT: u64 = 2;
    pub const GRAPH: u64 = 6;
    pub const GRAPHS: u64 = 11;
}
/// `TensorProto.DataType.FLOAT`.
const FLOAT: u64 = 1;
/// `TensorProto.DataType.FLOAT16`.
const FLOAT16: u64 = 10;

/// Distribution of a random node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// Normal.
    Normal {
        /// Their mean.
        mean: f32,
        /// Their standard deviation.
        scale: f32,
    },
    /// Uniform from `low` to `high`.
    Uniform {
        /// Smallest value.
        low: f32,
        /// Upper bound, exclusive.
        high: f32,
    },
}

/// A random node that can be replaced by an input.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomNode {
    /// Name of its output, and of the input that replaces it.
    pub name: String,
    /// Its distribution.
    pub distribution: Distribution,
}

/// Random nodes of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RandomNodes {
    /// Nodes that can be replaced.
    pub nodes: Vec<RandomNode>,
    /// True if there are others that cannot be replaced: of another kind, or inside
    /// loops, branches and functions.
    pub has_others: bool,
    /// True if there are dropouts with a training input. Dropout is for training; in a
    /// voice it is an exporter's mistake.
    pub has_dropouts: bool,
}

impl RandomNodes {
    /// True if two runs of the unchanged file may differ.
    #[must_use]
    pub fn is_random(&self) -> bool {
        !self.nodes.is_empty() || self.has_others || self.has_dropouts
    }
}

/// Finds random nodes.
///
/// # Errors
/// If the bytes are no protobuf message.
pub fn find(onnx: &[u8]) -> Result<RandomNodes, Malformed> {
    let mut found = RandomNodes::default();
    for field in fields(onnx) {
        let field = field?;
        match field.number {
            model_field::GRAPH => find_in_graph(field.bytes, &mut found)?,
            model_field::FUNCTIONS => {
                for part in fields(field.bytes) {
                    let part = part?;
                    found.has_others |=
                        part.number == node_field::FUNCTION_NODE && is_random_node(part.bytes)?;
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

fn find_in_graph(graph: &[u8], found: &mut RandomNodes) -> Result<(), Malformed> {
    for field in fields(graph) {
        let field = field?;
        if field.number != graph_field::NODE {
            continue;
        }
        let node = Node::read(field.bytes)?;
        if let Some(distribution) = node.distribution() {
            found.nodes.push(RandomNode {
                name: node.output.to_string(),
                distribution,
            });
        } else if node.op == "Dropout" {
            found.has_dropouts |= node.inputs > 2;
        } else {
            found.has_others |= is_random_node(field.bytes)?;
        }
    }
    Ok(())
}

/// True if the node, or one inside it, is random in any way.
fn is_random_node(bytes: &[u8]) -> Result<bool, Malformed> {
    let node = Node::read(bytes)?;
    if matches!(
        node.op,
        "RandomNormal"
            | "RandomNormalLike"
            | "RandomUniform"
            | "RandomUniformLike"
            | "Bernoulli"
            | "Multinomial"
    ) || (node.op == "Dropout" && node.inputs > 2)
    {
        return Ok(true);
    }
    for attribute in node.attributes {
        for part in fields(attribute) {
            let part = part?;
            if part.number != attribute_field::GRAPH && part.number != attribute_field::GRAPHS {
                continue;
            }
            for inner in fields(part.bytes) {
                let inner = inner?;
                if inner.number == graph_field::NODE && is_random_node(inner.bytes)? {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

/// The file with the values of `nodes` as additional outputs, to find their shapes.
///
/// # Errors
/// If the bytes are no protobuf message.
pub fn with_outputs(onnx: &[u8], nodes: &[RandomNode]) -> Result<Vec<u8>, Malformed> {
    with_graph(onnx, |graph| {
        let mut out = graph.to_vec();
        for node in nodes {
            // Without a type: the runtime infers it from the node.
            let mut info = Vec::new();
            put_bytes(&mut info, 1, node.name.as_bytes());
            put_bytes(&mut out, graph_field::OUTPUT, &info);
        }
        Ok(out)
    })
}

/// The file with each of `nodes` replaced by an input, and without training in its dropouts.
/// `kinds`: the number of dimensions of each, and whether it has 16 bits.
///
/// # Errors
/// If the bytes are no protobuf message.
pub fn with_inputs(onnx: &[u8], nodes: &[RandomNode], kinds: &[(usize, bool)]) -> Result<Vec<u8>, Malformed> {
    with_graph(onnx, |graph| {
        let mut out = Vec::with_capacity(graph.len());
        for field in fields(graph) {
            let field = field?;
            if field.number != graph_field::NODE {
                out.extend_from_slice(field.raw);
                continue;
            }
            let node = Node::read(field.bytes)?;
            if node.distribution().is_some() && nodes.iter().any(|replaced| replaced.name == node.output) {
                continue;
            }
            if node.op == "Dropout" && node.inputs > 2 {
                put_bytes(&mut out, graph_field::NODE, &without_training(field.bytes)?);
            } else {
                out.extend_from_slice(field.raw);
            }
        }
        for (node, &(rank, half)) in nodes.iter().zip(kinds) {
            put_bytes(&mut out, graph_field::INPUT, &float_input(&node.name, rank, half));
        }
        Ok(out)
    })
}

/// The model with a changed graph.
fn with_graph(
    onnx: &[u8],
    change: impl Fn(&[u8]) -> Result<Vec<u8>, Malformed>,
) -> Result<Vec<u8>, Malformed> {
    let mut out = Vec::with_capacity(onnx.len() + 1024);
    for field in fields(onnx) {
        let field = field?;
        if field.number == model_field::GRAPH {
            put_bytes(&mut out, model_field::GRAPH, &change(field.bytes)?);
        } else {
            out.extend_from_slice(field.raw);
        }
    }
    Ok(out)
}

/// A `ValueInfoProto`: name, and a float tensor of unknown dimensions.
fn float_input(name: &str, rank: usize, half: bool) -> Vec<u8> {
    let mut shape = Vec::new();
    for _ in 0..rank {
        put_bytes(&mut shape, 1, &[]);
    }
    let mut tensor = Vec::new();
    put_varint(&mut tensor, 1, if half { FLOAT16 } else { FLOAT });
    put_bytes(&mut tensor, 2, &shape);
    let mut kind = Vec::new();
    put_bytes(&mut kind, 1, &tensor);
    let mut info = Vec::new();
    put_bytes(&mut info, 1, name.as_bytes());
    put_bytes(&mut info, 2, &kind);
    info
}

/// A dropout node without its third input, which enables training.
fn without_training(node: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut out = Vec::with_capacity(node.len());
    let mut inputs = 0;
    for field in fields(node) {
        let field = field?;
        if field.number == node_field::INPUT {
            inputs += 1;
            if inputs > 2 {
                continue;
            }
        }
        out.extend_from_slice(field.raw);
    }
    Ok(out)
}

/// The used fields of a `NodeProto`.
struct Node<'a> {
    op: &'a str,
    output: &'a str,
    inputs: usize,
    attributes: Vec<&'a [u8]>,
}

impl<'a> Node<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut node = Self {
            op: "",
            output: "",
            inputs: 0,
            attributes: Vec::new(),
        };
        for field in fields(bytes) {
            let field = field?;
            match field.number {
                node_field::INPUT => node.inputs += 1,
                node_field::OUTPUT if node.output.is_empty() => node.output = text(field),
                node_field::OP_TYPE => node.op = text(field),
                node_field::ATTRIBUTE => node.attributes.push(field.bytes),
                _ => {}
            }
        }
        Ok(node)
    }

    /// Its distribution, if its kind can be replaced.
    fn distribution(&self) -> Option<Distribution> {
        match self.op {
            "RandomNormal" | "RandomNormalLike" => Some(Distribution::Normal {
                mean: self.float("mean").unwrap_or(0.0),
                scale: self.float("scale").unwrap_or(1.0),
            }),
            "RandomUniform" | "RandomUniformLike" => Some(Distribution::Uniform {
                low: self.float("low").unwrap_or(0.0),
                high: self.float("high").unwrap_or(1.0),
            }),
            _ => None,
        }
    }

    fn float(&self, name: &str) -> Option<f32> {
        self.attributes.iter().find_map(|attribute| {
            let parts: Vec<Field<'_>> = fields(attribute).filter_map(Result::ok).collect();
            let named = parts
                .iter()
                .any(|part| part.number == attribute_field::NAME && part.bytes == name.as_bytes());
            let value = parts.iter().find(|part| part.number == attribute_field::FLOAT)?;
            let last: [u8; 4] = value
                .raw
                .get(value.raw.len().checked_sub(4)?..)?
                .try_into()
                .ok()?;
            named.then(|| f32::from_le_bytes(last))
        })
    }
}

/// A string field; empty if it is not UTF-8, which no relevant name is.
fn text(field: Field<'_>) -> &str {
    std::str::from_utf8(field.bytes).unwrap_or_default()
}
