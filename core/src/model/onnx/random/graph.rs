//! Random nodes of an ONNX file: found, shown to the outside, or replaced by
//! inputs. Field numbers are those of `onnx.proto3`.

use super::wire::{Field, Malformed, fields, put_bytes, put_varint};

mod in_model {
    pub const GRAPH: u64 = 7;
    pub const FUNCTIONS: u64 = 25;
}
mod in_graph {
    pub const NODE: u64 = 1;
    pub const INPUT: u64 = 11;
    pub const OUTPUT: u64 = 12;
}
mod in_node {
    pub const INPUT: u64 = 1;
    pub const OUTPUT: u64 = 2;
    pub const OP_TYPE: u64 = 4;
    pub const ATTRIBUTE: u64 = 5;
    /// In a function, too.
    pub const OF_FUNCTION: u64 = 7;
}
mod in_attribute {
    pub const NAME: u64 = 1;
    pub const FLOAT: u64 = 2;
    pub const GRAPH: u64 = 6;
    pub const GRAPHS: u64 = 11;
}
/// `TensorProto.DataType.FLOAT`.
const FLOAT: u64 = 1;

/// What a random node draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// Normal deviates.
    Normal {
        /// Their mean.
        mean: f32,
        /// Their standard deviation.
        scale: f32,
    },
    /// Evenly from `low` to `high`.
    Uniform {
        /// The least value.
        low: f32,
        /// More than the largest.
        high: f32,
    },
}

/// A random node that can become an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Name of its output: that of the input to be.
    pub name: String,
    /// What it draws.
    pub law: Law,
}

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// Nodes that can be replaced.
    pub sources: Vec<Source>,
    /// True if there are others that cannot: of another kind, or inside of
    /// loops, branches and functions.
    pub others: bool,
    /// True if there are dropouts that might be told to drop. Dropping is for
    /// training; a voice that does is an exporter's mistake.
    pub dropouts: bool,
}

impl Found {
    /// True if two runs of the file as it is may differ.
    #[must_use]
    pub fn is_random(&self) -> bool {
        !self.sources.is_empty() || self.others || self.dropouts
    }
}

