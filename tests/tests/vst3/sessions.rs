//! Sessions that earlier versions saved load in the built plugin.

use anyhow::{Result, ensure};
use voxmeld_tests::sessions::{self, Contents};
use voxmeld_tests::vst3::Vst3Instance;

#[test]
fn every_kept_session_loads_and_is_saved_with_the_same_values() -> Result<()> {
    for (path, state) in sessions::kept("vst3-state")? {
        let instance = Vst3Instance::load(480, 0b11, 0b11)?;
        instance.load_state(&state)?;
        let (loaded, kept) = (Contents::read(&instance.save()?)?, Contents::read(&state)?);
        ensure!(
            loaded.include(&kept),
            "{}: {loaded:#?} instead of {kept:#?}",
            path.display()
        );
    }
    Ok(())
}
