//! Full-size models with random weights, as files of weights: times are those of real models, sounds are not.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Tensors by name, in safetensors' format.
#[derive(Default)]
struct Tensors {
    /// Name, shape, and factor of the random values.
    all: BTreeMap<String, (Vec<usize>, f32)>,
}

impl Tensors {
    /// A weight whose output has about the power of its input.
    fn weight(&mut self, name: &str, shape: &[usize]) {
        let fan_in: usize = shape.iter().skip(1).product();
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let factor = (fan_in.max(1) as f32).sqrt().recip();
        self.all
            .insert(format!("{name}.weight"), (shape.to_vec(), factor));
    }

    /// A weight with a bias.
    fn layer(&mut self, name: &str, shape: &[usize]) {
        self.weight(name, shape);
        self.values(&format!("{name}.bias"), &[shape[0]], 0.05);
    }

    fn values(&mut self, name: &str, shape: &[usize], factor: f32) {
        self.all.insert(name.to_string(), (shape.to_vec(), factor));
    }

    fn into_safetensors(self) -> Vec<u8> {
        let (mut header, mut end) = (String::from("{"), 0);
        for (n, (name, (shape, _))) in self.all.iter().enumerate() {
            let start = end;
            end += 4 * shape.iter().product::<usize>();
            let comma = if n > 0 { "," } else { "" };
            // Writing to a string cannot fail.
            let _ = write!(
                header,
                r#"{comma}"{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{start},{end}]}}"#
            );
        }
        header.push('}');
        let mut bytes = Vec::with_capacity(8 + header.len() + end);
        bytes.extend((header.len() as u64).to_le_bytes());
        bytes.extend(header.as_bytes());
        let mut state = 1_u32;
        for (shape, factor) in self.all.values() {
            for _ in 0..shape.iter().product::<usize>() {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let unit = f32::from(u16::try_from(state >> 16).unwrap_or(0)) / 32_768.0 - 1.0;
                bytes.extend((unit * 3.0_f32.sqrt() * factor).to_le_bytes());
            }
        }
        bytes
    }
}

/// An RVC v2 voice of full size, with f0: 48 kHz, or 40.
#[must_use]
pub fn rvc_v2(khz: u32) -> Vec<u8> {
    let (rates, kernels) = match khz {
        48 => ([12, 10, 2, 2], [24, 20, 4, 4]),
        _ => ([10, 10, 2, 2], [16, 16, 4, 4]),
    };
    let mut t = Tensors::default();
    t.layer("enc_p.emb_phone", &[192, 768]);
    t.values("enc_p.emb_pitch.weight", &[256, 192], 0.05);
    for n in 0..6 {
        let encoder = "enc_p.encoder";
        for part in ["q", "k", "v", "o"] {
            t.layer(&format!("{encoder}.attn_layers.{n}.conv_{part}"), &[192, 192, 1]);
        }
        for part in ["k", "v"] {
            t.values(
                &format!("{encoder}.attn_layers.{n}.emb_rel_{part}"),
                &[1, 21, 96],
                0.1,
            );
        }
        for norm in ["norm_layers_1", "norm_layers_2"] {
            t.values(&format!("{encoder}.{norm}.{n}.gamma"), &[192], 0.6);
            t.values(&format!("{encoder}.{norm}.{n}.beta"), &[192], 0.05);
        }
        t.layer(&format!("{encoder}.ffn_layers.{n}.conv_1"), &[768, 192, 3]);
        t.layer(&format!("{encoder}.ffn_layers.{n}.conv_2"), &[192, 768, 3]);
    }
    t.layer("enc_p.proj", &[384, 192, 1]);
    t.values("emb_g.weight", &[109, 256], 1.0);
    for flow in [0, 2, 4, 6] {
        let name = format!("flow.flows.{flow}");
        t.layer(&format!("{name}.pre"), &[192, 96, 1]);
        t.layer(&format!("{name}.post"), &[96, 192, 1]);
        t.layer(&format!("{name}.enc.cond_layer"), &[3 * 384, 256, 1]);
        for n in 0..3 {
            t.layer(&format!("{name}.enc.in_layers.{n}"), &[384, 192, 5]);
            let outputs = if n < 2 { 384 } else { 192 };
            t.layer(&format!("{name}.enc.res_skip_layers.{n}"), &[outputs, 192, 1]);
        }
    }
    t.layer("dec.conv_pre", &[512, 192, 7]);
    t.layer("dec.cond", &[512, 256, 1]);
    t.layer("dec.m_source.l_linear", &[1, 1]);
    let (mut channels, mut rest) = (512, rates.iter().product::<usize>());
    for (n, (rate, kernel)) in rates.into_iter().zip(kernels).enumerate() {
        let outputs = channels / 2;
        t.weight(&format!("dec.ups.{n}"), &[channels, outputs, kernel]);
        t.values(&format!("dec.ups.{n}.bias"), &[outputs], 0.05);
        channels = outputs;
        rest /= rate;
        let noise_kernel = if n < 3 { 2 * rest } else { 1 };
        t.layer(&format!("dec.noise_convs.{n}"), &[channels, 1, noise_kernel]);
        for (block, kernel) in [3, 7, 11].into_iter().enumerate() {
            for c in 0..3 {
                for part in ["convs1", "convs2"] {
                    let name = format!("dec.resblocks.{}.{part}.{c}", 3 * n + block);
                    t.layer(&name, &[channels, channels, kernel]);
                }
            }
        }
    }
    t.weight("dec.conv_post", &[1, channels, 7]);
    t.into_safetensors()
}

/// HuBERT base, as transformers name its parts.
#[must_use]
pub fn hubert_base() -> Vec<u8> {
    let mut t = Tensors::default();
    for (n, kernel) in [10, 3, 3, 3, 3, 2, 2].into_iter().enumerate() {
        let inputs = if n == 0 { 1 } else { 512 };
        t.weight(
            &format!("feature_extractor.conv_layers.{n}.conv"),
            &[512, inputs, kernel],
        );
    }
    t.layer("feature_extractor.conv_layers.0.layer_norm", &[512]);
    t.layer("feature_projection.layer_norm", &[512]);
    t.layer("feature_projection.projection", &[768, 512]);
    t.layer("encoder.pos_conv_embed.conv", &[768, 48, 128]);
    t.layer("encoder.layer_norm", &[768]);
    for n in 0..12 {
        let name = format!("encoder.layers.{n}");
        for part in ["q", "k", "v", "out"] {
            t.layer(&format!("{name}.attention.{part}_proj"), &[768, 768]);
        }
        t.layer(&format!("{name}.layer_norm"), &[768]);
        t.layer(&format!("{name}.final_layer_norm"), &[768]);
        t.layer(&format!("{name}.feed_forward.intermediate_dense"), &[3072, 768]);
        t.layer(&format!("{name}.feed_forward.output_dense"), &[768, 3072]);
    }
    t.into_safetensors()
}
