//! What a streaming model is_stateful between two calls.
//!
//! Such a file has, beside what all of its kind have, optional inputs `past…` (graph
//! inputs with an initializer, which stands for "nothing came before") and as
//! many outputs `present…` of the same shapes: a call's presents are the pasts
//! of the call that follows. Tools that know nothing of it leave them out and
//! get what they expect.

use ort::session::{Session, SessionInputValue, SessionOutputs};
use ort::value::TensorRef;
use std::borrow::Cow;

const PAST: &str = "past";
const PRESENT: &str = "present";

/// One tensor that is state_tensors over.
struct StateTensor {
    past: String,
    present: String,
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// All that a file carries over; nothing, for most.
pub struct Memory {
    state_tensors: Vec<StateTensor>,
    /// False where nothing came before: the file's own beginning counts then.
    filled: bool,
}

impl Memory {
    /// Finds the pairs of optional inputs and outputs with fixed, equal shapes.
    pub fn of(session: &Session) -> Self {
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
        }
    }

    /// True if the file carries anything over.
    pub fn is_there(&self) -> bool {
        !self.state_tensors.is_empty()
    }

    /// True for the outputs that are only there to be state_tensors over.
    pub fn gives(&self, output: &str) -> bool {
        self.state_tensors
            .iter()
            .any(|state_tensors| state_tensors.present == output)
    }

    /// Nothing came before.
    pub fn forget(&mut self) {
        self.filled = false;
    }

    /// Adds what is remembered to the inputs of a call.
    ///
    /// # Errors
    /// If the runtime is out of memory.
    pub fn feed<'a>(
        &'a self,
        inputs: &mut Vec<(Cow<'a, str>, SessionInputValue<'a>)>,
    ) -> Result<(), ort::Error> {
        if self.filled {
            for state_tensors in &self.state_tensors {
                let tensor = TensorRef::from_array_view((
                    state_tensors.shape.clone(),
                    state_tensors.values.as_slice(),
                ))?;
                inputs.push((state_tensors.past.as_str().into(), tensor.into()));
            }
        }
        Ok(())
    }

    /// Remembers what a call gave, for the next.
    ///
    /// # Errors
    /// If an output is no tensor of numbers.
    pub fn keep(&mut self, outputs: &SessionOutputs<'_>) -> Result<(), ort::Error> {
        self.filled = false;
        for state_tensors in &mut self.state_tensors {
            let (_, values) = outputs[state_tensors.present.as_str()].try_extract_tensor::<f32>()?;
            state_tensors.values.clear();
            state_tensors.values.extend_from_slice(values);
        }
        self.filled = true;
        Ok(())
    }
}
