"""Probabilities of a finished run against PyTorch, one patch at a time.

    python check_run_against_pytorch.py --check                      two short runs on the real F3 line, where FACIES_DATA holds it
    python check_run_against_pytorch.py --run FOLDER --input CUBE.sgy [--facies facies.h5] [--weights vgg16_conv.safetensors]

Reads the model file with the safetensors package, the cube with segyio and the probabilities with h5py; clips, scales,
cuts patches and runs the strided network here, on voxels drawn at random, the survey's borders included. With --weights
the frozen convolutions of a VGG16 must hold the file's values, the first one folded. The position on the vertical axis may be a
channel of the network; other volumes may not.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
import segyio
import torch
import torch.nn.functional as F
from safetensors import safe_open

VGG16 = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]
NAMES = ["conv%d_%d" % (b + 1, c + 1) for b, block in enumerate(VGG16) for c in range(len(block))]


def load(path):
    with safe_open(path, "np") as file:
        description = json.loads(file.metadata()["facies"])
        return description, {name: torch.from_numpy(file.get_tensor(name)) for name in file.keys()}


def norm(w, name, x, eps=1e-3):
    mean, var, scale, shift = (w[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
    return F.batch_norm(x, mean, var, scale, shift, False, 0.0, eps)


def linear(w, name, x):
    return F.linear(x, w[f"{name}.weight"], w[f"{name}.bias"])


def vgg16(options, w, x):
    valid = options["padding"] == "valid"
    kept = NAMES.index(options["cut"]) + 1 if options["cut"] else 13
    done = 0
    for place, block in enumerate(VGG16):
        block = block[: kept - done]
        done += len(block)
        for index in block:
            weight, bias = w[f"features.{index}.weight"], w[f"features.{index}.bias"]
            y = F.conv2d(x, weight, bias, padding=0 if valid else 1)
            if f"features.{index}.border" in w:
                y = y + F.conv2d(torch.ones_like(x[:1]), w[f"features.{index}.border"], padding=1)
            x = F.relu(y)
        if done < kept or options["cut"] is None:
            x = F.max_pool2d(x, 2)
        if done == kept:
            break
    x = x.flatten(1)
    for place in range(len(options["head"]["hidden"])):
        x = linear(w, f"head.{place}", x)
        x = F.relu(norm(w, f"head.{place}_norm", x) if options["head"]["batch_norm"] else x)
    x = linear(w, "head.scores", x)
    return norm(w, "head.scores_norm", x) if options["head"]["batch_norm_scores"] else x


def waldeland(options, w, x):
    same = options["padding"] == "same"

    def convolution(number, x, kernel, stride):
        if same:
            pads = []
            for length in (x.shape[3], x.shape[2]):
                total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
                pads += [total // 2, total - total // 2]
            x = F.pad(x, pads)
        return F.conv2d(x, w[f"convolution{number}.weight"], w[f"convolution{number}.bias"], stride)

    x = F.relu(norm(w, "norm1", convolution(1, x, 5, 4)))
    for number in (2, 3, 4):
        x = F.relu(norm(w, f"norm{number}", convolution(number, x, 3, 2)))
    x = (convolution(5, x, 3, 2) if same else convolution(5, x, 1, 1)).flatten(1)
    x = F.relu(norm(w, "dense1_norm", linear(w, "dense1", x)))
    x = F.relu(norm(w, "dense2_norm", linear(w, "dense2", x)))
    return norm(w, "scores_norm", linear(w, "scores", x))


def receptive_field(name, options):
    if options["padding"] == "same":
        return None
    if name == "waldeland":
        return 61
    window, kept = 1, NAMES.index(options["cut"]) + 1
    for place in range(kept - 1, -1, -1):
        window += 2
        if place > 0 and NAMES[place].endswith("_1"):
            window *= 2
    return window


def check_weights(path, options, w, frozen):
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    with safe_open(path, "np") as file:
        for index in [index for block in VGG16 for index in block][:frozen]:
            weight, bias = file.get_tensor(f"features.{index}.weight"), file.get_tensor(f"features.{index}.bias")
            if index == 0:
                constant = (weight * ((0.5 - mean) / deviation)[None, :, None, None]).sum(1, keepdims=True)
                weight = (weight / (2 * deviation)[None, :, None, None]).sum(1, keepdims=True)
                # Grey is the mean of the channels.
                channels = w["features.0.weight"].shape[1]
                weight = np.repeat(weight / channels, channels, 1)
                if options["padding"] == "valid":
                    bias = bias + constant.sum((1, 2, 3))
                assert np.allclose(weight, w["features.0.weight"], atol=1e-5), "the folded first layer differs"
                assert np.allclose(bias, w["features.0.bias"], atol=1e-4), "the folded first bias differs"
            else:
                assert np.array_equal(weight, w[f"features.{index}.weight"]), f"features.{index} was not frozen"
                assert np.array_equal(bias, w[f"features.{index}.bias"]), f"features.{index} was not frozen"
    print(f"the first {frozen} convolutions hold the pretrained weights")


def depth_channels(description, positions):
    """What the network sees of a trace beside its amplitudes, `[channel, sample]`."""
    channels = []
    for channel in description.get("further_channels", []):
        if "depth" not in channel:
            sys.exit(f"networks that see {next(iter(channel))} are not understood here")
        first, last = channel["depth"]["first"], channel["depth"]["last"]
        channels.append(np.clip(2 * (positions - first) / (last - first) - 1, -1, 1))
    return np.array(channels, np.float32).reshape(-1, len(positions))


def check_run(run, cube, facies="facies.h5", weights=None, frozen=5, voxel_count=200):
    torch.set_grad_enabled(False)
    description, tensors = load(f"{run}/model.safetensors")
    (name, options), = description["architecture"].items()
    if weights:
        check_weights(weights, options, tensors, frozen)
    low, high = description["amplitude"]["low"], description["amplitude"]["high"]
    patch = description["patch"]
    field = receptive_field(name, options)
    random = np.random.default_rng(0)
    with h5py.File(f"{run}/{facies}") as h5, segyio.open(str(cube), ignore_geometry=True) as file:
        probability, codes = h5["probability"], h5["facies"][:]
        lines, crosslines = list(h5["iline"][:]), list(h5["xline"][:])
        ilines, xlines = file.attributes(189)[:], file.attributes(193)[:]
        # The classified voxels' corners are where windows reach over the survey's edge.
        classified = np.argwhere(codes > 0)
        voxels = classified[random.integers(len(classified), size=voxel_count)].tolist()
        corners = [(classified.min(0)[axis], classified.max(0)[axis]) for axis in range(3)]
        voxels += [[i, j, k] for i in corners[0] for j in corners[1] for k in corners[2] if codes[i, j, k]]
        further = depth_channels(description, h5["twt" if "twt" in h5 else "depth"][:].astype(np.float64))
        section_of, padded = None, None
        worst, wrong = 0.0, 0
        for inline, crossline, sample in sorted(voxels):
            if inline != section_of:
                section = np.zeros(codes.shape[1:], np.float32)
                for trace in np.flatnonzero(ilines == lines[inline]):
                    section[crosslines.index(xlines[trace])] = file.trace[trace]
                section = np.clip(section, low, high) / max(abs(low), abs(high))
                beside = [np.broadcast_to(channel, section.shape) for channel in further]
                around = [(0, 0), (patch, patch), (patch, patch)]
                section_of, padded = inline, np.pad(np.stack([section, *beside]), around).transpose(0, 2, 1)
            row, column = sample + patch - patch // 2, crossline + patch - patch // 2
            window = padded[:, row : row + patch, column : column + patch]
            if field:
                start = patch // 2 - field // 2
                window = window[:, start : start + field, start : start + field]
            x = torch.from_numpy(np.ascontiguousarray(window))[None]
            scores = vgg16(options, tensors, x) if name == "vgg16" else waldeland(options, tensors, x)
            expected = torch.softmax(scores, 1)[0].numpy()
            worst = max(worst, np.abs(expected - probability[inline, crossline, sample]).max())
            best = np.sort(expected)
            clear = best[-1] - best[-2] > 1e-4
            wrong += int(clear and codes[inline, crossline, sample] != expected.argmax() + 1)
    print(f"{len(voxels)} voxels, largest difference of a probability {worst:.2e}, wrong classes {wrong}")
    if worst > 1e-4 or wrong:
        sys.exit("the run differs from PyTorch")
    print("all checks passed")


def check():
    """Short runs of both VGG16 forms with the real weights."""
    root = Path(__file__).resolve().parents[2]
    data = Path(os.environ.get("FACIES_DATA", root.parent / "shared" / "data")).resolve()
    cube, weights = data / "f3" / "inline_339_digitised.sgy", data / "weights" / "vgg16_conv.safetensors"
    if not (cube.exists() and weights.exists()):
        print(f"skipped: {cube} and {weights} are not there; set FACIES_DATA")
        return
    window = "{traces: [300, 330], vertical: [4, 100]}"
    outputs = "outputs: [class, probability, confidence]"
    jobs = {
        "f3-inline-339": ["training.steps=2", f"prediction={{engine: dense, {outputs}}}"],
        "f3-vgg16-patches": [
            "training.steps=2",
            "training.steps_per_epoch=2",
            "training.form.patch.batch=16",
            f"prediction={{engine: patch, window: {window}, {outputs}}}",
        ],
    }
    environment = {**os.environ, "FACIES_DATA": str(data)}
    with tempfile.TemporaryDirectory() as output:
        for job, changes in jobs.items():
            # Neither epochs nor early stopping fit two steps; the text stays the shipped one but for these lines.
            text = (root / "configs" / f"{job}.yaml").read_text()
            text = "".join(line for line in text.splitlines(True) if not line.lstrip().startswith(("epochs:", "early_stopping:")))
            path = Path(output) / f"{job}.yaml"
            path.write_text(text)
            command = ["cargo", "run", "--release", "--locked", "-q", "--", "-q", "train", str(path), "--output", output]
            predict = [*command[:7], "predict", *command[8:]]
            for step in (command, predict):
                subprocess.run([*step, *(word for change in changes for word in ("--set", change))], cwd=root, env=environment, check=True)
            check_run(f"{output}/{job}", cube, weights=weights, voxel_count=60)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--run")
    parser.add_argument("--input")
    parser.add_argument("--facies", default="facies.h5")
    parser.add_argument("--voxels", type=int, default=200)
    parser.add_argument("--weights")
    parser.add_argument("--frozen", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.check:
        check()
    elif arguments.run and arguments.input:
        check_run(
            arguments.run, arguments.input, arguments.facies, arguments.weights, arguments.frozen, arguments.voxels
        )
    else:
        parser.error("give --check, or --run and --input")


if __name__ == "__main__":
    main()
