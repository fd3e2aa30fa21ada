"""Updates, learning rates, clipped gradients and losses as PyTorch, Keras and MONAI compute them, for `tests/fixtures/recipes.json`.

    python tests/peers/recipes_from_torch.py           # writes the fixture
    python tests/peers/recipes_from_torch.py --check   # compares with the committed one

The unit tests of `src/network/optimizer`, `src/network/loss.rs` and `src/train/schedule` must reproduce them.
"""

import json
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402
from monai.losses import DiceLoss  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torch.optim import lr_scheduler  # noqa: E402

FIXTURE = Path(__file__).parent.parent / "fixtures" / "recipes.json"
UPDATES = 8


def start_and_gradients():
    random = np.random.default_rng(7)
    start = random.normal(size=4)
    gradients = random.normal(size=(UPDATES, 4)) * np.array([1.0, 0.1, 10.0, 0.001])
    return start.astype(np.float32), gradients.astype(np.float32)


def torch_path(make, rates=None, momenta=None):
    """Weights after each update; `rates` and `momenta` replace the optimiser's own."""
    start, gradients = start_and_gradients()
    weight = torch.nn.Parameter(torch.tensor(start))
    optimizer = make([weight])
    path = []
    for update, gradient in enumerate(gradients):
        for group in optimizer.param_groups:
            if rates:
                group["lr"] = rates[update]
            if momenta and "betas" in group:
                group["betas"] = (momenta[update], group["betas"][1])
            elif momenta:
                group["momentum"] = momenta[update]
        weight.grad = torch.tensor(gradient)
        optimizer.step()
        path.append(weight.detach().tolist())
    return path


def keras_path(optimizer):
    start, gradients = start_and_gradients()
    weight = keras.Variable(start)
    optimizer.build([weight])
    path = []
    for gradient in gradients:
        optimizer.apply([torch.tensor(gradient)], [weight])
        path.append(keras.ops.convert_to_numpy(weight).tolist())
    return path


def cycle(steps, **options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9)
    schedule = lr_scheduler.OneCycleLR(optimizer, max_lr=7e-4, total_steps=steps, **options)
    rates, momenta = [], []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        momenta.append(optimizer.param_groups[0]["momentum"])
        optimizer.step()
        if len(rates) < steps:
            schedule.step()
    return {"rates": rates, "momenta": momenta}


def stepped(steps, make):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.01)
    schedule = make(optimizer)
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def inverse_time(steps, **options):
    schedule = keras.optimizers.schedules.InverseTimeDecay(0.01, **options)
    return [float(schedule(step)) for step in range(steps)]


def plateau(values, **options):
    """Rate of the epoch that follows each value."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.01)
    schedule = lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    rates = []
    for value in values:
        schedule.step(value)
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def clipped():
    random = np.random.default_rng(3)
    tensors = [random.normal(size=n).astype(np.float32) * s for n, s in [(3, 2.0), (5, 0.2), (2, 0.01)]]

    def by(clip):
        weights = [torch.nn.Parameter(torch.zeros(len(t))) for t in tensors]
        for weight, tensor in zip(weights, tensors):
            weight.grad = torch.tensor(tensor)
        clip(weights)
        return [weight.grad.tolist() for weight in weights]

    each = keras.optimizers.SGD(0.1, clipnorm=0.5)
    return {
        "gradients": [tensor.tolist() for tensor in tensors],
        "norm": by(lambda weights: torch.nn.utils.clip_grad_norm_(weights, 0.5)),
        "norm_not_reached": by(lambda weights: torch.nn.utils.clip_grad_norm_(weights, 50.0)),
        "value": by(lambda weights: torch.nn.utils.clip_grad_value_(weights, 0.1)),
        "norm_each": [
            keras.ops.convert_to_numpy(gradient).tolist()
            for gradient in each._clip_gradients([torch.tensor(tensor) for tensor in tensors])
        ],
    }


def losses():
    """Three classes and one that no voxel has; a third of the voxels is unlabelled."""
    random = np.random.default_rng(11)
    scores = (random.normal(size=(12, 4)) * 2).astype(np.float32)
    codes = np.array([0, 1, 2, 255, 1, 1, 255, 0, 2, 255, 1, 255])
    weights = np.array([0.5, 1.0, 2.0, 3.0], dtype=np.float32)
    labelled, classes, truth = codes != 255, 4, torch.tensor(codes)
    alpha = torch.tensor(weights)
    present = [0, 1, 2]

    def entropy(s, weight=None, smoothing=0.0):
        return F.cross_entropy(s, truth, weight=weight, ignore_index=255, label_smoothing=smoothing)

    def focal(s, gamma, weight):
        """Lin et al. (2017), equation 5, over the sum of the weights."""
        logarithm = F.log_softmax(s[labelled], 1).gather(1, truth[labelled][:, None])[:, 0]
        at = weight[truth[labelled]]
        return -(at * (1 - logarithm.exp()) ** gamma * logarithm).sum() / at.sum()

    def dice(s, smooth):
        """MONAI's, one value a class, of the labelled voxels as one batch."""
        probability = s[labelled].softmax(1).T[None]
        one_hot = F.one_hot(truth[labelled], classes).T[None].float()
        each = DiceLoss(batch=True, reduction="none", smooth_nr=smooth, smooth_dr=smooth)
        return each(probability, one_hot).flatten()[present]

    def weighted_dice(s, smooth):
        at = alpha[present]
        return (dice(s, smooth) * at).sum() / at.sum()

    cases = {
        "cross_entropy": lambda s: entropy(s),
        "cross_entropy_weighted": lambda s: entropy(s, alpha),
        "label_smoothing": lambda s: entropy(s, None, 0.1),
        "label_smoothing_weighted": lambda s: entropy(s, alpha, 0.2),
        "focal": lambda s: focal(s, 2.0, torch.ones(classes)),
        "focal_half_weighted": lambda s: focal(s, 0.5, alpha),
        "dice": lambda s: dice(s, 1.0).mean(),
        "dice_weighted": lambda s: weighted_dice(s, 0.01),
        "cross_entropy_dice": lambda s: entropy(s, None, 0.1) + 0.5 * dice(s, 1.0).mean(),
    }
    found = {"scores": scores.tolist(), "codes": codes.tolist(), "class_weights": weights.tolist(), "cases": {}}
    for name, loss in cases.items():
        leaf = torch.tensor(scores, requires_grad=True)
        value = loss(leaf)
        value.backward()
        found["cases"][name] = {"loss": value.item(), "gradient": leaf.grad.tolist()}
    return found


