//! Values to and from a model, in the types that its file declares.

use super::signature::Element;
use half::f16;
use ort::session::SessionInputValue;
use ort::value::{DynValue, Tensor};

/// Floats in the type that the file declares. For types other than floats, 32-bit floats are passed, so that
/// the runtime's own message names the expected type.
///
/// # Errors
/// If `values` do not fill `shape`.
pub fn floats(
    element: Element,
    shape: Vec<usize>,
    values: Vec<f32>,
) -> Result<SessionInputValue<'static>, ort::Error> {
    if element == Element::F16 {
        let values: Vec<f16> = values.into_iter().map(f16::from_f32).collect();
        return Ok(Tensor::from_array((shape, values))?.into());
    }
    Ok(Tensor::from_array((shape, values))?.into())
}

/// Integers (or booleans) in the type that the file declares.
///
/// # Errors
/// If `values` do not fill `shape`.
pub fn ints(
    element: Element,
    shape: Vec<usize>,
    values: Vec<i64>,
) -> Result<SessionInputValue<'static>, ort::Error> {
    match element {
        Element::I32 => {
            let values: Vec<i32> = values
                .into_iter()
                .map(|value| i32::try_from(value).unwrap_or(i32::MAX))
                .collect();
            Ok(Tensor::from_array((shape, values))?.into())
        }
        Element::Bool => {
            let values: Vec<bool> = values.into_iter().map(|value| value != 0).collect();
            Ok(Tensor::from_array((shape, values))?.into())
        }
        _ => Ok(Tensor::from_array((shape, values))?.into()),
    }
}

/// Reads an output of 32 or 16 bits into `values`, which is overwritten; its sizes are returned.
///
/// # Errors
/// If it is neither.
pub fn read_floats(output: &DynValue, values: &mut Vec<f32>) -> Result<Vec<usize>, ort::Error> {
    values.clear();
    let sizes = |shape: &[i64]| {
        shape
            .iter()
            .map(|&size| usize::try_from(size).unwrap_or(0))
            .collect()
    };
    if let Ok((shape, data)) = output.try_extract_tensor::<f16>() {
        values.extend(data.iter().map(|value| value.to_f32()));
        return Ok(sizes(shape));
    }
    let (shape, data) = output.try_extract_tensor::<f32>()?;
    values.extend_from_slice(data);
    Ok(sizes(shape))
}
