//! The built VST3 plugin in VST3 hosts: pedalboard (JUCE) through Python, and `voxmeld_tests::vst3`.

mod automation_lines;
mod live_video_host;
mod notes;
mod python_host;
mod rates;
mod raw_blocks;
mod restarts;
mod sessions;
mod start_stop;
mod values;
