//! The 18 settings in an RVC voice's `config`, and how to derive them if it is missing.

use super::super::names::Names;
use super::super::pickle::Node;
use super::error::VoiceFileError;

/// Settings that cannot be derived from the shapes of weights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Factor of each upsampling stage.
    pub rates: Vec<usize>,
    /// Dilations of each residual block of a stage.
    pub dilations: Vec<Vec<usize>>,
    /// Rate of the audio.
    pub rate_hz: u32,
}

/// Maximum number of upsampling stages: RVC has 4 or 5.
const MAX_STAGES: usize = 8;
/// Maximum number of residual blocks per stage, and of dilations per block: RVC has 3.
const MAX_BLOCKS: usize = 8;
/// Number of settings in a complete list.
const LEN: usize = 18;

/// RVC's own configurations: kernels of the upsampling stages, kernels of the first
/// two noise convolutions, factors, rate. Two have the same upsampling kernels.
type Known = (&'static [usize], [usize; 2], &'static [usize], u32);
const KNOWN: [Known; 5] = [
    (&[16, 16, 4, 4], [80, 8], &[10, 10, 2, 2], 40_000),
    (&[24, 20, 4, 4], [80, 8], &[12, 10, 2, 2], 48_000),
    (&[20, 16, 4, 4], [64, 8], &[10, 8, 2, 2], 32_000),
    (&[16, 16, 4, 4, 4], [96, 16], &[10, 6, 2, 2, 2], 48_000),
    (&[16, 16, 4, 4, 4], [64, 16], &[10, 4, 2, 2, 2], 32_000),
];

impl Config {
    /// Reads `config`; if there is none, recognises RVC's own configurations by `names`.
    ///
    /// # Errors
    /// If it is invalid, or if there is none and the voice has none of RVC's own configurations.
    pub fn read(root: Node<'_>, names: &Names) -> Result<Self, VoiceFileError> {
        let Some(config) = root.get("config") else {
            return Self::known(root, names);
        };
        let no_list = || VoiceFileError::config(format!("it is not a list of {LEN} settings"));
        let items: Vec<Node<'_>> = config.items().ok_or_else(no_list)?.take(LEN + 1).collect();
        if items.len() != LEN {
            return Err(no_list());
        }
        let rates = sizes(items[12], MAX_STAGES, 1..=1000)
            .ok_or_else(|| VoiceFileError::config("its upsampling factors are invalid"))?;
        let kernels = sizes(items[14], MAX_STAGES, 1..=4000);
        if kernels.is_none_or(|kernels| kernels.len() != rates.len()) {
            return Err(VoiceFileError::config(
                "it does not have one kernel for each upsampling factor",
            ));
        }
        let dilations = items[11]
            .items()
            .filter(|blocks| (1..=MAX_BLOCKS).contains(&blocks.len()));
        let dilations: Option<Vec<Vec<usize>>> = dilations.and_then(|mut blocks| {
            blocks.try_fold(Vec::new(), |mut all, block| {
                all.push(sizes(block, MAX_BLOCKS, 1..=100)?);
                Some(all)
            })
        });
        let rate_hz = rate(items[17]).or_else(|| rate(root.get("sr")?));
        Ok(Self {
            rates,
            dilations: dilations.ok_or_else(|| VoiceFileError::config("its dilations"))?,
            rate_hz: rate_hz.ok_or_else(|| VoiceFileError::config("its sample rate is invalid"))?,
        })
    }

    fn known(root: Node<'_>, names: &Names) -> Result<Self, VoiceFileError> {
        let last = |name: String| names.shape(&name).and_then(|shape| shape.last().copied());
        let stages = (0..MAX_STAGES).map_while(|stage| last(format!("dec.ups.{stage}.weight")));
        let kernels: Vec<u64> = stages.collect();
        let noise = [0, 1].map(|stage| last(format!("dec.noise_convs.{stage}.weight")));
        let stated = root.get("sr").and_then(rate);
        let same = |kernel: u64, known: usize| usize::try_from(kernel).is_ok_and(|kernel| kernel == known);
        let mut fitting = KNOWN.iter().filter(|(ups, noises, _, rate_hz)| {
            ups.len() == kernels.len()
                && kernels
                    .iter()
                    .zip(*ups)
                    .all(|(&kernel, &known)| same(kernel, known))
                && noise
                    .iter()
                    .zip(noises)
                    .all(|(kernel, &known)| kernel.is_none_or(|kernel| same(kernel, known)))
                && stated.is_none_or(|stated| stated == *rate_hz)
        });
        match (fitting.next(), fitting.next()) {
            (Some((_, _, rates, rate_hz)), None) => Ok(Self {
                rates: rates.to_vec(),
                dilations: vec![vec![1, 3, 5]; 3],
                rate_hz: *rate_hz,
            }),
            _ => Err(VoiceFileError::config(
                "it is missing, and the weights match none of RVC's own configurations",
            )),
        }
    }
}

/// The rate as a number in Hz, or as RVC's name: `"40k"`.
fn rate(node: Node<'_>) -> Option<u32> {
    let hz = match node.text() {
        Some(text) => match text.strip_suffix('k') {
            Some(thousands) => thousands.parse::<u32>().ok()?.checked_mul(1000)?,
            None => text.parse().ok()?,
        },
        None => u32::try_from(node.int()?).ok()?,
    };
    (100..=768_000).contains(&hz).then_some(hz)
}

fn sizes(node: Node<'_>, at_most: usize, range: std::ops::RangeInclusive<usize>) -> Option<Vec<usize>> {
    let items = node
        .items()
        .filter(|items| (1..=at_most).contains(&items.len()))?;
    let sizes = items.map(|item| {
        usize::try_from(item.int()?)
            .ok()
            .filter(|size| range.contains(size))
    });
    sizes.collect()
}
