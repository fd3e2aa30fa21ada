"""Small weight files as Keras lays them out, for `src/network/weights_file`.

    python tests/peers/weights_from_keras.py          # writes tests/fixtures/weights_keras1.h5, 2 and 3
    python tests/peers/weights_from_keras.py --check  # the committed files hold what is written today

Keras itself is not needed: its files are HDF5 groups with names in attributes, as its own `saving` module writes them.
The first is as release 1 wrote `save_weights`, the second as release 2 wrote whole models, the third as release 3 writes
`save_weights`: it is checked with whole networks by Keras itself in `check_keras_networks.py`.
"""

import sys
from pathlib import Path

import h5py
import numpy as np

FIXTURES = Path(__file__).parent.parent / "fixtures"


def count(*shape):
    return (np.arange(np.prod(shape)) / 8).astype(np.float32).reshape(shape)


def first():
    norm = {f"bn_{part}:0": count(4) + place for place, part in enumerate(("gamma", "beta", "running_mean", "running_std"))}
    return {
        "input_1": {},
        "block1_conv1": {"block1_conv1_W_1:0": count(3, 3, 2, 4), "block1_conv1_b_1:0": count(4)},
        "bn": norm,
    }


def second():
    norm = {f"conv1/bn/{part}:0": count(4) for part in ("beta", "moving_mean", "moving_variance")}
    separable = {
        "sepconv/depthwise_kernel:0": count(3, 3, 4, 1),
        "sepconv/pointwise_kernel:0": count(1, 1, 4, 2).astype(np.float16),
    }
    dense = {"predictions_1/kernel:0": count(2, 3), "predictions_1/bias:0": count(3)}
    return {"conv1/bn": norm, "sepconv": separable, "predictions": dense}


def third():
    """Classes of layers, counted; each with its name and its tensors, counted. One is within a model within the model."""
    return {
        "layers/dense": ("predictions", [count(2, 3), count(3)]),
        "layers/functional/layers/batch_normalization_1": ("bn", [count(4) + place for place in range(4)]),
        "layers/functional/layers/separable_conv2d": ("sepconv", [count(3, 3, 4, 1), count(1, 1, 4, 2)]),
        "layers/activation": ("activation", []),
    }


def files():
    yield FIXTURES / "weights_keras1.h5", first(), ""
    yield FIXTURES / "weights_keras2.h5", second(), "model_weights"


def counted(path, is_check):
    with h5py.File(path, "r" if is_check else "w") as file:
        for layer, (name, tensors) in third().items():
            group = file.require_group(f"{layer}/vars")
            if not is_check:
                group.attrs["name"] = name
                for place, values in enumerate(tensors):
                    group[str(place)] = values
            assert group.attrs["name"] == name and len(group) == len(tensors), (path, layer)
            for place, values in enumerate(tensors):
                assert np.array_equal(group[str(place)], values), (path, layer, place)


def main():
    counted(FIXTURES / "weights_keras3.weights.h5", "--check" in sys.argv[1:])
    for path, layers, root in files():
        if "--check" not in sys.argv[1:]:
            with h5py.File(path, "w") as file:
                group = file.create_group(root) if root else file
                group.attrs["layer_names"] = [name.encode() for name in layers]
                for layer, tensors in layers.items():
                    inner = group.create_group(layer)
                    inner.attrs["weight_names"] = [name.encode() for name in tensors]
                    for name, values in tensors.items():
                        inner[name] = values
            continue
        with h5py.File(path) as file:
            group = file[root] if root else file
            assert np.array(group.attrs["layer_names"]).astype(str).tolist() == list(layers), path
            for layer, tensors in layers.items():
                for name, values in tensors.items():
                    committed = group[layer][name]
                    assert committed.dtype == values.dtype and np.array_equal(committed, values), (path, layer, name)
    print("three files of Keras' layouts", "hold what is written today" if "--check" in sys.argv[1:] else "written")


if __name__ == "__main__":
    main()
