"""Trains the content encoder: HuBERT's masked unit prediction beside distillation.

The student hears spoiled speech (other formants, room, noise, level) and must give the teacher's
phonetic projection of the clean speech, the cluster of every frame (masked frames count more), and
the phone where it is known. The schedule follows the clock, so it fits any time budget.
"""
import argparse
import json
import time

import numpy as np
import torch
from torch import nn

import common
import dataset
from hubert import Content
from targets import KEEP, UNITS

PHONES = 180
FRAMES = 100


class Student(nn.Module):
    def __init__(self):
        super().__init__()
        self.content = Content()
        self.project = nn.Linear(256, KEEP)
        self.units = nn.Linear(256, UNITS)
        self.phones = nn.Linear(256, PHONES)
        nn.init.normal_(self.project.weight, std=0.005)

    def forward(self, wave, mask=None):
        hidden = self.content(wave, mask).float()
        return self.project(hidden), self.units(hidden), self.phones(hidden)


def spans(batch, frames, rng, share=0.5, start=0.04, length=6):
    """HuBERT's mask: random spans, in a share of the batch."""
    mask = np.zeros((batch, frames), bool)
    for b in range(batch):
        if rng.random() < share:
            for i in np.flatnonzero(rng.random(frames) < start):
                mask[b, i:i + length] = True
    return torch.tensor(mask)


def pick(clips, weights, batch, rng):
    """Random 2 s pieces; short clips are padded with silence that does not count."""
    size = common.FIELD + (FRAMES - 1) * common.HOP_IN
    wave = np.zeros((batch, size), np.float32)
    target = np.zeros((batch, FRAMES, KEEP), np.float32)
    unit = np.full((batch, FRAMES), -1)
    phone = np.full((batch, FRAMES), -1)
    for b, i in enumerate(rng.choice(len(clips), batch, p=weights)):
        clip = clips[i]
        at = int(rng.integers(0, max(1, len(clip["phones"]) - FRAMES + 1)))
        piece = clip["low"][at * 320:at * 320 + size] / 32768
        wave[b, :len(piece)] = piece
        n = len(clip["target"][at:at + FRAMES])
        target[b, :n] = clip["target"][at:at + n]
        unit[b, :n] = clip["unit"][at:at + n]
        phone[b, :n] = clip["phones"][at:at + n]
    return (torch.tensor(wave), torch.tensor(target), torch.tensor(unit, dtype=torch.long),
            torch.tensor(phone, dtype=torch.long))


def prepare(clips, stats):
    """Replaces teacher features by projected targets and units."""
    import faiss
    index = faiss.IndexFlatL2(KEEP)
    index.add(stats["centroids"])
    for c in clips:
        c["target"] = (c.pop("teacher").astype(np.float32) - stats["mean"]) @ stats["matrix"]
        c["unit"] = index.search(np.ascontiguousarray(c["target"]), 1)[1][:, 0]


def optimizers(student):
    """Muon for the matrices of the transformer, AdamW for all else."""
    hidden = [p for n, p in student.named_parameters()
              if p.ndim == 2 and ("layers." in n or "feature_projection" in n)]
    chosen = {id(p) for p in hidden}
    rest = [p for p in student.parameters() if id(p) not in chosen]
    return [(torch.optim.Muon(hidden, lr=1e-2, momentum=0.95, weight_decay=0.01), 1e-2),
            (torch.optim.AdamW(rest, lr=1.5e-3, betas=(0.9, 0.98), weight_decay=0.01), 1.5e-3)]


def losses(student, data, mask):
    wave, target, unit, phone = data
    with torch.autocast("cpu", torch.bfloat16):
        project, units, phones = student(wave, mask)
    project, units, phones = project.float(), units.float(), phones.float()
    known = unit >= 0
    near = ((project - target) ** 2).sum(-1)[known].mean()
    cosine = 1 - torch.cosine_similarity(project, target, dim=-1)[known].mean()
    weight = torch.where(mask, 2.0, 1.0)[known]
    cluster = (nn.functional.cross_entropy(units[known], unit[known], reduction="none") * weight).mean()
    sure = phone >= 0
    said = nn.functional.cross_entropy(phones[sure], phone[sure]) if sure.any() else near * 0
    right = (phones.argmax(-1) == phone)[sure].float().mean()
    return near + cosine + 0.25 * cluster + 0.35 * said, (near, cosine, cluster, said, right)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--batch", type=int, default=14)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--peak", type=float, default=1.0, help="factor on both learning rates")
    parser.add_argument("--end", type=float, default=0.0, help="what is left of the rates at the end")
    parser.add_argument("--dropout", type=float, default=0.0)
    args = parser.parse_args()
    torch.manual_seed(common.SEED)
    torch.set_num_threads(1)
    rng = np.random.default_rng(common.SEED + args.resume)
    stats = np.load(common.DATA / "targets.npz")
    clips = dataset.load(("teacher", "phones", "low", "human"))
    prepare(clips, stats)
    dev = [c for c in clips if c["speaker"] in common.DEV_SPEAKERS]
    clips = [c for c in clips if not c["speaker"].startswith(common.DEV_SPEAKERS)]
    weights = np.array([len(c["phones"]) * (0.45 if c["human"] else 1.0) for c in clips])
    weights /= weights.sum()
    student = Student()
    file = common.DATA / "encoder.pt"
    if args.resume:
        student.load_state_dict(torch.load(file))
    for module in student.modules():
        if isinstance(module, nn.Dropout):
            module.p = args.dropout
    student.train()
    steppers = optimizers(student)
    log = open(common.DATA / "logs" / "train_encoder.jsonl", "a")
    start, step, smooth = time.time(), 0, None
    while (done := (time.time() - start) / (60 * args.minutes)) < 1:
        wave, *rest = pick(clips, weights, args.batch, rng)
        with torch.no_grad():
            spoiled = dataset.spoil(wave)
        loss, parts = losses(student, (spoiled, *rest), spans(args.batch, FRAMES, rng))
        rate = args.peak * min(1, (step + 1) / 60) * (1 - done * (1 - args.end)) + 1e-3
        for stepper, base in steppers:
            stepper.param_groups[0]["lr"] = base * rate
            stepper.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(student.parameters(), 2.0)
        for stepper, _ in steppers:
            stepper.step()
        student.content.keep_causal()
        now = np.array([loss.item(), *(p.item() for p in parts), norm.item()])
        smooth = now if smooth is None else 0.95 * smooth + 0.05 * now
        step += 1
        if step % 50 == 0:
            line = dict(zip(("loss", "near", "cosine", "cluster", "said", "right", "norm"),
                            smooth.round(4).tolist()), step=step, seconds=round(time.time() - start))
            if step % 200 == 0:
                student.eval()
                with torch.no_grad():
                    data = pick(dev, np.full(len(dev), 1 / len(dev)), 24, np.random.default_rng(1))
                    _, parts = losses(student, data, torch.zeros(24, FRAMES, dtype=torch.bool))
                    line["dev"] = [round(p.item(), 4) for p in parts]
                student.train()
                torch.save(student.state_dict(), file)
            log.write(json.dumps(line) + "\n")
            log.flush()
            print(line, flush=True)
    torch.save(student.state_dict(), file)


if __name__ == "__main__":
    main()
