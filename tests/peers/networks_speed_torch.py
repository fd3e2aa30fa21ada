"""Times PyTorch's eager mode on networks of model files, for `cargo bench --bench table -- --only networks`.

usage: networks_speed_torch.py THREADS TRACES SAMPLES SECTION MODEL [MODEL ...]

SECTION holds scaled amplitudes, float32, traces one after the other. Questions:
    {"case": "dense", "model": 0, "layout": "channels_last", "precision": "f32"}
    {"case": "patches", "model": 0, "batch": 64, "window": [[0, 32], [100, 132]]}     patches are always channels-last
    {"case": "peak", "layout": "contiguous", "precision": "bf16"}
With "save", a path, probabilities [class, trace, sample] or [trace, sample, class] are written there instead of timed.
"""

import json
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors import safe_open

from serve import seconds, serve

VGG16_BLOCKS = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]
VGG16_NAMES = [f"conv{block + 1}_{n + 1}" for block, members in enumerate(VGG16_BLOCKS) for n in range(len(members))]
LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
PRECISIONS = {"f32": torch.float32, "bf16": torch.bfloat16}
# What the convolution peak is measured on.
PEAK_CHANNELS, PEAK_SIDE, PEAK_CALLS = 256, 128, 20


def vgg16_layers(options):
    kept = VGG16_NAMES.index(options["cut"]) + 1 if options["cut"] else len(VGG16_NAMES)
    layers = []
    for place, index in enumerate([index for block in VGG16_BLOCKS for index in block][:kept]):
        if place > 0 and VGG16_NAMES[place].endswith("_1"):
            layers.append(("pool",))
        layers += [("convolution", f"features.{index}", 1), ("relu",)]
    if options["cut"] is None:
        layers.append(("pool",))
    if options["padding"] == "same":
        layers.append(("flatten",))
    for place in range(len(options["head"]["hidden"])):
        layers.append(("linear", f"head.{place}"))
        if options["head"]["batch_norm"]:
            layers.append(("norm", f"head.{place}_norm"))
        layers.append(("relu",))
    layers.append(("linear", "head.scores"))
    if options["head"]["batch_norm_scores"]:
        layers.append(("norm", "head.scores_norm"))
    return layers


def waldeland_layers(options):
    same = options["padding"] == "same"
    layers = []
    for number, stride in ((1, 4), (2, 2), (3, 2), (4, 2)):
        layers += [("convolution", f"convolution{number}", stride), ("norm", f"norm{number}"), ("relu",)]
    layers.append(("convolution", "convolution5", 2 if same else 1))
    if same:
        layers.append(("flatten",))
    for name in ("dense1", "dense2"):
        layers += [("linear", name), ("norm", f"{name}_norm"), ("relu",)]
    return layers + [("linear", "scores"), ("norm", "scores_norm")]


class Network:
    """A network of ours in PyTorch's functions, in one layout and one precision."""

    def __init__(self, path, layout, precision):
        with safe_open(path, "pt") as file:
            description = json.loads(file.metadata()["facies"])
            weights = {name: file.get_tensor(name).to(PRECISIONS[precision]) for name in file.keys()}
        (name, options), = description["architecture"].items()
        self.layers = {"vgg16": vgg16_layers, "waldeland": waldeland_layers}[name](options)
        self.layout = LAYOUTS[layout]
        self.weights = {
            name: tensor.contiguous(memory_format=self.layout) if tensor.dim() == 4 else tensor
            for name, tensor in weights.items()
        }
        self.same = options["padding"] == "same"
        self.patch = description["patch"]
        self.field = self.patch if self.same else self.receptive_field()

    def receptive_field(self):
        field = 1
        for layer in reversed(self.layers):
            if layer[0] == "convolution":
                field = (field - 1) * layer[2] + self.weights[f"{layer[1]}.weight"].shape[2]
            elif layer[0] == "pool":
                field *= 2
        return field

    def probabilities(self, x, dense):
        """Patches [N, 1, field, field] to [N, K], or padded sections to [N, K, H, W]: every stride becomes dilation."""
        dilation = 1
        for kind, *rest in self.layers:
            if kind == "convolution":
                name, stride = rest
                weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
                if self.same:
                    x = same_padded(x, weight.shape[2], stride)
                if dense:
                    x = F.conv2d(x, weight, bias, dilation=dilation)
                    dilation *= stride
                else:
                    x = F.conv2d(x, weight, bias, stride)
                x = x.contiguous(memory_format=self.layout)
            elif kind == "pool" and dense:
                x = F.max_pool2d(x, 2, 1, dilation=dilation)
                dilation *= 2
            elif kind == "pool":
                x = F.max_pool2d(x, 2)
            elif kind == "relu":
                x = F.relu(x, inplace=True)
            elif kind == "flatten":
                x = x.flatten(1)
            elif kind == "norm":
                parts = ("running_mean", "running_var", "weight", "bias")
                mean, variance, scale, shift = (self.weights[f"{rest[0]}.{part}"] for part in parts)
                x = F.batch_norm(x, mean, variance, scale, shift, False, 0.0, 1e-3)
            elif kind == "linear":
                weight, bias = self.weights[f"{rest[0]}.weight"], self.weights[f"{rest[0]}.bias"]
                if not dense and x.dim() == 4:
                    x = x.flatten(1)
                x = F.conv2d(x, weight[:, :, None, None], bias) if dense else F.linear(x, weight, bias)
        return torch.softmax(x.float(), 1)


