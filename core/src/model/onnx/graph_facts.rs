//! Properties of a synthesizer that only its weights show: the number of speakers, and the size
//! of an embedding.

use super::wire::{Malformed, fields, packed};
use crate::onnx_proto::NodeProto;
use prost::Message;
use std::collections::{HashMap, HashSet};

mod field {
    pub const MODEL_GRAPH: u64 = 7;
    pub const GRAPH_NODE: u64 = 1;
    pub const GRAPH_INITIALIZER: u64 = 5;
    pub const TENSOR_DIMS: u64 = 1;
    pub const TENSOR_NAME: u64 = 8;
}
/// RVC's name of the table with one row per speaker.
const SPEAKER_TABLE: &str = "emb_g.weight";

/// Sizes read from the graph's weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GraphFacts {
    /// Rows of the table in which the speaker's number is looked up.
    pub speakers: Option<usize>,
    /// Rows of the first matrix with which the embeddings are multiplied.
    pub width: Option<usize>,
}

impl GraphFacts {
    /// Reads a model whose inputs have these names. Bytes that are not a model give no facts.
    pub fn find(model: &[u8], speaker: Option<&str>, embeddings: &str) -> Self {
        let mut facts = Self::default();
        let graph = fields(model)
            .filter_map(Result::ok)
            .find(|part| part.number == field::MODEL_GRAPH);
        let Some(graph) = graph else {
            return facts;
        };
        let weights = sizes_of_weights(graph.bytes).unwrap_or_default();
        let (mut speakers, mut rows) = (Follower::of(speaker), Follower::of(Some(embeddings)));
        for part in fields(graph.bytes).filter_map(Result::ok) {
            if part.number != field::GRAPH_NODE {
                continue;
            }
            // A node with weights of its own is not searched for.
            let Ok(node) = NodeProto::decode(part.bytes) else {
                continue;
            };
            let size = |n: usize| weights.get(node.input.get(n)?);
            match node.op_type.as_deref() {
                Some("Gather") if facts.speakers.is_none() && speakers.feeds(&node, 1) => {
                    facts.speakers = size(0).and_then(|sizes| sizes.first().copied());
                }
                Some("MatMul") if facts.width.is_none() && rows.feeds(&node, 0) => {
                    facts.width = size(1).and_then(|sizes| sizes.first().copied());
                }
                _ => {
                    speakers.follow(&node);
                    rows.follow(&node);
                }
            }
        }
        let by_name = || {
            let table = weights.iter().find(|(name, _)| name.ends_with(SPEAKER_TABLE));
            table.and_then(|(_, sizes)| sizes.first().copied())
        };
        facts.speakers = facts.speakers.or_else(by_name);
        facts
    }
}

/// Names of one value, followed through nodes that pass it on unchanged.
struct Follower(HashSet<String>);

impl Follower {
    fn of(name: Option<&str>) -> Self {
        Self(name.map(str::to_string).into_iter().collect())
    }

    fn feeds(&self, node: &NodeProto, input: usize) -> bool {
        node.input.get(input).is_some_and(|name| self.0.contains(name))
    }

    fn follow(&mut self, node: &NodeProto) {
        let keeps = matches!(
            node.op_type.as_deref(),
            Some("Identity" | "Cast" | "Reshape" | "Unsqueeze" | "Squeeze")
        );
        if keeps && self.feeds(node, 0) {
            self.0.extend(node.output.iter().cloned());
        }
    }
}

/// The sizes of all weights by name.
fn sizes_of_weights(graph: &[u8]) -> Result<HashMap<String, Vec<usize>>, Malformed> {
    let mut all = HashMap::new();
    for part in fields(graph) {
        let part = part?;
        if part.number != field::GRAPH_INITIALIZER {
            continue;
        }
        let (mut name, mut sizes) = (String::new(), Vec::new());
        for part in fields(part.bytes) {
            let part = part?;
            match part.number {
                field::TENSOR_NAME => name = String::from_utf8_lossy(part.bytes).into_owned(),
                field::TENSOR_DIMS if part.bytes.is_empty() => sizes.push(part.value()),
                field::TENSOR_DIMS => sizes.extend(packed(part.bytes)),
                _ => {}
            }
        }
        let sizes: Vec<usize> = sizes
            .into_iter()
            .filter_map(|size| usize::try_from(size).ok())
            .collect();
        all.insert(name, sizes);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::onnx_proto::{GraphProto, ModelProto, TensorProto};

    fn node(op: &str, inputs: &[&str], output: &str) -> NodeProto {
        NodeProto {
            op_type: Some(op.into()),
            input: inputs.iter().map(ToString::to_string).collect(),
            output: vec![output.into()],
            ..NodeProto::default()
        }
    }

    fn model(nodes: Vec<NodeProto>, weights: &[(&str, &[i64])]) -> Vec<u8> {
        let initializer = weights.iter().map(|(name, sizes)| TensorProto {
            name: Some((*name).to_string()),
            dims: sizes.to_vec(),
            ..TensorProto::default()
        });
        let graph = GraphProto {
            node: nodes,
            initializer: initializer.collect(),
            ..GraphProto::default()
        };
        ModelProto {
            graph: Some(graph),
            ..ModelProto::default()
        }
        .encode_to_vec()
    }

    #[test]
    fn speakers_and_width_are_found_behind_casts() {
        let nodes = vec![
            node("Cast", &["sid"], "number"),
            node("Cast", &["feats"], "wide"),
            node("MatMul", &["other", "matrix"], "a"),
            node("MatMul", &["wide", "first"], "b"),
            node("Gather", &["table", "number"], "c"),
        ];
        let weights: [(&str, &[i64]); 3] =
            [("matrix", &[9, 9]), ("first", &[768, 192]), ("table", &[4, 256])];
        let facts = GraphFacts::find(&model(nodes, &weights), Some("sid"), "feats");
        assert_eq!((facts.speakers, facts.width), (Some(4), Some(768)));
    }

    #[test]
    fn speakers_are_found_by_rvcs_name_and_else_unknown() {
        let named = model(vec![], &[("emb_g.weight", &[109, 256])]);
        assert_eq!(GraphFacts::find(&named, Some("sid"), "feats").speakers, Some(109));
        assert_eq!(
            GraphFacts::find(&model(vec![], &[]), Some("sid"), "feats"),
            GraphFacts::default()
        );
        assert_eq!(
            GraphFacts::find(b"no model", None, "feats"),
            GraphFacts::default()
        );
    }
}
