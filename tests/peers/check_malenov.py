"""Class scores of MalenoV's network in three dimensions from PyTorch, for `tests/integration/channels.rs`.

    python check_malenov.py            computes them again and compares with the committed ones
    python check_malenov.py --write    writes them anew

The network is written down here after the published Keras program. Weights are hashes of their names, cubes of their place.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from check_golden_logits import uniform

FIXTURE = Path(__file__).parents[1] / "fixtures" / "malenov_logits.json"
SEED = 4000
CLASSES = 9
#: Name in the fixture, cubes, volumes of each, side.
CASES = [("one_volume_65", 3, 1, 65), ("two_volumes_30", 2, 2, 30)]


def tensor(name, shape):
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = (seed ^ byte) * 0x01000193 & 0xFFFFFFFF
    scale, offset = np.float32(0.1), np.float32(0.0)
    if len(shape) > 1:
        scale = np.float32(np.sqrt(3.0 / np.prod(shape[1:])))
    elif name.endswith((".weight", ".running_var")):
        scale, offset = np.float32(0.25), np.float32(1.0)
    return torch.from_numpy(offset + scale * uniform(seed, int(np.prod(shape))).reshape(shape))


def same(x, kernel, stride):
    """Keras' zeros: an odd one stands behind."""
    pads = []
    for length in reversed(x.shape[2:]):
        total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


def convolution(name, x, kernel, stride):
    weight = tensor(f"{name}.weight", (50, x.shape[1], kernel, kernel, kernel))
    return F.conv3d(same(x, kernel, stride), weight, tensor(f"{name}.bias", (50,)), stride)


def linear(name, x, outputs):
    return F.linear(x, tensor(f"{name}.weight", (outputs, x.shape[1])), tensor(f"{name}.bias", (outputs,)))


def batch_norm(name, x):
    part = lambda part: tensor(f"{name}.{part}", (x.shape[1],))
    return F.batch_norm(x, part("running_mean"), part("running_var"), part("weight"), part("bias"), eps=1e-3)


def malenov(x):
    x = F.relu(batch_norm("norm1", convolution("convolution1", x, 5, 4)))
    for number in (2, 3, 4):
        x = F.relu(batch_norm(f"norm{number}", convolution(f"convolution{number}", x, 3, 2)))
    x = convolution("convolution5", x, 3, 2).flatten(1)
    x = F.relu(batch_norm("dense1_norm", linear("dense1", x, 50)))
    x = F.relu(batch_norm("dense2_norm", linear("dense2", x, 10)))
    return batch_norm("scores_norm", linear("scores", x, CLASSES))


def main():
    torch.set_num_threads(1)
    scores = {}
    for name, cubes, volumes, side in CASES:
        x = uniform(SEED, cubes * volumes * side**3).reshape(cubes, volumes, side, side, side)
        scores[name] = malenov(torch.from_numpy(x)).double().numpy().round(6).tolist()
    if "--write" in sys.argv:
        FIXTURE.write_text(json.dumps(scores, indent=1) + "\n")
        return
    committed = json.loads(FIXTURE.read_text())
    for name, values in scores.items():
        difference = np.abs(np.array(values) - np.array(committed[name])).max()
        print(f"{name}: {difference:.1e}")
        assert difference < 2e-5, name


if __name__ == "__main__":
    main()
