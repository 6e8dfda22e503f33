//! The built VST3 plugin in VST3 hosts: pedalboard (JUCE) through Python, and `voxmeld_tests::vst3`.

mod automation_lines;
mod python_host;
mod restarts;
