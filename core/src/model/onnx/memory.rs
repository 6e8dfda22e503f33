//! What a streaming model remembers between two calls.
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

/// One tensor that is carried over.
struct Carried {
    past: String,
    present: String,
    shape: Vec<usize>,
    values: Vec<f32>,
}

/// All that a file carries over; nothing, for most.
pub struct Memory {
    carried: Vec<Carried>,
    /// False where nothing came before: the file's own beginning counts then.
    filled: bool,
}

impl Memory {
    /// Finds the pairs of optional inputs and outputs with fixed, equal shapes.
    pub fn of(session: &Session) -> Self {
        let outputs = session.outputs();
        let carried = session
            .overridable_initializers()
            .iter()
            .filter_map(|past| {
                let present = format!("{PRESENT}{}", past.name().strip_prefix(PAST)?);
                let output = outputs.iter().find(|outlet| outlet.name() == present)?;
                let shape = past.dtype().tensor_shape()?;
                (output.dtype().tensor_shape()? == shape).then_some(())?;
                let shape: Option<Vec<usize>> = shape.iter().map(|&n| usize::try_from(n).ok()).collect();
                Some(Carried {
                    past: past.name().to_string(),
                    present,
                    shape: shape?,
                    values: Vec::new(),
                })
            })
            .collect();
        Self {
            carried,
            filled: false,
        }
    }

    /// True if the file carries anything over.
    pub fn is_there(&self) -> bool {
        !self.carried.is_empty()
    }

    /// True for the outputs that are only there to be carried over.
    pub fn gives(&self, output: &str) -> bool {
        self.carried.iter().any(|carried| carried.present == output)
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
            for carried in &self.carried {
                let tensor = TensorRef::from_array_view((carried.shape.clone(), carried.values.as_slice()))?;
                inputs.push((carried.past.as_str().into(), tensor.into()));
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
        for carried in &mut self.carried {
            let (_, values) = outputs[carried.present.as_str()].try_extract_tensor::<f32>()?;
            carried.values.clear();
            carried.values.extend_from_slice(values);
        }
        self.filled = true;
        Ok(())
    }
}
