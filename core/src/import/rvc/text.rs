//! The text encoder: from embeddings and pitch to the mean and scale of the prior.
//! A transformer with relative position embeddings for distances of up to `window` frames.

use super::super::graph::{Edge, Graph, float, int, signed};
use super::builder::{Builder, transposed};
use super::error::VoiceFileError;

/// Rows of the pitch table: codes 0 to 255.
const PITCH_CODES: usize = 256;
const SLOPE: f32 = 0.1;
const EPSILON: f32 = 1e-5;

/// From `phone` `[1, T, width]` and `pitch` `[1, T]` to the mean and the logarithm of the
/// scale, images `[1, inter, 1, T]`.
pub fn encode(b: &mut Builder<'_>, phone: &Edge, pitch: Option<&Edge>) -> Result<[Edge; 2], VoiceFileError> {
    let (hidden, width, inter) = (b.shape.hidden, b.shape.width, b.shape.inter);
    let mut x = b.linear(phone, "enc_p.emb_phone", [hidden, width], &[hidden, width])?;
    if let Some(pitch) = pitch {
        let table = b
            .weights
            .tensor("enc_p.emb_pitch.weight", &[PITCH_CODES, hidden])?;
        let table = b.graph.floats(&[PITCH_CODES, hidden], &table);
        let coded = b.graph.op("Gather", &[&table, pitch], vec![]);
        x = b.graph.add(&x, &coded);
    }
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let scale = b.graph.float((hidden as f32).sqrt());
    x = b.graph.mul(&x, &scale);
    x = b.graph.leaky(&x, SLOPE);
    let distances = Distances::new(b, &x);
    for layer in 0..b.shape.layers {
        let y = attention(b, &x, layer, &distances)?;
        let y = b.graph.add(&x, &y);
        x = norm(b, &y, &format!("enc_p.encoder.norm_layers_1.{layer}"))?;
        let y = feed_forward(b, &x, layer)?;
        let y = b.graph.add(&x, &y);
        x = norm(b, &y, &format!("enc_p.encoder.norm_layers_2.{layer}"))?;
    }
    let x = to_image(&mut b.graph, &x);
    let stats = b.conv(&x, "enc_p.proj", [2 * inter, hidden], 1)?;
    Ok(b.graph.split(&stats, [inter, inter], 1))
}

/// Earlier frames that the attention of a stream remembers.
const PAST_FRAMES: usize = 64;
/// Score of a remembered frame from before the stream began.
const NEVER: f32 = 1e4;

/// Indices of the relative embedding for each pair of frames. With `N` remembered frames, frame `i` is key `N + i`, and
/// there are `S = N + T` keys.
struct Distances {
    /// `[1, heads, T, S]`: for frame i and key j, a row of the padded table of keys.
    of_keys: Edge,
    /// `[1, heads, T, 2 window + 1]`: for frame i and a distance, an index into the padded weights.
    of_values: Edge,
    /// `[1, S]`, added to the scores: hides remembered frames that never were.
    hidden: Option<Edge>,
}

impl Distances {
    fn new(b: &mut Builder<'_>, x: &Edge) -> Self {
        let (heads, window) = (b.shape.heads, b.shape.window);
        let past = if b.memory.is_some() { PAST_FRAMES } else { 0 };
        let graph = &mut b.graph;
        let shape = graph.op("Shape", &[x], vec![]);
        let [zero, one, before] = [0, 1, signed(past)].map(|n| graph.int(n));
        let frames = graph.op("Gather", &[&shape, &one], vec![]);
        let keys = graph.add(&frames, &before);
        let rows = graph.op("Range", &[&zero, &frames, &one], vec![]);
        let columns = graph.op("Range", &[&zero, &keys, &one], vec![]);
        let (rows, columns) = (graph.unsqueeze(&rows, 1), graph.unsqueeze(&columns, 0));
        let rows = graph.add(&rows, &before);
        let distance = graph.op("Sub", &[&columns, &rows], vec![]);
        // One step beyond the window on either side is "far": a row of zeros.
        let far = signed(window + 1);
        let (low, high) = (graph.int(-far), graph.int(far));
        let clipped = graph.op("Clip", &[&distance, &low, &high], vec![]);
        let of_keys = graph.add(&clipped, &high);
        let steps: Vec<i64> = (0..=signed(2 * window)).collect();
        let steps = graph.ints(&steps);
        let of_values = graph.add(&rows, &steps);

        let (frames, keys) = (graph.unsqueeze(&frames, 0), graph.unsqueeze(&keys, 0));
        let [first, last] =
            [&[1, signed(heads)][..], &[signed(2 * window + 1)]].map(|sizes| graph.ints(sizes));
        let mut grow = |indices: &Edge, last: &Edge| {
            let sizes = graph.op("Concat", &[&first, &frames, last], vec![int("axis", 0)]);
            graph.op("Expand", &[indices, &sizes], vec![])
        };
        let (of_keys, of_values) = (grow(&of_keys, &keys), grow(&of_values, &last));
        Self {
            of_keys,
            of_values,
            hidden: (past > 0).then(|| hidden(b, x)),
        }
    }
}

/// 0 for every frame of the stream, `-NEVER` for remembered ones from before it.
fn hidden(b: &mut Builder<'_>, x: &Edge) -> Edge {
    let g = &mut b.graph;
    // One per frame of `x` `[1, T, hidden]`, whatever its values.
    let (zero, one) = (g.ints(&[0]), g.ints(&[1]));
    let column = g.slice(x, &zero, &one, 2);
    let column = g.reshape(&column, &[1, -1]);
    let size = g.op("Shape", &[&column], vec![]);
    let unit = g.floats(&[1], &[1.0]);
    let seen = g.op("Expand", &[&unit, &size], vec![]);
    let seen = b.remembered_along(&seen, "seen", &[1, PAST_FRAMES], 1, 1);
    let g = &mut b.graph;
    let (one, never) = (g.float(1.0), g.float(NEVER));
    let missing = g.op("Sub", &[&seen, &one], vec![]);
    g.mul(&missing, &never)
}

