"""Grad-CAM (Selvaraju et al. 2017) of a small network, and of a voxel of a small U-Net (Vinogradova et al. 2020), by PyTorch's
own gradients, for `network/explanation.rs`.

Without arguments it writes `tests/fixtures/grad_cam_torch.json` and `grad_cam_unet_torch.json`; with `--check` it compares with them.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

FIXTURES = Path(__file__).parents[1] / "fixtures"
VOXEL = (5, 9)


def weights(shape, seed):
    count = int(np.prod(shape))
    fan_in = count // shape[0]
    values = ((np.arange(count) * 7919 + seed * 101) % 1009 / 504.5 - 1) * 2 / np.sqrt(fan_in)
    return torch.tensor(values.astype("f4").reshape(shape))


def bias(count, seed):
    return torch.tensor((0.1 * np.cos(np.arange(count, dtype="f8") + seed)).astype("f4"))


class Watch:
    """Keeps the map of one layer, as a leaf of the graph behind it."""

    def __init__(self, watched):
        self.watched, self.map = watched, None

    def __call__(self, name, values):
        if name != self.watched:
            return values
        self.map = values.detach().requires_grad_(True)
        return self.map


def forward(x, watched):
    """Scores, and the map of the watched layer with its rectifier."""
    watch = Watch(watched)
    x = watch("a", F.relu(F.conv2d(x, weights((4, 1, 3, 3), 1), bias(4, 1))))
    branch = watch("b", F.relu(F.conv2d(x, weights((4, 4, 3, 3), 2), bias(4, 2), padding=1)))
    x = F.max_pool2d(branch + x, 2)
    x = watch("c", F.relu(F.conv2d(x, weights((6, 4, 3, 3), 3), bias(6, 3))))
    scores = F.linear(x.flatten(1), weights((3, 96), 4), bias(3, 4))
    return scores, watch.map


def forward_unet(x, watched):
    """The same of a U-Net of two resolutions: scores of the voxel, and the watched map."""
    watch = Watch(watched)
    rows, columns = x.shape[2:]
    x = F.pad(x, (0, columns % 2, 0, rows % 2))
    across = watch("a", F.relu(F.conv2d(x, weights((4, 1, 3, 3), 1), bias(4, 1), padding=1)))
    below = F.relu(F.conv2d(F.max_pool2d(across, 2), weights((6, 4, 3, 3), 2), bias(6, 2), padding=1))
    below = F.interpolate(watch("b", below), scale_factor=2, mode="nearest")
    x = torch.cat([below, across], 1)
    x = watch("c", F.relu(F.conv2d(x, weights((5, 10, 3, 3), 3), bias(5, 3), padding=1)))
    scores = F.conv2d(x, weights((3, 5, 3, 3), 4), bias(3, 4), padding=1)
    return scores[:, :, VOXEL[0], VOXEL[1]], watch.map


def maps(forward, x, filled):
    """What every layer's map tells of every class, over the input as it was before it was filled up."""
    golden = []
    for layer in ["a", "b", "c"]:
        for label in range(3):
            scores, features = forward(x, layer)
            (gradient,) = torch.autograd.grad(scores[0, label], features)
            importance = gradient.mean((2, 3), keepdim=True)
            cam = F.relu((importance * features).sum(1, keepdim=True))
            heat = F.interpolate(cam, size=filled, mode="bilinear", align_corners=False)
            heat = heat[:, :, : x.shape[2], : x.shape[3]]
            as_list = lambda t: [float(f"{v:.9g}") for v in t.detach().flatten().tolist()]
            golden.append(
                {"layer": layer, "class": label, "scores": as_list(scores), "map": as_list(cam), "heat": as_list(heat)}
            )
    return golden


def main():
    rows, columns = np.mgrid[0:14, 0:14]
    x = torch.tensor(np.sin(0.5 * rows + 0.11 * rows * columns).astype("f4"))[None, None]
    for name, golden in [
        ("grad_cam_torch.json", maps(forward, x, (14, 14))),
        ("grad_cam_unet_torch.json", maps(forward_unet, x[:, :, :13], (14, 14))),
    ]:
        fixture = FIXTURES / name
        if "--check" not in sys.argv:
            fixture.write_text(json.dumps(golden) + "\n")
            continue
        for mine, theirs in zip(golden, json.loads(fixture.read_text()), strict=True):
            for part in ["scores", "map", "heat"]:
                np.testing.assert_allclose(mine[part], theirs[part], rtol=1e-4, atol=1e-6, err_msg=str(theirs["layer"]))
        print(f"Grad-CAM: {len(golden)} maps agree with the committed ones of {name}")


if __name__ == "__main__":
    main()
