//! Writes small ONNX files: a voice with RVC's interface whose output is the random
//! numbers that its nodes draw.
//!
//! Field numbers are those of `onnx.proto3`.

/// Where a [`random_voice`] has its random nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RandomNodes {
    /// In the main graph.
    Plain,
    /// In the main graph, followed by a dropout node in training mode.
    WithDropout,
    /// In a branch of an `If` node, where they cannot become inputs.
    InBranch,
}

/// Values per embedding that a [`random_voice`] expects (and ignores).
pub const DIM: usize = 256;

const FLOAT: u64 = 1;
const INT64: u64 = 7;
const BOOL: u64 = 9;

/// The bytes of a voice at 16 kHz: for every frame of 10 ms (160 samples) one value, the sum of a normal random
/// number and a uniform one that is drawn once per run.
#[must_use]
pub fn random_voice(nodes: RandomNodes) -> Vec<u8> {
    let mut graph = Vec::new();
    match nodes {
        RandomNodes::Plain | RandomNodes::WithDropout => {
            bytes(
                &mut graph,
                1,
                &node("RandomNormalLike", &["pitchf"], "normal", &[]),
            );
        }
        RandomNodes::InBranch => {
            let branch = |op: &str| {
                let mut inner = Vec::new();
                bytes(&mut inner, 1, &node(op, &["pitchf"], "drawn", &[]));
                bytes(&mut inner, 2, b"branch");
                bytes(&mut inner, 12, &info("drawn", FLOAT, None));
                inner
            };
            let attributes = [
                attribute("then_branch", 5, |a| bytes(a, 6, &branch("RandomNormalLike"))),
                attribute("else_branch", 5, |a| bytes(a, 6, &branch("Identity"))),
            ];
            bytes(&mut graph, 1, &node("If", &["yes"], "normal", &attributes));
        }
    }
    let shape = attribute("shape", 7, |a| {
        number(a, 8, 1);
        number(a, 8, 1);
    });
    bytes(&mut graph, 1, &node("RandomUniform", &[], "uniform", &[shape]));
    bytes(&mut graph, 1, &node("Add", &["normal", "uniform"], "sum", &[]));
    let drawn = if nodes == RandomNodes::WithDropout {
        bytes(
            &mut graph,
            1,
            &node("Dropout", &["sum", "half", "yes"], "kept", &[]),
        );
        "kept"
    } else {
        "sum"
    };
    bytes(
        &mut graph,
        1,
        &node("Reshape", &[drawn, "columns"], "column", &[]),
    );
    bytes(&mut graph, 1, &node("Tile", &["column", "times"], "held", &[]));
    bytes(&mut graph, 1, &node("Reshape", &["held", "row"], "audio", &[]));
    bytes(&mut graph, 2, b"random voice");
    for (name, values) in [
        ("columns", [1_i64, -1, 1]),
        ("times", [1, 1, 160]),
        ("row", [1, 1, -1]),
    ] {
        let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        bytes(&mut graph, 5, &tensor(name, INT64, &[3], &raw));
    }
    bytes(&mut graph, 5, &tensor("half", FLOAT, &[], &0.5_f32.to_le_bytes()));
    bytes(&mut graph, 5, &tensor("yes", BOOL, &[], &[1]));
    let frames = Size::Named("frames");
    let inputs = [
        (
            "phone",
            FLOAT,
            vec![Size::Fixed(1), frames, Size::Fixed(DIM as u64)],
        ),
        ("phone_lengths", INT64, vec![Size::Fixed(1)]),
        ("pitch", INT64, vec![Size::Fixed(1), frames]),
        ("pitchf", FLOAT, vec![Size::Fixed(1), frames]),
        ("ds", INT64, vec![Size::Fixed(1)]),
    ];
    for (name, kind, sizes) in inputs {
        bytes(&mut graph, 11, &info(name, kind, Some(&sizes)));
    }
    bytes(&mut graph, 12, &info("audio", FLOAT, None));
    model(&graph)
}

fn model(graph: &[u8]) -> Vec<u8> {
    let mut opset = Vec::new();
    number(&mut opset, 2, 17);
    let mut model = Vec::new();
    number(&mut model, 1, 8);
    bytes(&mut model, 7, graph);
    bytes(&mut model, 8, &opset);
    model
}

#[derive(Clone, Copy)]
enum Size {
    Fixed(u64),
    Named(&'static str),
}

fn info(name: &str, kind: u64, sizes: Option<&[Size]>) -> Vec<u8> {
    let mut tensor = Vec::new();
    number(&mut tensor, 1, kind);
    if let Some(sizes) = sizes {
        let mut shape = Vec::new();
        for size in sizes {
            let mut dimension = Vec::new();
            match size {
                Size::Fixed(size) => number(&mut dimension, 1, *size),
                Size::Named(name) => bytes(&mut dimension, 2, name.as_bytes()),
            }
            bytes(&mut shape, 1, &dimension);
        }
        bytes(&mut tensor, 2, &shape);
    }
    let mut holder = Vec::new();
    bytes(&mut holder, 1, &tensor);
    let mut info = Vec::new();
    bytes(&mut info, 1, name.as_bytes());
    bytes(&mut info, 2, &holder);
    info
}

fn node(op: &str, inputs: &[&str], output: &str, attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut node = Vec::new();
    for input in inputs {
        bytes(&mut node, 1, input.as_bytes());
    }
    bytes(&mut node, 2, output.as_bytes());
    bytes(&mut node, 4, op.as_bytes());
    for attribute in attributes {
        bytes(&mut node, 5, attribute);
    }
    node
}

fn attribute(name: &str, kind: u64, value: impl Fn(&mut Vec<u8>)) -> Vec<u8> {
    let mut attribute = Vec::new();
    bytes(&mut attribute, 1, name.as_bytes());
    value(&mut attribute);
    number(&mut attribute, 20, kind);
    attribute
}

fn tensor(name: &str, kind: u64, sizes: &[u64], raw: &[u8]) -> Vec<u8> {
    let mut tensor = Vec::new();
    for &size in sizes {
        number(&mut tensor, 1, size);
    }
    number(&mut tensor, 2, kind);
    bytes(&mut tensor, 8, name.as_bytes());
    bytes(&mut tensor, 9, raw);
    tensor
}

fn number(message: &mut Vec<u8>, field: u64, value: u64) {
    varint(message, field << 3);
    varint(message, value);
}

fn bytes(message: &mut Vec<u8>, field: u64, value: &[u8]) {
    varint(message, field << 3 | 2);
    varint(message, value.len() as u64);
    message.extend_from_slice(value);
}

fn varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}