def recipes():
    start, gradients = start_and_gradients()
    sgd, adam, adamw, rmsprop = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop
    falling = [0.1 / (1 + 0.5 * t) for t in range(UPDATES)]
    one = cycle(UPDATES)
    decay = keras.optimizers.schedules.InverseTimeDecay(0.1, decay_steps=1, decay_rate=0.5)
    losses_of_epochs = [1.0, 0.9, 0.90005, 0.95, 0.9, 0.89, 0.895, 0.9, 0.91, 0.9, 0.92, 0.93, 0.91, 0.9, 0.9, 0.9]
    return {
        "optimizers": {
            "start": start.tolist(),
            "gradients": gradients.tolist(),
            "paths": {
                "sgd": torch_path(lambda p: sgd(p, lr=0.1)),
                "sgd_momentum_decay": torch_path(lambda p: sgd(p, lr=0.1, momentum=0.9, weight_decay=0.05)),
                "sgd_nesterov_falling": torch_path(lambda p: sgd(p, lr=1.0, momentum=0.9, nesterov=True), falling),
                "keras_nesterov_decay": keras_path(keras.optimizers.SGD(decay, momentum=0.9, nesterov=True)),
                "keras_momentum_decay": keras_path(keras.optimizers.SGD(decay, momentum=0.9)),
                "adam": torch_path(lambda p: adam(p, lr=0.1)),
                "adam_decay": torch_path(lambda p: adam(p, lr=0.1, betas=(0.8, 0.99), eps=1e-3, weight_decay=0.05)),
                "adamw": torch_path(lambda p: adamw(p, lr=0.1, weight_decay=0.05)),
                "adam_one_cycle": torch_path(lambda p: adam(p, lr=1.0), one["rates"], one["momenta"]),
                "rmsprop": torch_path(lambda p: rmsprop(p, lr=0.1, weight_decay=0.05)),
                "rmsprop_momentum": torch_path(lambda p: rmsprop(p, lr=0.1, alpha=0.9, momentum=0.9, centered=True)),
            },
        },
        "schedules": {
            "one_cycle": cycle(20),
            "one_cycle_of_updates": one,
            "one_cycle_linear": cycle(
                17, pct_start=0.4, anneal_strategy="linear", div_factor=10.0, final_div_factor=100.0, base_momentum=0.7
            ),
            "one_cycle_short": cycle(5, pct_start=0.25),
            "step": stepped(12, lambda o: lr_scheduler.StepLR(o, step_size=4, gamma=0.1)),
            "exponential": stepped(12, lambda o: lr_scheduler.ExponentialLR(o, gamma=0.9)),
            "inverse_time": inverse_time(12, decay_steps=1, decay_rate=1e-6),
            "inverse_time_of_epochs": inverse_time(12, decay_steps=4, decay_rate=0.5),
            "plateau": {
                "values": losses_of_epochs,
                "loss": plateau(losses_of_epochs, factor=0.2, patience=2, min_lr=1e-4),
                "cooldown": plateau(losses_of_epochs, factor=0.5, patience=0, cooldown=2, threshold=0.02),
                "accuracy": plateau(losses_of_epochs, mode="max", factor=0.1, patience=3),
            },
        },
        "clip": clipped(),
        "losses": losses(),
    }


def differences(found, committed, key=""):
    if isinstance(committed, dict):
        if found.keys() != committed.keys():
            return [f"{key}: other keys"]
        return [line for name in committed for line in differences(found[name], committed[name], f"{key}.{name}")]
    if isinstance(committed, list) and any(isinstance(part, list) for part in committed):
        parts = zip(found, committed, strict=True)
        return [line for at, part in enumerate(parts) for line in differences(*part, f"{key}[{at}]")]
    if np.shape(found) == np.shape(committed) and np.allclose(found, committed, rtol=1e-5, atol=1e-8):
        return []
    return [f"{key}: {found} is not {committed}"]


def main():
    found = recipes()
    if "--check" not in sys.argv[1:]:
        FIXTURE.write_text(json.dumps(found) + "\n")
        return
    wrong = differences(found, json.loads(FIXTURE.read_text()))
    print("\n".join(wrong) or f"{FIXTURE.name}: as PyTorch {torch.__version__} and Keras {keras.__version__} have it")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
