"""Makes the linear head: 128 columns of projected teacher beside 48 of phone evidence.

Phone logits live in a linear space; its strongest 48 axes are added to the content columns, so
that the distance between two frames also counts what phone each of them was heard as.
"""
import numpy as np
import torch

import common
import dataset
from targets import KEEP
from train_encoder import Student

PHONE_SHARE = 0.55        # of the total variance of the content columns


def main():
    torch.set_num_threads(1)
    student = Student()
    student.load_state_dict(torch.load(common.DATA / "encoder.pt"))
    student.eval()
    clips = dataset.load(("low", "phones"))
    rng = np.random.default_rng(common.SEED)
    hidden, phones = [], []
    with torch.no_grad():
        for i in rng.permutation(len(clips))[:150]:
            wave = torch.tensor(clips[i]["low"]).float()[None] / 32768
            hidden.append(student.content(wave)[0].numpy())
            phones.append(clips[i]["phones"])
    hidden, phones = np.concatenate(hidden), np.concatenate(phones)
    used = np.unique(phones[phones >= 0])
    if (common.DATA / "head_axes.npz").exists():
        used = np.load(common.DATA / "head_axes.npz")["used"]
    state = {k: v.numpy() for k, v in student.state_dict().items() if k.startswith(("project", "phones"))}
    weight, bias = state["phones.weight"][used], state["phones.bias"][used]
    weight = weight - weight.mean(0)
    logits = hidden @ weight.T
    values, axes = np.linalg.eigh(np.cov(logits.T))
    count = min(common.CONTENT - KEEP, len(used))
    axes = axes[:, ::-1][:, :count] / np.sqrt(values[::-1][:count].sum())
    # a resumed encoder keeps the axes, so that a synthesizer can be resumed with it
    kept = common.DATA / "head_axes.npz"
    if kept.exists():
        axes = np.load(kept)["axes"]
    np.savez(kept, axes=axes, used=used)
    extra = np.zeros((common.CONTENT - KEEP, weight.shape[1]), np.float32)
    extra[:count] = axes.T @ weight
    shift = np.zeros(len(extra), np.float32)
    shift[:count] = -(logits.mean(0) @ axes)
    base = hidden @ state["project.weight"].T
    scale = np.sqrt((1 - PHONE_SHARE) / base.var(0).sum())
    middle = -base.mean(0) * scale
    np.savez(common.DATA / "head.npz",
             weight=np.concatenate([state["project.weight"] * scale, extra * np.sqrt(PHONE_SHARE)]),
             bias=np.concatenate([middle, shift * np.sqrt(PHONE_SHARE)]))
    print("projected variance before scaling", base.var(0).sum())


if __name__ == "__main__":
    main()
