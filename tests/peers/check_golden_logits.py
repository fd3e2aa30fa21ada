"""Class scores of the networks from PyTorch, for `tests/integration/golden_logits.rs`.

    python check_golden_logits.py --check    computes them again and compares with the committed ones
    python check_golden_logits.py --write    writes them anew

Weights and inputs come from a hash of their place, so that Rust and Python make the same ones. VGG16 sees a
normalised colour picture here, unfolded, and every voxel is one patch: nothing of the dense form or of the folding is
used.

The published networks are torchvision's own where it has them; those of Keras, and the small ones, are written down here
after their publications. Their tensors come from a hash of their names.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
import torchvision

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


def hashed(name, shape):
    """The tensor `name` of a published network."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = ((seed ^ byte) * 0x01000193) & 0xFFFFFFFF
    values = uniform(seed, int(np.prod(shape))).reshape(shape)
    if len(shape) > 1:
        values = values * np.float32(np.sqrt(3.0 / np.prod(shape[1:])))
    elif name.endswith("running_var") or name.endswith(".weight"):
        values = 1 + np.float32(0.25) * values
    else:
        values = np.float32(0.1) * values
    return torch.from_numpy(np.ascontiguousarray(values, np.float32))


def torchvision_network(name, classes, **options):
    network = getattr(torchvision.models, name)(weights=None, num_classes=classes, **options).eval()
    if name.startswith("vgg"):
        # The classifier as it is, but for the 4096 values between its layers, which would be 120 million weights.
        for place, inputs, outputs in ((0, 512 * 7 * 7, 16), (3, 16, 16), (6, 16, classes)):
            network.classifier[place] = torch.nn.Linear(inputs, outputs)
    state = network.state_dict()
    floats = {name: hashed(name, tuple(tensor.shape)) for name, tensor in state.items() if tensor.is_floating_point()}
    network.load_state_dict(floats, strict=False)
    return network


