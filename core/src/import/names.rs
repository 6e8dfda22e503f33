//! The tensors of a file by name.

use super::pickle::Node;
use super::tensor::Tensor;
use std::collections::BTreeMap;

/// Longest accepted name; longer than any real one.
const MAX_NAME: usize = 200;
/// Maximum number of tensors; more than any voice or encoder has.
const MAX_TENSORS: usize = 20_000;

/// Tensors of a dictionary by name. PyTorch's newer names for weight norm
/// are mapped to the older ones.
#[derive(Clone, Debug, Default)]
pub struct Names {
    tensors: BTreeMap<String, Tensor>,
}

impl Names {
    /// The tensors directly in `node`; `prefix` is removed from names that
    /// begin with it.
    #[must_use]
    pub fn of(node: Node<'_>, prefix: &str) -> Self {
        let mut tensors = BTreeMap::new();
        for (name, value) in node.entries() {
            if name.len() > MAX_NAME || tensors.len() >= MAX_TENSORS {
                continue;
            }
            if let Some(tensor) = value.tensor() {
                let name = name.strip_prefix(prefix).unwrap_or(name);
                tensors.insert(legacy_name(name), tensor.clone());
            }
        }
        Self { tensors }
    }

    /// A tensor.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    /// True if there is one of that name.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    /// True if a name begins with this.
    #[must_use]
    pub fn any(&self, beginning: &str) -> bool {
        let mut from = self.tensors.range(beginning.to_string()..);
        from.next().is_some_and(|(name, _)| name.starts_with(beginning))
    }

    /// Number of tensors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    /// Names, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Tensor)> {
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor))
    }

    /// Shape of a weight, stored directly or as weight norm.
    #[must_use]
    pub fn shape(&self, name: &str) -> Option<&[u64]> {
        let direct = self.tensors.get(name);
        let tensor = direct.or_else(|| self.tensors.get(&format!("{name}_v")));
        tensor.map(|tensor| &tensor.shape[..])
    }
}

/// `….parametrizations.weight.original0` is `….weight_g`, and 1 is `_v`.
fn legacy_name(name: &str) -> String {
    for (newer, older) in [
        (".parametrizations.weight.original0", ".weight_g"),
        (".parametrizations.weight.original1", ".weight_v"),
    ] {
        if let Some(layer) = name.strip_suffix(newer) {
            return format!("{layer}{older}");
        }
    }
    name.to_string()
}
