//! The SDK's result codes and constants.

use anyhow::{Context, Result, ensure};
use vst3::Steinberg::{int32, kResultOk, tresult};

/// An error that names the call, unless the result is `kResultOk`.
pub(super) fn check(result: tresult, call: &str) -> Result<()> {
    ensure!(result == kResultOk, "{call} returned {result}");
    Ok(())
}

/// The SDK's constants have types of their own; its structures take `int32`.
pub(super) fn to_int32(constant: impl TryInto<int32>) -> Result<int32> {
    constant
        .try_into()
        .ok()
        .context("the constant does not fit into 32 bits")
}
