//! The inputs and outputs that a model file declares.

use ort::session::Session;
use ort::value::{Outlet, TensorElementType};

/// Type of a tensor's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// 32-bit floats.
    F32,
    /// 16-bit floats.
    F16,
    /// 64-bit integers.
    I64,
    /// 32-bit integers.
    I32,
    /// Booleans.
    Bool,
    /// Any other.
    Other,
}

impl Element {
    /// True for supported floats.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F16)
    }

    /// True for supported integers.
    pub fn is_int(self) -> bool {
        matches!(self, Self::I64 | Self::I32)
    }
}

impl From<TensorElementType> for Element {
    fn from(kind: TensorElementType) -> Self {
        match kind {
            TensorElementType::Float32 => Self::F32,
            TensorElementType::Float16 => Self::F16,
            TensorElementType::Int64 => Self::I64,
            TensorElementType::Int32 => Self::I32,
            TensorElementType::Bool => Self::Bool,
            _ => Self::Other,
        }
    }
}

/// An input or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name in the file.
    pub name: String,
    /// Type of its numbers.
    pub element: Element,
    /// One size per axis; `None` if it is known only at a call.
    pub shape: Vec<Option<usize>>,
}

impl Port {
    /// Number of axes.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Size of an axis, if it is fixed.
    pub fn size(&self, axis: usize) -> Option<usize> {
        self.shape.get(axis).copied().flatten()
    }

    /// True if it has one of these names.
    pub fn is_named(&self, names: &[&str]) -> bool {
        names.contains(&self.name.as_str())
    }
}

impl From<&Outlet> for Port {
    fn from(outlet: &Outlet) -> Self {
        let kind = outlet.dtype();
        let sizes = kind.tensor_shape().map_or(&[][..], |shape| &shape[..]);
        Self {
            name: outlet.name().to_string(),
            element: kind.tensor_type().map_or(Element::Other, Element::from),
            shape: sizes
                .iter()
                .map(|&size| usize::try_from(size).ok().filter(|&size| size > 0))
                .collect(),
        }
    }
}

/// Required inputs, and all outputs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    /// In the order of the file.
    pub inputs: Vec<Port>,
    /// In the order of the file.
    pub outputs: Vec<Port>,
}

impl Signature {
    /// Reads a session; outputs for which `hides` is true are left out.
    pub fn of(session: &Session, hides: impl Fn(&str) -> bool) -> Self {
        let outputs = session.outputs().iter().filter(|outlet| !hides(outlet.name()));
        Self {
            inputs: session.inputs().iter().map(Port::from).collect(),
            outputs: outputs.map(Port::from).collect(),
        }
    }

    /// The names of the inputs, for messages.
    pub fn input_names(&self) -> String {
        let names: Vec<&str> = self.inputs.iter().map(|port| port.name.as_str()).collect();
        names.join(", ")
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A port for tests; size 0 = known only at a call.
    pub fn port(name: &str, element: Element, shape: &[usize]) -> Port {
        Port {
            name: name.into(),
            element,
            shape: shape.iter().map(|&size| (size > 0).then_some(size)).collect(),
        }
    }
}
