"""Trains the synthesizer to rebuild speech from embeddings, pitch and noise.

What a piece is fed with is either its own (the live detail of a frame is then as it should be), or its
own on the way to its retrieved neighbours, or the task of a conversion: the content as another throat
would have said it, beside the neighbours' detail and voice. `--gan` adds two light
spectrogram discriminators for the last stretch. The schedule follows the clock.
"""
import argparse
import json
import time

import numpy as np
import torch
from torch import nn

import common
import dataset
from synth import Synthesizer

FRAMES = 110              # 10 ms frames in a piece
LEAD = 14                 # of which the first have too little context to be judged
MOST_SETTLED = 8          # frames
RESOLUTIONS = (768, 1280, 2048)
CONTENT = slice(0, common.CONTENT)
DETAIL = slice(common.CONTENT, common.CONTENT + common.DETAIL)
VOICE = slice(common.CONTENT + common.DETAIL, None)


def gather():
    """Clips with embeddings at 100 frames/s ready, and pitch cut to the same length."""
    box = np.load(common.DATA / "embeds.npz")
    ends = np.cumsum(box["lengths"])
    streams = np.load(common.DATA / "f0s.npz")
    embed, near, ask = box["embed"], box["near"], box["ask"]
    place = {n: i for i, n in enumerate(box["names"].tolist())}
    clips = []
    for c in dataset.load(("full", "f0", "human")):
        if c["name"] not in place:
            continue                # spoken since the embeddings were made
        i = place[c["name"]]
        rows = slice(ends[i] - box["lengths"][i], ends[i])
        c["embed"], c["near"], c["ask"] = embed[rows], near[rows], ask[rows]
        c["gain"], c["rich"] = box["gains"][i], box["rich"][i]
        c["f0s"] = streams[c["name"]]
        frames = min(2 * len(c["embed"]), len(c["f0"]), len(c["f0s"]), len(c["full"]) // common.UPP)
        c["frames"] = frames - frames % 2
        if c["frames"] > FRAMES + 2:
            clips.append(c)
    return clips


def settled(change, frames):
    """The mean of each row and the `frames - 1` before it; `change` has that many rows more in front."""
    sums = np.cumsum(np.concatenate([np.zeros((1, change.shape[1]), np.float32), change]), 0)
    return (sums[frames:] - sums[:-frames]) / frames


def blended(c, rows, spread, rng):
    """Embeddings that shall sound like the clip: its own, its own on the way to its neighbours, or (the
    task of a ratio of 1) what the content was in another throat, beside the neighbours' voice and their
    detail: of this the slow part above all, as in the product."""
    first = max(0, rows.start - MOST_SETTLED + 1)
    wide = slice(first, rows.stop)
    own, near, ask = (c[k][wide].astype(np.float32) for k in ("embed", "near", "ask"))
    lead, dice, ratio = rows.start - first, rng.random(), 0.0
    if dice < 0.3 or (dice < 0.45 and not c["rich"]):
        asked = own
    elif dice < 0.45:
        asked, ratio = own, rng.random()
    elif c["rich"]:
        asked, ratio = ask, 1.0 if rng.random() < 0.6 else rng.uniform(0.6, 1)
    else:
        asked, ratio = own, 0.5 * rng.random()
    change = ratio * (near - asked)
    mixed = (asked + change)[lead:]
    mixed[:, CONTENT] = (asked + rng.uniform(0, 2 * common.CONTENT_SHARE) * change)[lead:, CONTENT]
    if rng.random() < 0.8:
        frames = int(rng.choice((3, 5, 5, 8)))
        missing = max(0, frames - 1 - lead)
        line = np.concatenate([np.repeat(change[:1], missing, 0), change])[lead + missing - frames + 1:, DETAIL]
        quick = 0.0 if rng.random() < 0.5 else rng.random() ** 2
        slow = settled(line, frames)
        mixed[:, DETAIL] = asked[lead:, DETAIL] + slow + quick * (change[lead:, DETAIL] - slow)
    if rng.random() < 0.2:
        # the colour of another moment of the same voice
        mixed[:, VOICE] = c["embed"][rng.integers(0, len(c["embed"]))][VOICE]
    # the detail is the frame's own as far as the ratio lets it; a stranger's neighbours err more
    unsure = spread[DETAIL] * (0.02 + 0.3 * ratio * rng.random())
    mixed[:, DETAIL] += rng.normal(0, 1, mixed[:, DETAIL].shape) * unsure
    return mixed


def pick(clips, weights, spread, batch, rng):
    phone = np.zeros((batch, FRAMES, common.DIM), np.float32)
    pitch = np.zeros((batch, FRAMES), np.float32)
    audio = np.zeros((batch, FRAMES * common.UPP), np.float32)
    human = np.zeros(batch, bool)
    for b, i in enumerate(rng.choice(len(clips), batch, p=weights)):
        c = clips[i]
        at = 2 * int(rng.integers(0, (c["frames"] - FRAMES) // 2))
        rows = slice(at // 2, at // 2 + FRAMES // 2)
        mixed = blended(c, rows, spread, rng)
        phone[b] = np.repeat(mixed, 2, 0)
        streamed = rng.random() < 0.65
        f0 = c["f0s" if streamed else "f0"][at:at + FRAMES].copy()
        if not streamed and rng.random() < 0.3:
            # streamed voicing is less sure: sometimes a frame more or less, or one missing
            for at_frame in rng.integers(1, FRAMES, rng.integers(0, 3)):
                f0[at_frame] = f0[at_frame] * (rng.random() < 0.3)
            edge = np.flatnonzero(np.diff((f0 > 0).astype(int)))
            for e in edge:
                if rng.random() < 0.5:
                    f0[e] = f0[e + 1] if rng.random() < 0.5 else f0[e]
        pitch[b] = f0
        piece = c["full"][at * common.UPP:(at + FRAMES) * common.UPP]
        audio[b] = piece.astype(np.float32) / 32768 * c["gain"]
        human[b] = c["human"]
    return torch.tensor(phone), torch.tensor(pitch), torch.tensor(audio), torch.tensor(human)


def magnitudes(wave, size):
    window = torch.hann_window(size)
    return torch.stft(wave, size, size // 4, window=window, center=False, return_complex=True).abs() / size ** 0.5


def pooled(wave):
    """Band levels every 2.5 ms, averaged over about 17 ms: timing without the pulses' phase."""
    power = magnitudes(wave, 240) ** 2
    return torch.sqrt(nn.functional.avg_pool2d(power[:, None, :120], (4, 4), (4, 2))[:, 0] + 1e-9)


def spectral_loss(fake, real, human):
    """Log and linear spectra; above 6.8 kHz only where the recording has it.

    The long windows resolve harmonics. Short ones would see single pulses, whose phase nobody can
    know, and would make noise look better than a voice: there only smoothed levels count.
    """
    total = 0.0
    for size in (*RESOLUTIONS, 0):
        if size:
            a, b = magnitudes(fake, size), magnitudes(real, size)
            bins = torch.arange(a.shape[1]) * common.RATE_OUT / size
        else:
            a, b = pooled(fake), pooled(real)
            bins = torch.arange(a.shape[1]) * 400.0
        weight = torch.where(human[:, None] & (bins[None] > 6800), 0.0, 1.0)
        # half of the weight below 4 kHz, where words and voices are told apart
        weight = (weight * (1 + 2 * (bins < 4000)))[..., None]
        weight = weight / weight.mean()
        log = (torch.log(a + 2e-4) - torch.log(b + 2e-4)).abs()
        # the square-root domain keeps the loud parts honest without letting one vowel rule
        root = (torch.sqrt(a + 1e-7) - torch.sqrt(b + 1e-7)).abs()
        total = total + (log * weight).mean() + 4 * (root * weight).mean() / (torch.sqrt(b + 1e-7).mean() + 0.02)
    return total / (len(RESOLUTIONS) + 1)


class Judge(nn.Module):
    """A light discriminator on the log spectrogram of one resolution."""

    def __init__(self, size, width=12):
        super().__init__()
        self.size = size
        layers, have = [], 1
        for stride, out in (((2, 1), width), ((2, 2), width), ((2, 1), 2 * width), ((2, 2), 2 * width)):
            layers.append(nn.utils.parametrizations.weight_norm(
                nn.Conv2d(have, out, (5, 3), stride, (2, 1))))
            have = out
        self.layers = nn.ModuleList(layers)
        self.last = nn.Conv2d(have, 1, 3, padding=1)

    def forward(self, wave, human):
        x = torch.log(magnitudes(wave, self.size) + 1e-4) * 0.3 + 1.5
        bins = torch.arange(x.shape[1]) * common.RATE_OUT / self.size
        x = torch.where(human[:, None, None] & (bins[None, :, None] > 6800), 0.0, x)[:, None]
        seen = []
        for layer in self.layers:
            x = nn.functional.leaky_relu(layer(x), 0.1)
            seen.append(x)
        return self.last(x), seen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=12)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--peak", type=float, default=1.0)
    parser.add_argument("--end", type=float, default=0.0, help="what is left of the rates at the end")
    parser.add_argument("--gan", type=float, default=2.0, help="share of the time before judges join")
    parser.add_argument("--dice", type=int, default=0, help="another seed: for runs that are averaged")
    parser.add_argument("--file", default="synth.pt", help="the weights, gone on from and written")
    args = parser.parse_args()
    torch.manual_seed(common.SEED + args.dice)
    torch.set_num_threads(1)
    rng = np.random.default_rng(common.SEED + 7 * args.resume + 10 * args.dice)
    clips = gather()
    weights = np.array([c["frames"] * (0.4 if c["human"] else 1.0)
                        * (2.5 if c["name"].startswith(common.TARGET_VOICES) else 1.0) for c in clips], float)
    weights /= weights.sum()
    box = np.concatenate([c["embed"] for c in clips[::3]]).astype(np.float32)
    # columns keep their relative sizes inside a group, groups come to comparable size
    scale = np.ones(common.DIM, np.float32)
    voice = common.CONTENT + common.DETAIL
    for part in (slice(0, common.CONTENT), slice(common.CONTENT, voice), slice(voice, None)):
        scale[part] = 1 / box[:, part].std(0).mean()
    spread = box.std(0)
    net = Synthesizer(torch.tensor(box.mean(0)), torch.tensor(scale))
    file = common.DATA / args.file
    if args.resume:
        net.load_state_dict(torch.load(file))
    matrices = [p for n, p in net.named_parameters() if p.ndim == 2 and "blocks" in n]
    others = [p for n, p in net.named_parameters() if not (p.ndim == 2 and "blocks" in n)]
    steppers = [(torch.optim.Muon(matrices, lr=6e-3, weight_decay=0.005), 6e-3),
                (torch.optim.AdamW(others, lr=1.5e-3, betas=(0.85, 0.98), weight_decay=0.0), 1.5e-3)]
    judges = nn.ModuleList([Judge(768)])
    referee = torch.optim.AdamW(judges.parameters(), lr=4e-4, betas=(0.7, 0.98))
    log = open(common.DATA / "logs" / "train_synth.jsonl", "a")
    start, step, smooth = time.time(), 0, None
    while (done := (time.time() - start) / (60 * args.minutes)) < 1:
        phone, pitch, audio, human = pick(clips, weights, spread, args.batch, rng)
        rnd = torch.randn(args.batch, 192, FRAMES) * 0.66666
        phase = torch.rand(args.batch, 1)
        with torch.autocast("cpu", torch.bfloat16):
            cepstra = net.filters(phone, pitch)
        fake = net.render(cepstra.float(), pitch, rnd, phase)[:, LEAD * common.UPP:]
        real = audio[:, LEAD * common.UPP:]
        # a breath of noise below everything, so that digital zero is not minus infinity
        real = real + torch.randn_like(real) * 1e-5
        loss = spectrum = spectral_loss(fake, real, human)
        rival = feature = torch.zeros(())
        playing = done > args.gan
        if playing:
            for judge in judges:
                for wave, goal in ((real, 1.0), (fake.detach(), 0.0)):
                    ((judge(wave, human)[0] - goal) ** 2).mean().backward()
            referee.step()
            referee.zero_grad()
            for judge in judges:
                with torch.no_grad():
                    _, truth = judge(real, human)
                verdict, seen = judge(fake, human)
                rival = rival + ((verdict - 1) ** 2).mean()
                feature = feature + sum((a - b).abs().mean() for a, b in zip(seen, truth))
            loss = loss + 0.15 * rival + 0.25 * feature
        rate = args.peak * min(1, (step + 1) / 50) * (1 - done * (1 - args.end)) + 1e-3
        for stepper, base in steppers:
            stepper.param_groups[0]["lr"] = base * rate
            stepper.zero_grad(set_to_none=True)
        loss.backward()
        referee.zero_grad()
        norm = torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        if torch.isfinite(norm):
            for stepper, _ in steppers:
                stepper.step()
        now = np.array([loss.item(), spectrum.item(), float(rival), float(feature), norm.item()])
        smooth = now if smooth is None else 0.95 * smooth + 0.05 * now
        step += 1
        if step % 50 == 0:
            line = dict(zip(("loss", "spectrum", "rival", "feature", "norm"), smooth.round(4).tolist()),
                        step=step, seconds=round(time.time() - start))
            log.write(json.dumps(line) + "\n")
            log.flush()
            print(line, flush=True)
            if step % 200 == 0:
                torch.save(net.state_dict(), file)
    torch.save(net.state_dict(), file)


if __name__ == "__main__":
    main()