def same_padded(x, kernel, stride):
    """Zeros as Keras distributes them."""
    pads = []
    for length in (x.shape[3], x.shape[2]):
        total = max((-(-length // stride) - 1) * stride + kernel - length, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads) if any(pads) else x


def interpreted(probabilities):
    """Class and confidence, as an interpreter wants them."""
    confidence, code = probabilities.max(1)
    return code.to(torch.uint8).numpy(), confidence.numpy()


def main():
    threads, traces, samples = (int(word) for word in sys.argv[1:4])
    section_path, *models = sys.argv[4:]
    torch.set_num_threads(threads)
    torch.set_grad_enabled(False)
    section = np.fromfile(section_path, np.float32).reshape(traces, samples).T
    networks = {}

    def network(model, layout, precision):
        key = model, layout, precision
        if key not in networks:
            networks[key] = Network(models[model], layout, precision)
        return networks[key]

    def dense(question):
        layout, precision = question["layout"], question["precision"]
        chosen = network(question["model"], layout, precision)
        before, after = chosen.field // 2, chosen.field - 1 - chosen.field // 2
        padded = torch.from_numpy(np.pad(section, ((before, after), (before, after))))[None, None]
        padded = padded.to(PRECISIONS[precision]).contiguous(memory_format=LAYOUTS[layout])
        if "save" in question:
            chosen.probabilities(padded, True)[0].transpose(1, 2).contiguous().numpy().tofile(question["save"])
            return {}
        return {"seconds": seconds(lambda: interpreted(chosen.probabilities(padded, True)))}

    def patches(question):
        chosen, batch = network(question["model"], "channels_last", "f32"), question["batch"]
        side, narrow = chosen.patch, chosen.patch // 2 - chosen.field // 2
        padded = np.pad(section, side // 2)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (chosen.field, chosen.field))[narrow:, narrow:]
        (first_trace, end_trace), (first_sample, end_sample) = question["window"]
        chosen_windows = windows[first_sample:end_sample, first_trace:end_trace].transpose(1, 0, 2, 3)
        ready = torch.from_numpy(np.ascontiguousarray(chosen_windows).reshape(-1, 1, chosen.field, chosen.field))
        ready = ready.contiguous(memory_format=torch.channels_last)

        def work(take):
            return [take(chosen.probabilities(part, False)) for part in ready.split(batch)]

        if "save" in question:
            torch.cat(work(lambda values: values)).numpy().tofile(question["save"])
            return {}
        return {"seconds": seconds(lambda: work(interpreted)), "patches": len(ready)}

    def peak(question):
        layout, kind = LAYOUTS[question["layout"]], PRECISIONS[question["precision"]]
        shape = (PEAK_CHANNELS, PEAK_CHANNELS, 3, 3)
        weight = torch.randn(shape).to(kind).contiguous(memory_format=layout)
        x = torch.randn(1, PEAK_CHANNELS, PEAK_SIDE, PEAK_SIDE).to(kind).contiguous(memory_format=layout)
        F.conv2d(x, weight, padding=1)
        flop = 2 * PEAK_CHANNELS**2 * 9 * PEAK_SIDE**2
        # The best call: a peak is what the machine can do when nothing disturbs it.
        return {"seconds": min(seconds(lambda: F.conv2d(x, weight, padding=1)) for _ in range(PEAK_CALLS)), "flop": flop}

    cases = {"dense": dense, "patches": patches, "peak": peak}
    serve({"name": f"PyTorch {torch.__version__}"}, lambda question: cases[question["case"]](question))


if __name__ == "__main__":
    main()
