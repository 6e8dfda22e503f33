//! Processing of blocks, with the transport and the plugin's output events.

use super::Instance;
use crate::host::handlers::Handlers;
use crate::host::params::ParamEvent;
use crate::host::real_time::in_realtime_context;
use anyhow::{Context, Result};
use clack_host::events::event_types::{TransportEvent, TransportFlags};
use clack_host::events::{EventFlags, EventHeader};
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, SecondsTime};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

impl Instance {
    /// Sets the transport from the next block on: position of the song, playing or
    /// stopped, loop on or off. The stream itself continues.
    pub fn set_transport(&mut self, seconds: f64, playing: bool, looping: bool) {
        let mut flags = TransportFlags::HAS_TEMPO
            | TransportFlags::HAS_BEATS_TIMELINE
            | TransportFlags::HAS_SECONDS_TIMELINE;
        flags.set(TransportFlags::IS_PLAYING, playing);
        flags.set(TransportFlags::IS_LOOP_ACTIVE, looping);
        self.transport = Some(TransportEvent {
            header: EventHeader::new_core(0, EventFlags::empty()),
            flags,
            song_pos_beats: BeatTime::from_float(2.0 * seconds),
            song_pos_seconds: SecondsTime::from_float(seconds),
            tempo: 120.0,
            tempo_inc: 0.0,
            loop_start_beats: BeatTime::from_float(2.0),
            loop_end_beats: BeatTime::from_float(3.0),
            loop_start_seconds: SecondsTime::from_float(1.0),
            loop_end_seconds: SecondsTime::from_float(1.5),
            bar_start: BeatTime::from_float((seconds / 2.0).floor() * 4.0),
            bar_number: (seconds / 2.0) as i32,
            time_signature_numerator: 4,
            time_signature_denominator: 4,
        });
    }

    /// Processes blocks of silence on a separate audio thread, while `main` is called
    /// on this thread until it returns true. Returns the number of blocks.
    ///
    /// # Errors
    /// If the instance is not active, the plugin reports an error, or `main` fails.
    pub fn while_playing(&mut self, mut main: impl FnMut(&mut Self) -> Result<bool>) -> Result<usize> {
        let mut processor = self.processor.take().context("not active")?;
        let channels = self.channels;
        let stop = AtomicBool::new(false);
        let (blocks, main_result) = std::thread::scope(|scope| {
            let audio = scope.spawn(|| {
                let mut blocks = 0;
                let mut played = Ok(());
                while !stop.load(SeqCst) && played.is_ok() {
                    played = play_silence(&mut processor, channels);
                    blocks += 1;
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
                played.map(|()| blocks)
            });
            let mut main_result = Ok(false);
            while matches!(main_result, Ok(false)) {
                main_result = main(self);
                self.serve_callbacks();
            }
            stop.store(true, SeqCst);
            (audio.join(), main_result)
        });
        self.processor = Some(processor);
        main_result?;
        blocks.map_err(|_| anyhow::anyhow!("the audio thread panicked"))?
    }

    /// Processes one block. `input` and `output` have one slice per channel, all of
    /// the same length.
    ///
    /// # Errors
    /// If the instance is not active, or the plugin reports an error.
    pub fn process(
        &mut self,
        input: &mut [&mut [f32]],
        output: &mut [&mut [f32]],
        events: &[ParamEvent],
    ) -> Result<()> {
        let mut list = EventBuffer::new();
        for event in events {
            event.add_to(&mut list);
        }
        let len = input.first().map_or(0, |channel| channel.len());
        let mut side = vec![vec![0.0; len]; self.channels];
        let mut side: Vec<&mut [f32]> = side.iter_mut().map(Vec::as_mut_slice).collect();
        let mut input: Vec<&mut [f32]> = input.iter_mut().map(|channel| &mut **channel).collect();
        self.process_with_side(&mut input, &mut side, output, &list)
    }

    /// [`Self::process`] with a side chain (as many channels as the input) and
    /// events of all kinds.
    ///
    /// # Errors
    /// As [`Self::process`].
    pub fn process_with_side<'a, 'b>(
        &mut self,
        input: &'a mut [&'b mut [f32]],
        side: &'a mut [&'b mut [f32]],
        output: &mut [&mut [f32]],
        events: &EventBuffer,
    ) -> Result<()> {
        let len = input.first().map_or(0, |channel| channel.len());
        self.output_events.clear();
        let processor = self.processor.as_mut().context("not active")?;
        // NaN, so that samples which the plugin does not write are not mistaken for silence.
        output.iter_mut().for_each(|channel| channel.fill(f32::NAN));
        let input = self
            .inputs
            .with_input_buffers([input, side].map(|port| AudioPortBuffer {
                latency: 0,
                channels: AudioPortBufferType::f32_input_only(
                    port.iter_mut().map(|channel| InputChannel::variable(*channel)),
                ),
            }));
        let mut output = self.outputs.with_output_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_output_only(output.iter_mut().map(|channel| &mut **channel)),
        }]);
        let (events, mut output_events) = (events.as_input(), self.output_events.as_output());
        let time = Some(self.steady_time);
        let mut process = || {
            processor.process(
                &input,
                &mut output,
                &events,
                &mut output_events,
                time,
                self.transport.as_ref(),
            )
        };
        // In an offline render the audio thread waits for the worker.
        let processed = if self.offline {
            process()
        } else {
            in_realtime_context(process)
        };
        processed?;
        self.record_published(len)?;
        self.steady_time += len as u64;
        self.serve_callbacks();
        Ok(())
    }
}

/// Processes one block of silence with a silent side chain.
fn play_silence(processor: &mut StartedPluginAudioProcessor<Handlers>, channels: usize) -> Result<()> {
    const LEN: usize = 48;
    let mut silence = vec![[0.0; LEN]; 2 * channels];
    let (main, side) = silence.split_at_mut(channels);
    let mut output = vec![[f32::NAN; LEN]; channels];
    let mut inputs = AudioPorts::with_capacity(channels, 2);
    let mut outputs = AudioPorts::with_capacity(channels, 1);
    let input = inputs.with_input_buffers([main, side].map(|port| {
        AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_input_only(
                port.iter_mut()
                    .map(|channel| InputChannel::variable(&mut channel[..])),
            ),
        }
    }));
    let mut to = outputs.with_output_buffers([AudioPortBuffer {
        latency: 0,
        channels: AudioPortBufferType::f32_output_only(output.iter_mut().map(|channel| &mut channel[..])),
    }]);
    let (events, mut output_events) = (EventBuffer::new(), EventBuffer::new());
    processor.process(
        &input,
        &mut to,
        &events.as_input(),
        &mut output_events.as_output(),
        None,
        None,
    )?;
    Ok(())
}
