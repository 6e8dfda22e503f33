//! One instance and what is done to it.

use super::driver::{BLOCK, RATE_HZ};
use super::listener::{Heard, Listener, WINDOW};
use super::report::InstanceReport;
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};
use voxmeld_core::pack::find_pack;
use voxmeld_tests::env;
use voxmeld_tests::host::{Host, Instance, ParamEvent};
use voxmeld_tests::signal::Random;

/// Blocks from one swap to the next (7 s): all instances take turns.
const SWAP_EVERY: usize = 7 * RATE_HZ as usize / BLOCK;

/// An instance that plays speech in a loop.
pub struct Player {
    instance: Instance,
    speech: Vec<f32>,
    position: usize,
    random: Random,
    latency: usize,
    callbacks: Vec<u32>,
    listener: Listener,
}

impl Player {
    /// Activates an instance and waits until its voice sounds.
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
            listener: Listener::start(latency),
        };
        let started = Instant::now();
        while !player.sounds()? {
            anyhow::ensure!(
                started.elapsed() < Duration::from_secs(60),
                "the voice does not sound"
            );
        }
        player.callbacks.clear();
        Ok(player)
    }

    /// What the measure of age says of a render of that session, in which
    /// nothing can be late.
    pub fn ages_of_a_render(host: &Host, speech: &[f32], session: &[u8]) -> Result<Vec<f64>> {
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
            listener: Listener::start(latency),
        };
        for block in 0..2 * WINDOW / BLOCK {
            player.play_block(block)?;
        }
        Ok(player.listener.finish().ages_ms)
    }

    /// Plays a second, by the clock and unheard; true if something came out.
    fn sounds(&mut self) -> Result<bool> {
        let mut heard = false;
        for _ in 0..RATE_HZ as usize / BLOCK {
            std::thread::sleep(Duration::from_millis(10));
            let (_, output) = self.block(&[])?;
            heard = output.iter().any(|&x| x != 0.0);
        }
        Ok(heard)
    }

    /// One block with automation at a random sample of it.
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
        self.listener.hear(input, output);
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

    /// Input and output (left) of the next block.
    fn block(&mut self, events: &[ParamEvent]) -> Result<([f32; BLOCK], [f32; BLOCK])> {
        let mut input = [0.0; BLOCK];
        for sample in &mut input {
            *sample = self.speech[self.position];
            self.position = (self.position + 1) % self.speech.len();
        }
        let (mut left, mut right) = (input, input);
        let (mut out_left, mut out_right) = ([0.0; BLOCK], [0.0; BLOCK]);
        let began = Instant::now();
        self.instance.process(
            &mut [&mut left, &mut right],
            &mut [&mut out_left, &mut out_right],
            events,
        )?;
        self.callbacks
            .push(u32::try_from(began.elapsed().as_nanos()).unwrap_or(u32::MAX));
        Ok((input, out_left))
    }

    /// Ends the instance; what was measured.
    pub fn finish(self) -> InstanceReport {
        let Self {
            instance,
            callbacks,
            listener,
            latency,
            ..
        } = self;
        drop(instance);
        let heard: Heard = listener.finish();
        InstanceReport::new(latency, callbacks, &heard)
    }
}

/// Sessions that differ in the target voice.
pub struct Swaps(pub Vec<Vec<u8>>);

impl Swaps {
    /// One for each target of the default pack.
    pub fn of(player: &mut Player, bundle: &Path) -> Result<Self> {
        env::use_data_of(bundle)?;
        let pack = find_pack("default")?;
        let saved = player.instance.save()?;
        // nice-plug puts the length before it, in eight bytes.
        let saved: Value = serde_json::from_slice(saved.get(8..).context("a saved session")?)?;
        let mut states = Vec::new();
        for target in &pack.indices {
            let mut state = saved.clone();
            let field = state
                .pointer_mut("/fields/voice")
                .context("a saved session has its voice")?;
            let mut voice: Value = serde_json::from_str(field.as_str().context("as text")?)?;
            voice["selection"]["index"] = serde_json::json!({ "Pack": target.name });
            *field = Value::String(voice.to_string());
            let text = serde_json::to_vec(&state)?;
            let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
            bytes.extend(text);
            states.push(bytes);
        }
        Ok(Self(states))
    }

    /// Swaps the target of one instance, where it is time; how many it were.
    pub fn swap_if_due(&self, block: usize, players: &mut [Player]) -> Result<u32> {
        if block % SWAP_EVERY != SWAP_EVERY - 1 {
            return Ok(0);
        }
        let round = block / SWAP_EVERY;
        let who = round % players.len();
        let state = &self.0[(round / players.len()) % self.0.len()];
        players[who].instance.restore(state)?;
        Ok(1)
    }
}
