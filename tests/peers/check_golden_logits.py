"""Class scores of the networks from PyTorch, for `tests/integration/golden_logits.rs`.

    python check_golden_logits.py --check    computes them again and compares with the committed ones
    python check_golden_logits.py --write    writes them anew

Weights and inputs come from a hash of their place, so that Rust and Python make the same ones. VGG16 sees a
normalised colour picture here, unfolded, and every voxel is one patch: nothing of the dense form or of the folding is
used.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

FIXTURE = Path(__file__).parents[1] / "fixtures" / "golden_logits.json"
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def uniform(seed, count):
    """`count` values in [-1, 1), a hash of seed and place."""
    x = (np.arange(count, dtype=np.uint64) + np.uint64(seed) * np.uint64(0x9E3779B1)).astype(np.uint32)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
    x ^= x >> np.uint32(16)
    return (x.astype(np.float64) / 2.0**31 - 1.0).astype(np.float32)


class Weights:
    """Parameters by name, made on demand."""

    def __init__(self):
        self.seed = 0

    def make(self, shape, kind):
        self.seed += 1
        values = uniform(self.seed, int(np.prod(shape))).reshape(shape)
        if kind == "weight":
            values = values * np.float32(np.sqrt(3.0 / np.prod(shape[1:])))
        elif kind in ("scale", "variance"):
            values = 1 + np.float32(0.25) * values
        else:
            values = np.float32(0.1) * values
        return torch.from_numpy(np.ascontiguousarray(values, np.float32))


def same_pad(x, kernel, stride):
    pads = []
    for length in (x.shape[3], x.shape[2]):
        total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


def convolution(w, x, outputs, kernel, stride, same):
    weight, bias = w.make((outputs, x.shape[1], kernel, kernel), "weight"), w.make((outputs,), "bias")
    return F.conv2d(same_pad(x, kernel, stride) if same else x, weight, bias, stride)


def linear(w, x, outputs):
    return F.linear(x, w.make((outputs, x.shape[1]), "weight"), w.make((outputs,), "bias"))


def batch_norm(w, x):
    n = x.shape[1]
    scale, bias, mean, variance = (w.make((n,), kind) for kind in ("scale", "bias", "mean", "variance"))
    return F.batch_norm(x, mean, variance, scale, bias, False, 0.0, 1e-3)


def waldeland(x, classes, same):
    w = Weights()
    if not same:
        x = x[:, :, 2:63, 2:63]
    x = F.relu(batch_norm(w, convolution(w, x, 50, 5, 4, same)))
    for _ in range(3):
        x = F.relu(batch_norm(w, convolution(w, x, 50, 3, 2, same)))
    x = convolution(w, x, 50, 3, 2, same) if same else convolution(w, x, 50, 1, 1, same)
    x = x.flatten(1)
    x = F.relu(batch_norm(w, linear(w, x, 50)))
    x = F.relu(batch_norm(w, linear(w, x, 10)))
    return batch_norm(w, linear(w, x, classes))


def vgg16(x, classes, blocks, same):
    w = Weights()
    if not same:
        x = x[:, :, 2:62, 2:62]
    grey = (x + 1) / 2
    x = torch.cat([(grey - float(m)) / float(d) for m, d in zip(MEAN, DEVIATION)], 1)
    for place, block in enumerate(blocks):
        for outputs in block:
            x = F.relu(convolution(w, x, outputs, 3, 1, same))
        if same or place + 1 < len(blocks):
            x = F.max_pool2d(x, 2)
    x = x.flatten(1)
    x = F.relu(batch_norm(w, linear(w, x, 256)))
    return batch_norm(w, linear(w, x, classes))


def patches_of(section):
    """One 65 x 65 patch a voxel, the voxel at 32, zeros outside."""
    padded = np.pad(section, 32)
    rows, columns = section.shape
    return np.stack([padded[i : i + 65, j : j + 65] for i in range(rows) for j in range(columns)])


def main():
    torch.set_grad_enabled(False)
    section = uniform(1000, 9 * 7).reshape(9, 7)
    all_patches = torch.from_numpy(patches_of(section)[:, None])
    few = torch.from_numpy(uniform(2000, 3 * 65 * 65).reshape(3, 1, 65, 65))
    full = [[64] * 2, [128] * 2, [256] * 3, [512] * 3, [512] * 3]
    cut = [[64] * 2, [128] * 2, [256] * 3, [512]]
    scores = {
        "waldeland_valid_section": waldeland(all_patches, 5, False),
        "waldeland_published_patches": waldeland(few, 9, True),
        "vgg16_conv4_1_valid_section": vgg16(all_patches, 5, cut, False),
        "vgg16_published_patches": vgg16(few, 9, full, True),
    }
    golden = {name: [[round(float(v), 6) for v in row] for row in values] for name, values in scores.items()}
    if sys.argv[1:] == ["--write"]:
        FIXTURE.write_text(json.dumps(golden, indent=1) + "\n")
    elif sys.argv[1:] == ["--check"]:
        committed = json.loads(FIXTURE.read_text())
        assert committed.keys() == golden.keys()
        worst = max(np.abs(np.array(committed[name]) - np.array(golden[name])).max() for name in golden)
        print(f"{len(golden)} networks, largest difference from the committed scores {worst:.1e}")
        if worst > 2e-5:
            sys.exit("the committed scores are not PyTorch's")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
