//! One instance with its input, automation and swaps of the target.

use super::driver::{BLOCK, RATE_HZ};
use super::output_analysis::{OutputAnalysis, OutputStats, WINDOW};
use super::report::InstanceReport;
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use voxmeld_core::pack::find_pack;
use voxmeld_tests::env;
use voxmeld_tests::host::{Host, Instance, ParamEvent};
use voxmeld_tests::signal::Random;

/// Blocks between two swaps (7 s). The instances take turns.
const SWAP_EVERY: usize = 7 * RATE_HZ as usize / BLOCK;

/// An instance that plays speech in a loop.
pub struct Player {
    instance: Instance,
    speech: Vec<f32>,
    position: usize,
    random: Random,
    latency: usize,
    /// Duration of every callback in ns.
    callbacks: Vec<u32>,
    analysis: OutputAnalysis,
}

impl Player {
    /// Activates an instance and plays until its voice sounds.
    pub fn start(host: &Host, speech: &[f32], number: usize) -> Result<Self> {
        let mut instance = host.instance()?;
        instance.activate(f64::from(RATE_HZ), BLOCK as u32)?;
        let latency = instance.latency()?;
        let mut player = Self {
            instance,
            speech: speech.to_vec(),
            position: number * speech.len() / 3,
            random: Random::new(number as u64),
            latency,
            callbacks: Vec::new(),
            analysis: OutputAnalysis::start(latency),
        };
        let started = Instant::now();
        while !player.sounds()? {
            anyhow::ensure!(
                started.elapsed() < Duration::from_secs(60),
                "the voice did not sound within a minute"
            );
        }
        player.callbacks.clear();
        Ok(player)
    }

    /// The measured delays of an offline render of a session, which is never late.
    pub fn delays_of_offline_render(host: &Host, speech: &[f32], session: &[u8]) -> Result<Vec<f64>> {
        let mut instance = host.instance()?;
        instance.restore(session)?;
        instance.set_offline(true)?;
        instance.activate(f64::from(RATE_HZ), BLOCK as u32)?;
        let latency = instance.latency()?;
        let mut player = Self {
            instance,
            speech: speech.to_vec(),
            position: 0,
            random: Random::new(0),
            latency,
            callbacks: Vec::new(),
            analysis: OutputAnalysis::start(latency),
        };
        for block in 0..2 * WINDOW / BLOCK {
            player.play_block(block)?;
        }
        Ok(player.analysis.finish().delays_ms)
    }

    /// Plays one second in real time without measuring; true if the last block has sound.
    fn sounds(&mut self) -> Result<bool> {
        let mut sounds = false;
        for _ in 0..RATE_HZ as usize / BLOCK {
            std::thread::sleep(Duration::from_millis(10));
            let (_, output) = self.block(&[])?;
            sounds = output.iter().any(|&x| x != 0.0);
        }
        Ok(sounds)
    }

    /// Plays one block with automation at a random sample.
    pub fn play_block(&mut self, number: usize) -> Result<()> {
        let seconds = (number * BLOCK) as f64 / f64::from(RATE_HZ);
        let mut events = Vec::new();
        let offset = self.random.index(BLOCK) as u32;
        let wave = 0.5 + 0.5 * (seconds * 0.7).sin();
        events.push(self.event("Blend ratio", offset, wave)?);
        if number % 50 == 49 {
            let part = 0.4 + 0.2 * self.random.index(11) as f64 / 10.0;
            events.push(self.event("Pitch shift", offset, part)?);
        }
        let (input, output) = self.block(&events)?;
        self.analysis.push_block(input, output);
        Ok(())
    }

    fn event(&self, name: &str, offset: u32, part: f64) -> Result<ParamEvent> {
        let param = self.instance.param(name)?;
        Ok(ParamEvent {
            offset,
            id: param.id,
            value: param.at(part),
        })
    }

    /// Plays the next block; returns input and output (left).
    fn block(&mut self, events: &[ParamEvent]) -> Result<([f32; BLOCK], [f32; BLOCK])> {
        let mut input = [0.0; BLOCK];
        for sample in &mut input {
            *sample = self.speech[self.position];
            self.position = (self.position + 1) % self.speech.len();
        }
        let (mut left, mut right) = (input, input);
        let (mut out_left, mut out_right) = ([0.0; BLOCK], [0.0; BLOCK]);
        let started = Instant::now();
        self.instance.process(
            &mut [&mut left, &mut right],
            &mut [&mut out_left, &mut out_right],
            events,
        )?;
        self.callbacks
            .push(u32::try_from(started.elapsed().as_nanos()).unwrap_or(u32::MAX));
        Ok((input, out_left))
    }

    /// Destroys the instance; returns its measurements.
    pub fn finish(self) -> InstanceReport {
        let Self {
            instance,
            callbacks,
            analysis,
            latency,
            ..
        } = self;
        drop(instance);
        let stats: OutputStats = analysis.finish();
        InstanceReport::new(latency, callbacks, &stats)
    }
}

/// Sessions (saved states) with different targets.
pub struct Swaps(pub Vec<Vec<u8>>);

impl Swaps {
    /// A session for each target of the default pack.
    pub fn of(player: &mut Player, bundle: &Path) -> Result<Self> {
        env::use_data_of(bundle)?;
        let pack = find_pack("default")?;
        let saved = player.instance.save()?;
        // A CLAP state of nice-plug is JSON after its length in eight bytes.
        let saved: Value = serde_json::from_slice(saved.get(8..).context("the state is too short")?)?;
        let mut states = Vec::new();
        for target in &pack.indices {
            let mut state = saved.clone();
            let field = state
                .pointer_mut("/fields/voice")
                .context("no voice in the state")?;
            let mut voice: Value = serde_json::from_str(field.as_str().context("the voice is not a text")?)?;
            voice["selection"]["index"] = serde_json::json!({ "Pack": target.name });
            *field = Value::String(voice.to_string());
            let text = serde_json::to_vec(&state)?;
            let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
            bytes.extend(text);
            states.push(bytes);
        }
        Ok(Self(states))
    }

    /// Swaps the target of one instance if a swap is due at this block; returns the number of swaps.
    pub fn swap_if_due(&self, block: usize, players: &mut [Player]) -> Result<u32> {
        if block % SWAP_EVERY != SWAP_EVERY - 1 {
            return Ok(0);
        }
        let round = block / SWAP_EVERY;
        let player = round % players.len();
        let state = &self.0[(round / players.len()) % self.0.len()];
        players[player].instance.restore(state)?;
        Ok(1)
    }
}