def named_convolution(x, name, outputs, kernel, stride=1, padding=0, groups=1, bias=True):
    weight = hashed(f"{name}.weight", (outputs, x.shape[1] // groups, kernel, kernel))
    return F.conv2d(x, weight, hashed(f"{name}.bias", (outputs,)) if bias else None, stride, padding, 1, groups)


def named_norm(x, name, epsilon):
    parts = (hashed(f"{name}.{part}", (x.shape[1],)) for part in ("running_mean", "running_var", "weight", "bias"))
    return F.batch_norm(x, *parts, False, 0.0, epsilon)


def named_linear(x, name, outputs):
    return F.linear(x, hashed(f"{name}.weight", (outputs, x.shape[1])), hashed(f"{name}.bias", (outputs,)))


def resnet50_keras_features(x):
    """keras_applications/resnet50.py: stride on the first 1 x 1, biases, epsilon 1e-3."""

    def unit(x, block, branch, outputs, kernel, stride=1):
        x = named_convolution(x, f"res{block}_branch{branch}", outputs, kernel, stride, kernel // 2)
        return named_norm(x, f"bn{block}_branch{branch}", 1e-3)

    x = F.relu(named_norm(named_convolution(x, "conv1", 64, 7, 2, 3), "bn_conv1", 1e-3))
    x = F.max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 2)
    for stage, width, blocks in ((2, 64, "abc"), (3, 128, "abcd"), (4, 256, "abcdef"), (5, 512, "abc")):
        for letter in blocks:
            block, stride = f"{stage}{letter}", 2 if letter == "a" and stage > 2 else 1
            main = F.relu(unit(x, block, "2a", width, 1, stride))
            main = F.relu(unit(main, block, "2b", width, 3))
            main = unit(main, block, "2c", 4 * width, 1)
            x = F.relu(main + (unit(x, block, "1", 4 * width, 1, stride) if letter == "a" else x))
    return x


def xception(x, classes):
    """keras_applications/xception.py."""

    def separable(x, name, outputs):
        x = named_convolution(x, f"{name}.depthwise", x.shape[1], 3, 1, 1, x.shape[1], False)
        return named_norm(named_convolution(x, f"{name}.pointwise", outputs, 1, bias=False), f"{name}_bn", 1e-3)

    def same_pool(x):
        pads = []
        for length in (x.shape[3], x.shape[2]):
            total = max((-(-length // 2) - 1) * 2 + 3 - length, 0)
            pads += [total // 2, total - total // 2]
        return F.max_pool2d(F.pad(x, pads, value=float("-inf")), 3, 2)

    x = F.relu(named_norm(named_convolution(x, "block1_conv1", 32, 3, 2, bias=False), "block1_conv1_bn", 1e-3))
    x = F.relu(named_norm(named_convolution(x, "block1_conv2", 64, 3, bias=False), "block1_conv2_bn", 1e-3))
    for block, first, second in ((2, 128, 128), (3, 256, 256), (4, 728, 728), (13, 728, 1024)):
        if block == 13:
            for middle in range(5, 13):
                beside = x
                for number in (1, 2, 3):
                    x = separable(F.relu(x), f"block{middle}_sepconv{number}", 728)
                x = x + beside
        number = min(block - 1, 4)
        beside = named_convolution(x, f"conv2d_{number}", second, 1, 2, bias=False)
        beside = named_norm(beside, f"batch_normalization_{number}", 1e-3)
        x = separable(F.relu(x) if block > 2 else x, f"block{block}_sepconv1", first)
        x = separable(F.relu(x), f"block{block}_sepconv2", second)
        x = same_pool(x) + beside
    x = F.relu(separable(x, "block14_sepconv1", 1536))
    x = F.relu(separable(x, "block14_sepconv2", 2048))
    return named_linear(x.mean((2, 3)), "predictions", classes)


def resnet9(x, classes):
    def unit(x, name, outputs):
        return F.relu(named_norm(named_convolution(x, f"{name}.0", outputs, 3, 1, 1), f"{name}.1", 1e-5))

    x = F.max_pool2d(unit(unit(x, "conv1", 64), "conv2", 128), 2)
    x = unit(unit(x, "res1.0", 128), "res1.1", 128) + x
    x = F.max_pool2d(unit(x, "conv3", 256), 2)
    x = F.max_pool2d(unit(x, "conv4", 512), 2)
    x = unit(unit(x, "res2.0", 512), "res2.1", 512) + x
    return named_linear(F.max_pool2d(x, 4).flatten(1), "classifier.3", classes)


def minerals1(x, classes):
    for number, outputs in enumerate((12, 6, 12, 6, 12), 1):
        x = F.relu(named_convolution(x, f"convolution{number}", outputs, 3, 1, 1))
        x = F.max_pool2d(named_norm(x, f"norm{number}", 1e-3), 2)
    x = x.flatten(1)
    for number, outputs in enumerate((500, 100, 50, 10), 1):
        x = F.relu(named_linear(x, f"dense{number}", outputs))
    return named_linear(x, "scores", classes)


def minerals2(x, classes):
    for number, outputs in enumerate((32, 64, 128, 256), 1):
        x = F.max_pool2d(F.relu(named_convolution(x, f"convolution{number}", outputs, 3)), 2)
    x = F.relu(named_convolution(x, "convolution5", 256, 3))
    return named_linear(x.flatten(1), "scores", classes)


def grey(patches, normalization):
    """A grey picture of amplitudes in -1..1, as weights of this kind want it."""
    value = (patches + 1) / 2
    if normalization == "caffe":
        return torch.cat([255 * value - mean for mean in (103.939, 116.779, 123.68)], 1)
    if normalization == "inception":
        return torch.cat([2 * value - 1] * 3, 1)
    return torch.cat([(value - float(m)) / float(d) for m, d in zip(MEAN, DEVIATION)], 1)


def published():
    """Class scores with the published ends: two colour pictures, seven classes."""
    sizes = {"inception_v3": 96, "xception": 96, "minerals2": 96, "vgg16_large": 288}
    # Last maps of 2 x 2 and 9 x 9, which the classifier sees as 7 x 7.
    scores = {name: torchvision_network(name, 7, init_weights=False) for name in ("vgg16", "vgg19")}
    scores["vgg16_large"] = scores["vgg16"]
    for name in ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "mobilenet_v2", "densenet121"):
        scores[name] = torchvision_network(name, 7)
    scores["inception_v3"] = torchvision_network("inception_v3", 7, transform_input=False, init_weights=False)
    scores["resnet50_keras"] = lambda x: named_linear(resnet50_keras_features(x).mean((2, 3)), "fc1000", 7)
    for function in (xception, resnet9, minerals1, minerals2):
        scores[function.__name__] = lambda x, function=function: function(x, 7)
    inputs = {size: torch.from_numpy(uniform(3000, 2 * 3 * size * size).reshape(2, 3, size, size)) for size in (64, 96, 288)}
    # Small numbers would be lost among the biases of a VGG.
    factors = {name: 255 if name.startswith("vgg") else 1 for name in scores}
    picture = {name: factors[name] * inputs[sizes.get(name, 64)] for name in scores}
    return {f"{name}_colour": network(picture[name]) for name, network in scores.items()}


def folded():
    """Class scores of amplitudes: an average of the features and five classes."""
    networks = {
        "vgg16": (torchvision_network("vgg16", 5).features, "imagenet", 65),
        "vgg19": (torchvision_network("vgg19", 5).features, "imagenet", 65),
        "resnet18": (torch.nn.Sequential(*list(torchvision_network("resnet18", 5).children())[:-2]), "imagenet", 65),
        "mobilenet_v2": (torchvision_network("mobilenet_v2", 5).features, "imagenet", 65),
        "resnet50_keras": (resnet50_keras_features, "caffe", 65),
    }
    scores = {}
    for name, (features, normalization, size) in networks.items():
        patches = torch.from_numpy(uniform(2000, 3 * size * size).reshape(3, 1, size, size))
        x = features(grey(patches, normalization)).mean((2, 3))
        scores[f"{name}_patches"] = named_linear(x, "head.scores", 5)
    return scores


def unet(x, encoder, widths, classes, batch_norm):
    """A U-Net as Segmentation Models (PyTorch) builds it on torchvision's encoders, VGG16's first block going across as well.

    How many parameters it has comes with its scores.
    """
    network = torchvision_network(encoder, 5)
    if encoder == "vgg16":
        blocks, block = [], []
        for layer in network.features:
            if isinstance(layer, torch.nn.MaxPool2d):
                blocks.append(block)
                block = []
            block.append(layer)
        stages = [torch.nn.Sequential(*block) for block in blocks]
    else:
        first = torch.nn.Sequential(network.conv1, network.bn1, network.relu)
        second = torch.nn.Sequential(network.maxpool, network.layer1)
        stages = [torch.nn.Identity(), first, second, network.layer2, network.layer3, network.layer4]
    stages = stages[: len(widths) + 1]
    parameters = sum(p.numel() for stage in stages for p in stage.parameters())

    def counted(name, shape):
        nonlocal parameters
        parameters += int(np.prod(shape)) * (".running_" not in name)
        return hashed(name, shape)

    def convolution(x, name, outputs, bias):
        weight = counted(f"{name}.weight", (outputs, x.shape[1], 3, 3))
        return F.conv2d(x, weight, counted(f"{name}.bias", (outputs,)) if bias else None, 1, 1)

    maps = []
    for stage in stages:
        x = stage(x)
        maps.append(x)
    x = maps.pop()
    for place, width in enumerate(widths):
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        across = maps.pop()
        if maps or encoder == "vgg16":
            x = torch.cat([x, across], 1)
        for number in (1, 2):
            x = convolution(x, f"decoder.{place}.conv{number}", width, not batch_norm)
            if batch_norm:
                parts = ("running_mean", "running_var", "weight", "bias")
                parts = (counted(f"decoder.{place}.bn{number}.{part}", (width,)) for part in parts)
                x = F.batch_norm(x, *parts, False, 0.0, 1e-5)
            x = F.relu(x)
    return convolution(x, "head.scores", classes, True), parameters


def segmented():
    """Scores of every 9th sample and 7th trace of a section of 37 x 50, filled up with zeros to multiples of 2^depth."""
    scores = {}
    for name, encoder, widths, batch_norm in (
        ("unet_vgg16", "vgg16", [256, 128, 64, 32], True),
        ("unet_vgg16_shallow", "vgg16", [24, 12], False),
        ("unet_resnet18", "resnet18", [256, 128, 64, 32, 16], True),
        ("unet_resnet34", "resnet34", [256, 128, 64, 32, 16], True),
        ("unet_resnet50", "resnet50", [256, 128, 64, 32, 16], True),
    ):
        section = torch.from_numpy(uniform(4000, 37 * 50).reshape(1, 1, 37, 50))
        multiple = 2 ** len(widths)
        filled = F.pad(section, (0, -50 % multiple, 0, -37 % multiple))
        values, parameters = unet(grey(filled, "imagenet"), encoder, widths, 5, batch_norm)
        rows = values[0, :, :37:9, :50:7].permute(1, 2, 0).reshape(-1, 5)
        scores[name] = rows
        # In thousands and the rest, as scores are written with seven digits.
        scores[f"{name}_parameters"] = [divmod(parameters, 1000)]
    return scores


def difference(committed, golden):
    """Largest difference, relative to scores above 1."""
    return np.abs(committed - golden).max() / max(1, np.abs(golden).max())


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
    for name, values in (published() | folded() | segmented()).items():
        golden[name] = [[float(f"{float(v):.7g}") for v in row] for row in values]
    if sys.argv[1:] == ["--write"]:
        FIXTURE.write_text(json.dumps(golden, indent=1) + "\n")
    elif sys.argv[1:] == ["--check"]:
        committed = json.loads(FIXTURE.read_text())
        assert committed.keys() == golden.keys()
        worst = max(difference(np.array(committed[name]), np.array(golden[name])) for name in golden)
        print(f"{len(golden)} networks, largest difference from the committed scores {worst:.1e}")
        if worst > 2e-5:
            sys.exit("the committed scores are not PyTorch's")
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