fn attention(
    b: &mut Builder<'_>,
    x: &Edge,
    layer: usize,
    distances: &Distances,
) -> Result<Edge, VoiceFileError> {
    let (hidden, heads, window) = (b.shape.hidden, b.shape.heads, b.shape.window);
    let (per_head, near) = (hidden / heads, 2 * window + 1);
    let name = format!("enc_p.encoder.attn_layers.{layer}");
    let mut project = |part: &str, order: &[i64]| -> Result<Edge, VoiceFileError> {
        let y = b.linear(
            x,
            &format!("{name}.conv_{part}"),
            [hidden, hidden],
            &[hidden, hidden, 1],
        )?;
        let y = match part {
            "q" => y,
            _ => b.remembered_along(&y, &format!("{part}{layer}"), &[1, PAST_FRAMES, hidden], 1, 1),
        };
        let y = b.graph.reshape(&y, &[1, -1, signed(heads), signed(per_head)]);
        Ok(b.graph.transpose(&y, order))
    };
    let (query, keys, values) = (
        project("q", &[0, 2, 1, 3])?,
        project("k", &[0, 2, 3, 1])?,
        project("v", &[0, 2, 1, 3])?,
    );
    #[expect(clippy::cast_precision_loss, reason = "some hundreds")]
    let scale = b.graph.float((per_head as f32).sqrt().recip());
    let query = b.graph.mul(&query, &scale);
    let scores = b.graph.matmul(&query, &keys);

    // The keys' relative embeddings, transposed, between columns of zeros for "far".
    let table = b
        .weights
        .tensor(&format!("{name}.emb_rel_k"), &[1, near, per_head])?;
    let mut rows = vec![0.0; per_head];
    rows.extend(table);
    rows.resize((near + 2) * per_head, 0.0);
    let table = b
        .graph
        .floats(&[per_head, near + 2], &transposed(&rows, near + 2, per_head));
    let relative = b.graph.matmul(&query, &table);
    let relative = b.graph.op(
        "GatherElements",
        &[&relative, &distances.of_keys],
        vec![int("axis", 3)],
    );
    let mut scores = b.graph.add(&scores, &relative);
    if let Some(hidden) = &distances.hidden {
        scores = b.graph.add(&scores, hidden);
    }
    let weights = b.graph.op("Softmax", &[&scores], vec![int("axis", -1)]);

    let edge = signed(window);
    let pads = b.graph.ints(&[0, 0, 0, edge, 0, 0, 0, edge]);
    let padded = b.graph.op("Pad", &[&weights, &pads], vec![]);
    let nearby = b.graph.op(
        "GatherElements",
        &[&padded, &distances.of_values],
        vec![int("axis", 3)],
    );
    let table = b
        .weights
        .tensor(&format!("{name}.emb_rel_v"), &[1, near, per_head])?;
    let table = b.graph.floats(&[near, per_head], &table);
    let y = b.graph.matmul(&weights, &values);
    let relative = b.graph.matmul(&nearby, &table);
    let y = b.graph.add(&y, &relative);
    let y = b.graph.transpose(&y, &[0, 2, 1, 3]);
    let y = b.graph.reshape(&y, &[1, -1, signed(hidden)]);
    b.linear(
        &y,
        &format!("{name}.conv_o"),
        [hidden, hidden],
        &[hidden, hidden, 1],
    )
}

fn feed_forward(b: &mut Builder<'_>, x: &Edge, layer: usize) -> Result<Edge, VoiceFileError> {
    let hidden = b.shape.hidden;
    let name = format!("enc_p.encoder.ffn_layers.{layer}");
    let filter = b.weights.rows(&format!("{name}.conv_1"))?;
    let y = to_image(&mut b.graph, x);
    let y = b.conv(&y, &format!("{name}.conv_1"), [filter, hidden], 1)?;
    let y = b.graph.op("Relu", &[&y], vec![]);
    let y = b.conv(&y, &format!("{name}.conv_2"), [hidden, filter], 1)?;
    let axes = b.graph.ints(&[2]);
    let y = b.graph.op("Squeeze", &[&y, &axes], vec![]);
    Ok(b.graph.transpose(&y, &[0, 2, 1]))
}

/// Layer normalization over the channels of `[1, T, hidden]`.
fn norm(b: &mut Builder<'_>, x: &Edge, name: &str) -> Result<Edge, VoiceFileError> {
    let hidden = b.shape.hidden;
    let gamma = b.weights.tensor(&format!("{name}.gamma"), &[hidden])?;
    let beta = b.weights.tensor(&format!("{name}.beta"), &[hidden])?;
    let (gamma, beta) = (
        b.graph.floats(&[hidden], &gamma),
        b.graph.floats(&[hidden], &beta),
    );
    let attributes = vec![int("axis", -1), float("epsilon", EPSILON)];
    Ok(b.graph.op("LayerNormalization", &[x, &gamma, &beta], attributes))
}

/// `[1, T, C]` to `[1, C, 1, T]`.
fn to_image(graph: &mut Graph, x: &Edge) -> Edge {
    let x = graph.transpose(x, &[0, 2, 1]);
    graph.unsqueeze(&x, 2)
}
