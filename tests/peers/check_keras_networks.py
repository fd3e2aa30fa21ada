"""Networks of `keras.applications` and ours with the same weights: what each says of the same pictures.

    python tests/peers/check_keras_networks.py                 all of them, files of up to 0.6 GB on the way
    python tests/peers/check_keras_networks.py resnet50_keras xception

Keras makes each network with weights drawn here, writes it as HDF5, as a whole (`.h5`) and its weights alone (`.weights.h5`), and
classifies drawn pictures after its own preprocessing; the program (`examples/classify_picture.rs`) reads each file and the pictures.
Scores must agree to 1e-4 of the largest. The drawn variances reach down to a tenth of Keras' smallest epsilon, so that a batch
normalisation with another one shows.
"""

import math
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import absl.logging  # noqa: E402
import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import applications  # noqa: E402
from PIL import Image  # noqa: E402

ROOT = Path(__file__).parents[2]
NETWORKS = {
    "vgg16": (applications.VGG16, applications.vgg16.preprocess_input, 224),
    "vgg19": (applications.VGG19, applications.vgg19.preprocess_input, 224),
    "resnet50_keras": (applications.ResNet50, applications.resnet.preprocess_input, 224),
    "xception": (applications.Xception, applications.xception.preprocess_input, 299),
    "densenet121": (applications.DenseNet121, applications.densenet.preprocess_input, 224),
}
CLASSES = 5
TOLERANCE = 1e-4


def drawn_weights(model, random):
    """Weights that keep values of the same size from layer to layer."""
    for layer in model.layers:
        values = []
        for variable in layer.weights:
            shape = tuple(variable.shape)
            if "kernel" in variable.name:
                fan_in = np.prod(shape[:2]) if variable.name == "depthwise_kernel" else np.prod(shape[:-1])
                values.append(random.standard_normal(shape, np.float32) * np.float32(math.sqrt(2 / fan_in)))
            elif variable.name == "moving_variance":
                variance = np.exp(random.uniform(math.log(1e-6), 0, shape)).astype(np.float32)
                values.append(variance)
                values[0] = np.sqrt(variance + np.float32(layer.epsilon)) * values[0]
            elif variable.name == "gamma":
                values.append(random.uniform(0.75, 1.25, shape).astype(np.float32))
            else:
                values.append(random.uniform(-0.1, 0.1, shape).astype(np.float32))
        layer.set_weights(values)


def drawn_pictures(side, random):
    """Coloured patches and noise, another in each place."""
    for _ in range(2):
        patches = np.kron(random.integers(0, 200, (8, 8, 3)), np.ones((-(-side // 8), -(-side // 8), 1), int))
        yield (patches[:side, :side] + random.integers(0, 56, (side, side, 3))).astype(np.uint8)


def log_shares(scores):
    return scores - np.log(np.exp(scores).sum(1, keepdims=True))


def by_the_program(network, weights, files):
    command = ["cargo", "run", "--quiet", "--release", "--example", "classify_picture", "--"]
    answer = subprocess.run([*command, network, weights, *files], check=True, cwd=ROOT, capture_output=True, text=True).stdout
    shares = np.zeros((len(files), CLASSES))
    for row, line in zip(shares, answer.splitlines(), strict=True):
        for text in line.split()[-CLASSES:]:
            place, share = text.split(":")
            row[int(place)] = float(share)
    return np.log(shares)


def check(network, folder):
    make, preprocess, side = NETWORKS[network]
    random = np.random.default_rng(list(NETWORKS).index(network))
    model = make(weights=None, input_shape=(side, side, 3), classes=CLASSES, classifier_activation=None)
    drawn_weights(model, random)
    files, inputs = [], []
    for place, pixels in enumerate(drawn_pictures(side, random)):
        files.append(f"{folder}/{place}.png")
        Image.fromarray(pixels).save(files[-1])
        inputs.append(preprocess(pixels.astype(np.float32)))
    # Scores whose shares can all be told from 0.
    last = model.layers[-1]
    kernel, bias = last.get_weights()
    scores = keras.ops.convert_to_numpy(model(np.stack(inputs)))
    last.set_weights([kernel / scores.std(), bias])
    theirs = log_shares(keras.ops.convert_to_numpy(model(np.stack(inputs))).astype(np.float64))
    agrees = True
    for ending, save in ((".h5", model.save), (".weights.h5", model.save_weights)):
        weights = folder + "/" + network + ending
        save(weights)
        difference = np.abs(by_the_program(network, weights, files) - theirs).max() / np.abs(theirs).max()
        Path(weights).unlink()
        print(f"{network}{ending}: largest difference {difference:.1e} of the largest score", flush=True)
        agrees &= difference < TOLERANCE
    return agrees


def main():
    # HDF5 is an older format of Keras, as it says every time.
    absl.logging.set_verbosity("error")
    wrong = []
    for network in sys.argv[1:] or NETWORKS:
        with tempfile.TemporaryDirectory() as folder:
            if not check(network, folder):
                wrong.append(network)
    if wrong:
        sys.exit(f"other scores than those of Keras {keras.__version__}: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
