"""Makes the linear head of the content columns, and the detail columns beside it.

Content: the projected teacher beside phone evidence (phone logits live in a linear space; its
strongest axes count what phone each frame was heard as), rotated to its strongest CONTENT axes.
Detail: the envelope along its strongest axes, less what a linear map foretells from the content.
"""
import numpy as np
import torch

import common
import dataset
from envelope import Envelope
from targets import KEEP
from train_encoder import Student

PHONE_SHARE = 0.55        # of the total variance of the content columns
PHONE_AXES = 48


def gather(student, stats, count):
    """Hidden states, envelopes and phones of `count` clips."""
    clips = dataset.load(("low", "phones"))
    rng = np.random.default_rng(common.SEED)
    envelope, rows = Envelope(), []
    with torch.no_grad():
        for i in rng.permutation(len(clips))[:count]:
            wave = torch.tensor(clips[i]["low"]).float()[None] / 32768
            hidden = student.content(wave)[0].numpy()
            raw = (envelope(wave[:, None])[0].numpy() - stats["raw_mean"]) / stats["raw_std"]
            n = min(len(hidden), len(raw), len(clips[i]["phones"]))
            rows.append((hidden[:n], raw[:n], clips[i]["phones"][:n]))
    return [np.concatenate(part) for part in zip(*rows)]


def phone_axes(hidden, weight, used):
    """Strongest axes of the phone logits, scaled to unit variance in sum."""
    weight = weight[used] - weight[used].mean(0)
    logits = hidden @ weight.T
    values, axes = np.linalg.eigh(np.cov(logits.T))
    axes = axes[:, ::-1][:, :PHONE_AXES] / np.sqrt(values[::-1][:PHONE_AXES].sum())
    return axes.T @ weight


def main():
    torch.set_num_threads(1)
    student = Student()
    student.load_state_dict(torch.load(common.DATA / "encoder.pt"))
    student.eval()
    stats = np.load(common.DATA / "targets.npz")
    hidden, raw, phones = gather(student, stats, 220)
    # a resumed encoder keeps all axes, so that a synthesizer can be resumed with it
    kept = common.DATA / "head_axes.npz"
    axes = dict(np.load(kept)) if kept.exists() else {}
    axes.setdefault("used", np.unique(phones[phones >= 0]))
    state = {k: v.numpy() for k, v in student.state_dict().items() if k.startswith(("project", "phones"))}
    project, said = state["project.weight"], state["phones.weight"]
    evidence = phone_axes(hidden, said, axes["used"]) if "evidence" not in axes else None
    if evidence is not None:
        # remembered in terms of the logits, which a later encoder has too
        weight = said[axes["used"]] - said[axes["used"]].mean(0)
        axes["evidence"] = evidence @ np.linalg.pinv(weight)
    weight = said[axes["used"]] - said[axes["used"]].mean(0)
    evidence = axes["evidence"] @ weight
    scale = np.sqrt((1 - PHONE_SHARE) / (hidden @ project.T).var(0).sum())
    loud = np.sqrt(PHONE_SHARE / (hidden @ evidence.T).var(0).sum())
    both = np.concatenate([project * scale, evidence * loud])
    wide = hidden @ both.T
    if "turn" not in axes:
        values, turn = np.linalg.eigh(np.cov(wide.T))
        axes["turn"] = turn[:, ::-1][:, :common.CONTENT]
        print("content keeps", values[::-1][:common.CONTENT].sum() / values.sum())
    matrix = axes["turn"].T @ both
    bias = -(hidden.mean(0) @ matrix.T)
    content = hidden @ matrix.T + bias

    one = np.concatenate([content, np.ones((len(content), 1))], 1)
    told = np.linalg.solve(one.T @ one + 10 * np.eye(one.shape[1]), one.T @ raw)
    rest = raw - one @ told
    if "detail" not in axes:
        values, turn = np.linalg.eigh(np.cov(rest.T))
        values, turn = values[::-1][:common.DETAIL], turn[:, ::-1][:, :common.DETAIL]
        print("left of the envelope", rest.var(0).sum() / raw.var(0).sum(), "of it kept",
              values.sum() / rest.var(0).sum())
        axes["detail"] = turn / values ** 0.25
        axes["detail"] /= np.sqrt((rest @ axes["detail"]).var(0).sum())
    np.savez(kept, **axes)
    np.savez(common.DATA / "head.npz", weight=matrix.astype(np.float32), bias=bias.astype(np.float32),
             detail_axes=axes["detail"].astype(np.float32), detail_told=(told @ axes["detail"]).astype(np.float32))


if __name__ == "__main__":
    main()
