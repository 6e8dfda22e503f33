//! Which index to make of so many vectors: presets, list counts, names.

use super::search::Metric;
use super::sidecar::Comparison;

/// A named kind of index, for users who do not write factory strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// What RVC's own training makes: `IVF{n},Flat`.
    #[default]
    RvcDefault,
    /// What the tuning guide recommends below a million vectors: 4-bit codes,
    /// scanned fast, then exact re-ranking: `IVF1024,PQ{m}x4fs,RFlat`.
    Guide,
    /// Exact search, for small sets and for comparison.
    Flat,
}

impl Preset {
    /// All, with the names that the command line takes.
    pub const ALL: [(&'static str, Self); 3] = [
        ("rvc-default", Self::RvcDefault),
        ("guide", Self::Guide),
        ("flat", Self::Flat),
    ];
}

/// Why no index can be planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// There are no vectors.
    #[error("there are no vectors to build an index from; record or choose more speech")]
    NoVectors,
    /// The dimension cannot be divided into code pieces of two values.
    #[error(
        "vectors of {dim} values cannot be cut into pieces of two values; use another preset or a factory string"
    )]
    OddDimension {
        /// Values per vector.
        dim: usize,
    },
}

/// How to build, and what to know before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// faiss's factory string.
    pub factory: String,
    /// Candidates per neighbour, where there is exact re-ranking.
    pub k_factor: u16,
    /// Sentences for the user.
    pub warnings: Vec<String>,
}

impl Plan {
    /// Plans a preset for `vectors` vectors of `dim` values.
    ///
    /// # Errors
    /// See [`PlanError`].
    pub fn preset(preset: Preset, vectors: usize, dim: usize) -> Result<Self, PlanError> {
        if vectors == 0 {
            return Err(PlanError::NoVectors);
        }
        let factory = match preset {
            Preset::RvcDefault => format!("IVF{},Flat", rvc_list_count(vectors)),
            Preset::Flat => "Flat".to_string(),
            Preset::Guide => {
                let pieces = fast_scan_pieces(dim).ok_or(PlanError::OddDimension { dim })?;
                // The guide's 1024 where there are points for them.
                let lists = (vectors / POINTS_PER_LIST).clamp(1, 1024);
                format!("IVF{lists},PQ{pieces}x4fs,RFlat")
            }
        };
        Ok(Self::of(&factory, vectors))
    }

    /// A plan of a given factory string.
    #[must_use]
    pub fn of(factory: &str, vectors: usize) -> Self {
        Self {
            factory: factory.to_string(),
            k_factor: K_FACTOR,
            warnings: warnings(factory, vectors),
        }
    }
}

/// Training points per list that faiss's k-means asks for.
const POINTS_PER_LIST: usize = 39;

/// Candidates per neighbour for the re-ranking. Measured on real ContentVec of
/// 768 values (2 x 2985 vectors, 8 probes): with 4 nothing of IVF-Flat's recall is
/// lost (0.974 to 0.977), with faiss's own 1 six hundredths (0.914).
const K_FACTOR: u16 = 4;

/// Pieces that a vector is cut into for 4-bit codes: two values each, as the guide
/// has it for 256 values (PQ128). For 768 that is PQ384: with one candidate per
/// neighbour (RVC's own tools never set more) it finds 0.914 of the neighbours
/// where PQ192 finds 0.860 and PQ96 0.791, in about the same time.
fn fast_scan_pieces(dim: usize) -> Option<usize> {
    dim.is_multiple_of(2).then_some(dim / 2)
}

/// RVC's number of lists for `vectors` vectors: `min(16 sqrt(N), N / 39)`, at
/// least 1. (39 training points per list is what faiss asks for.)
#[must_use]
pub fn rvc_list_count(vectors: usize) -> usize {
    // floor(16 sqrt(N)) without floats.
    let by_root = vectors.saturating_mul(256).isqrt();
    by_root.min(vectors / 39).max(1)
}

/// The number of lists of a factory string that begins with plain inverted lists ("IVF256,...").
#[must_use]
pub fn flat_lists(factory: &str) -> Option<usize> {
    let (first, _) = factory.split_once(',')?;
    first.strip_prefix("IVF")?.parse().ok()
}

fn warnings(factory: &str, vectors: usize) -> Vec<String> {
    let mut warnings = Vec::new();
    let Some(lists) = flat_lists(factory) else {
        if factory == "Flat" && vectors > 50_000 {
            warnings.push(format!("Flat compares every frame with all {vectors} vectors"));
        }
        return warnings;
    };
    let few = 4 * vectors.isqrt();
    let rule = format!("between {few} and {} lists", 4 * few);
    if lists <= 1 {
        warnings.push(format!(
            "with {lists} list every frame is compared with all {vectors} vectors: an exhaustive search; \
             {} are enough for lists",
            2 * POINTS_PER_LIST
        ));
    } else if vectors / lists < POINTS_PER_LIST {
        warnings.push(format!(
            "{lists} lists for {vectors} vectors are fewer than {POINTS_PER_LIST} vectors a list: \
             the lists are badly trained and short; at most {} lists",
            vectors / POINTS_PER_LIST
        ));
    } else if lists * POINTS_PER_LIST < vectors && lists < few / 2 {
        warnings.push(format!(
            "{lists} lists are few for {vectors} vectors: each search looks at 1 in {lists} of them; {rule} is the rule"
        ));
    }
    warnings
}

/// What the number of probes means for an index of so many lists.
#[must_use]
pub fn probe_warning(n_probe: usize, lists: usize) -> Option<String> {
    (lists > 1 && n_probe * 2 >= lists)
        .then(|| format!("{n_probe} probes of {lists} lists are (nearly) an exhaustive search"))
}

/// RVC's name for an index file: `added_IVF76_Flat_nprobe_1_name_v2.index`.
#[must_use]
pub fn rvc_file_name(factory: &str, n_probe: usize, name: &str, dim: usize) -> String {
    let version = if dim == 256 { "v1" } else { "v2" };
    let kind = factory.replace(',', "_");
    format!("added_{kind}_nprobe_{n_probe}_{name}_{version}.index")
}

/// The faiss metric under a comparison.
impl From<Comparison> for Metric {
    fn from(comparison: Comparison) -> Self {
        match comparison {
            Comparison::L2 => Self::L2,
            Comparison::Ip | Comparison::Cosine => Self::InnerProduct,
        }
    }
}
