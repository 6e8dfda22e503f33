//! Finding parameters by their string ids.

use nice_plug::prelude::Params;

/// The index of a parameter in the plugin's map. nice-plug's hash of string ids is
/// private, but it lists parameters to hosts in this order, so the host's
/// numeric id can be read at this index.
pub(crate) fn index_of(params: &dyn Params, id: &str) -> Option<usize> {
    params.param_map().iter().position(|(known, ..)| known == id)
}