/// Looks for random nodes.
///
/// # Errors
/// If the bytes are no protobuf message.
pub fn find(onnx: &[u8]) -> Result<Found, Malformed> {
    let mut found = Found::default();
    for field in fields(onnx) {
        let field = field?;
        match field.number {
            in_model::GRAPH => find_in_graph(field.bytes, &mut found)?,
            in_model::FUNCTIONS => {
                for part in fields(field.bytes) {
                    let part = part?;
                    found.others |= part.number == in_node::OF_FUNCTION && draws_anywhere(part.bytes)?;
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

fn find_in_graph(graph: &[u8], found: &mut Found) -> Result<(), Malformed> {
    for field in fields(graph) {
        let field = field?;
        if field.number != in_graph::NODE {
            continue;
        }
        let node = Node::read(field.bytes)?;
        if let Some(law) = node.law() {
            found.sources.push(Source {
                name: node.output.to_string(),
                law,
            });
        } else if node.op == "Dropout" {
            found.dropouts |= node.inputs > 2;
        } else {
            found.others |= draws_anywhere(field.bytes)?;
        }
    }
    Ok(())
}

/// True if the node, or one inside of it, is random in any way.
fn draws_anywhere(bytes: &[u8]) -> Result<bool, Malformed> {
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
            if part.number != in_attribute::GRAPH && part.number != in_attribute::GRAPHS {
                continue;
            }
            for inner in fields(part.bytes) {
                let inner = inner?;
                if inner.number == in_graph::NODE && draws_anywhere(inner.bytes)? {
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

/// The file with every source's values among its outputs: to learn their shapes.
///
/// # Errors
/// If the bytes are no protobuf message.
pub fn with_outputs(onnx: &[u8], sources: &[Source]) -> Result<Vec<u8>, Malformed> {
    with_graph(onnx, |graph| {
        let mut out = graph.to_vec();
        for source in sources {
            // Without a type: the runtime knows it from the node.
            let mut info = Vec::new();
            put_bytes(&mut info, 1, source.name.as_bytes());
            put_bytes(&mut out, in_graph::OUTPUT, &info);
        }
        Ok(out)
    })
}

/// The file with every source an input of `ranks` dimensions instead, and
/// without training in its dropouts.
///
/// # Errors
/// If the bytes are no protobuf message.
pub fn with_inputs(onnx: &[u8], sources: &[Source], ranks: &[usize]) -> Result<Vec<u8>, Malformed> {
    with_graph(onnx, |graph| {
        let mut out = Vec::with_capacity(graph.len());
        for field in fields(graph) {
            let field = field?;
            if field.number != in_graph::NODE {
                out.extend_from_slice(field.raw);
                continue;
            }
            let node = Node::read(field.bytes)?;
            if node.law().is_some() && sources.iter().any(|source| source.name == node.output) {
                continue;
            }
            if node.op == "Dropout" && node.inputs > 2 {
                put_bytes(&mut out, in_graph::NODE, &without_training(field.bytes)?);
            } else {
                out.extend_from_slice(field.raw);
            }
        }
        for (source, &rank) in sources.iter().zip(ranks) {
            put_bytes(&mut out, in_graph::INPUT, &float_input(&source.name, rank));
        }
        Ok(out)
    })
}

/// The model with another graph in it.
fn with_graph(
    onnx: &[u8],
    change: impl Fn(&[u8]) -> Result<Vec<u8>, Malformed>,
) -> Result<Vec<u8>, Malformed> {
    let mut out = Vec::with_capacity(onnx.len() + 1024);
    for field in fields(onnx) {
        let field = field?;
        if field.number == in_model::GRAPH {
            put_bytes(&mut out, in_model::GRAPH, &change(field.bytes)?);
        } else {
            out.extend_from_slice(field.raw);
        }
    }
    Ok(out)
}

/// A `ValueInfoProto`: name, and a float tensor whose dimensions are not known.
fn float_input(name: &str, rank: usize) -> Vec<u8> {
    let mut shape = Vec::new();
    for _ in 0..rank {
        put_bytes(&mut shape, 1, &[]);
    }
    let mut tensor = Vec::new();
    put_varint(&mut tensor, 1, FLOAT);
    put_bytes(&mut tensor, 2, &shape);
    let mut kind = Vec::new();
    put_bytes(&mut kind, 1, &tensor);
    let mut info = Vec::new();
    put_bytes(&mut info, 1, name.as_bytes());
    put_bytes(&mut info, 2, &kind);
    info
}

/// A dropout node without its third input, which would switch training on.
fn without_training(node: &[u8]) -> Result<Vec<u8>, Malformed> {
    let mut out = Vec::with_capacity(node.len());
    let mut inputs = 0;
    for field in fields(node) {
        let field = field?;
        if field.number == in_node::INPUT {
            inputs += 1;
            if inputs > 2 {
                continue;
            }
        }
        out.extend_from_slice(field.raw);
    }
    Ok(out)
}

/// What matters of a `NodeProto`.
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
                in_node::INPUT => node.inputs += 1,
                in_node::OUTPUT if node.output.is_empty() => node.output = text(field),
                in_node::OP_TYPE => node.op = text(field),
                in_node::ATTRIBUTE => node.attributes.push(field.bytes),
                _ => {}
            }
        }
        Ok(node)
    }

    /// What it draws, if it is of a kind that can be replaced.
    fn law(&self) -> Option<Law> {
        match self.op {
            "RandomNormal" | "RandomNormalLike" => Some(Law::Normal {
                mean: self.float("mean").unwrap_or(0.0),
                scale: self.float("scale").unwrap_or(1.0),
            }),
            "RandomUniform" | "RandomUniformLike" => Some(Law::Uniform {
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
                .any(|part| part.number == in_attribute::NAME && part.bytes == name.as_bytes());
            let value = parts.iter().find(|part| part.number == in_attribute::FLOAT)?;
            let last: [u8; 4] = value
                .raw
                .get(value.raw.len().checked_sub(4)?..)?
                .try_into()
                .ok()?;
            named.then(|| f32::from_le_bytes(last))
        })
    }
}

/// A string that is no UTF-8 is no name that matters here.
fn text(field: Field<'_>) -> &str {
    std::str::from_utf8(field.bytes).unwrap_or_default()
}
