//! State of a streaming model between two calls.
//!
//! Such a file has optional inputs `past…` (graph inputs whose initializer is the initial
//! state) and as many outputs `present…` of the same shapes, in addition to the usual
//! ones: the `present…` outputs of a call are the `past…` inputs of the next. Tools that
//! do not use them leave them out and get a stateless model.

use ort::session::{Session, SessionInputValue, SessionOutputs};
use ort::value::TensorRef;
use std::borrow::Cow;

const PAST: &str = "past";
const PRESENT: &str = "present";

/// One tensor of the state.
struct StateTensor {
    past: String,
    present: String,
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// State of a model file; empty for stateless models.
pub struct ModelState {
    state_tensors: Vec<StateTensor>,
    /// False after a reset: the file's initial state is used.
    filled: bool,
    /// The last call changed nothing.
    settled: bool,
}

impl ModelState {
    /// Finds the pairs of optional inputs and outputs with fixed, equal shapes.
    pub fn find(session: &Session) -> Self {
        let outputs = session.outputs();
        let state_tensors = session
            .overridable_initializers()
            .iter()
            .filter_map(|past| {
                let present = format!("{PRESENT}{}", past.name().strip_prefix(PAST)?);
                let output = outputs.iter().find(|outlet| outlet.name() == present)?;
                let shape = past.dtype().tensor_shape()?;
                (output.dtype().tensor_shape()? == shape).then_some(())?;
                let shape: Option<Vec<usize>> = shape.iter().map(|&n| usize::try_from(n).ok()).collect();
                Some(StateTensor {
                    past: past.name().to_string(),
                    present,
                    shape: shape?,
                    values: Vec::new(),
                })
            })
            .collect();
        Self {
            state_tensors,
            filled: false,
            settled: false,
        }
    }

    /// True if the last call did not change the state; always true without a state.
    pub fn is_settled(&self) -> bool {
        self.settled || !self.is_stateful()
    }

    /// True if the file has state tensors.
    pub fn is_stateful(&self) -> bool {
        !self.state_tensors.is_empty()
    }

    /// True for outputs that are state tensors.
    pub fn is_state_output(&self, output: &str) -> bool {
        self.state_tensors.iter().any(|tensor| tensor.present == output)
    }

    /// Back to the initial state.
    pub fn reset(&mut self) {
        self.filled = false;
    }

    /// Adds the state to the inputs of a call.
    ///
    /// # Errors
    /// If the runtime is out of memory.
    pub fn add_inputs<'a>(
        &'a self,
        inputs: &mut Vec<(Cow<'a, str>, SessionInputValue<'a>)>,
    ) -> Result<(), ort::Error> {
        if self.filled {
            for state in &self.state_tensors {
                let tensor = TensorRef::from_array_view((state.shape.clone(), state.values.as_slice()))?;
                inputs.push((state.past.as_str().into(), tensor.into()));
            }
        }
        Ok(())
    }

    /// Keeps the state outputs of a call for the next.
    ///
    /// # Errors
    /// If an output is not a float tensor.
    pub fn store(&mut self, outputs: &SessionOutputs<'_>) -> Result<(), ort::Error> {
        let mut settled = std::mem::take(&mut self.filled);
        self.settled = false;
        for state in &mut self.state_tensors {
            let (_, values) = outputs[state.present.as_str()].try_extract_tensor::<f32>()?;
            settled &= state.values == values;
            state.values.clear();
            state.values.extend_from_slice(values);
        }
        self.filled = true;
        self.settled = settled;
        Ok(())
    }
}
