//! The normalising flow in reverse: from a sample of the prior to the latent that the
//! generator was trained on.

use super::super::graph::{Edge, int, signed};
use super::builder::Builder;
use super::error::VoiceFileError;

/// Inverts every coupling layer on `z` `[1, inter, 1, T]`, the last one first.
pub fn reverse(b: &mut Builder<'_>, mut z: Edge, speaker: &Edge) -> Result<Edge, VoiceFileError> {
    let inter = b.shape.inter;
    let half = inter / 2;
    let backwards: Vec<i64> = (0..signed(inter)).rev().collect();
    for place in b.shape.flows.clone().into_iter().rev() {
        let name = format!("flow.flows.{place}");
        // Each coupling layer is followed by a flip of the channels.
        let order = b.graph.ints(&backwards);
        z = b.graph.op("Gather", &[&z, &order], vec![int("axis", 1)]);
        let [kept, moved] = b.graph.split(&z, [half, half], 1);
        let hidden = b.weights.rows(&format!("{name}.pre"))?;
        let x = b.conv(&kept, &format!("{name}.pre"), [hidden, half], 1)?;
        let x = gated(b, x, &format!("{name}.enc"), hidden, speaker)?;
        let mean = b.conv(&x, &format!("{name}.post"), [half, hidden], 1)?;
        let moved = b.graph.op("Sub", &[&moved, &mean], vec![]);
        z = b.graph.op("Concat", &[&kept, &moved], vec![int("axis", 1)]);
    }
    Ok(z)
}

/// Maximum number of layers; more than any coupling has.
const MAX_LAYERS: usize = 64;

/// Gated convolutions, as in WaveNet: the sum of all layers' skip outputs.
fn gated(
    b: &mut Builder<'_>,
    mut x: Edge,
    name: &str,
    hidden: usize,
    speaker: &Edge,
) -> Result<Edge, VoiceFileError> {
    let layer_name = |layer: usize| format!("{name}.in_layers.{layer}");
    let layers = (0..MAX_LAYERS).take_while(|&layer| b.weights.kernel(&layer_name(layer)).is_ok());
    let layers = layers.count();
    let condition = b.conv(
        speaker,
        &format!("{name}.cond_layer"),
        [2 * hidden * layers, b.shape.gin],
        1,
    )?;
    let mut sum: Option<Edge> = None;
    for layer in 0..layers {
        let gates = b.conv(&x, &layer_name(layer), [2 * hidden, hidden], 1)?;
        let start = signed(2 * hidden * layer);
        let own = b
            .graph
            .slice_fixed(&condition, start, start + signed(2 * hidden), 1);
        let gates = b.graph.add(&gates, &own);
        let [value, gate] = b.graph.split(&gates, [hidden, hidden], 1);
        let value = b.graph.op("Tanh", &[&value], vec![]);
        let gate = b.graph.op("Sigmoid", &[&gate], vec![]);
        let y = b.graph.mul(&value, &gate);
        let out = format!("{name}.res_skip_layers.{layer}");
        // The last layer has no residual output.
        let given = if layer + 1 < layers {
            let y = b.conv(&y, &out, [2 * hidden, hidden], 1)?;
            let [handed_on, given] = b.graph.split(&y, [hidden, hidden], 1);
            x = b.graph.add(&x, &handed_on);
            given
        } else {
            b.conv(&y, &out, [hidden, hidden], 1)?
        };
        sum = Some(match sum {
            Some(sum) => b.graph.add(&sum, &given),
            None => given,
        });
    }
    sum.ok_or_else(|| VoiceFileError::Missing {
        name: format!("{}.weight", layer_name(0)),
    })
}
