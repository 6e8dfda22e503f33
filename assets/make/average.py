"""Averages the weights of synthesizers that were trained on from the same one: average.py OUT IN IN ...

Runs that differ in their dice only end in the same valley, on different sides of it; their mean lies
lower than each. It is how two cores train one synthesizer."""
import sys

import torch

import common


def main():
    out, *files = (common.DATA / name for name in sys.argv[1:])
    runs = [torch.load(file) for file in files]
    mean = {key: sum(run[key] for run in runs) / len(runs) for key in runs[0]}
    torch.save(mean, out)


if __name__ == "__main__":
    main()
