"""Times PyTorch on the features of photographs, for `cargo bench --bench table -- --only pictures`.

usage: pictures_speed_torch.py THREADS FOLDER MODEL [MODEL ...]

FOLDER has a sub-folder of pictures for each class, MODEL is a file of ours named after its network. Questions:
    {"case": "features", "model": 0, "ahead": true}
With "save", a path, the features [picture, feature] are written there, float32, in the order of class and file.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file

from serve import seconds, serve

SIDE, BATCH = 224, 32
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32)


def network(path):
    """The torchvision network up to its features, with the weights of a file."""
    name = Path(path).stem
    model = getattr(torchvision.models, name)(weights=None)
    missing, _ = model.load_state_dict(load_file(path), strict=False)
    assert all(key.startswith(("classifier", "fc")) or key.endswith("num_batches_tracked") for key in missing), missing
    for end in ("classifier", "fc"):
        if hasattr(model, end):
            setattr(model, end, torch.nn.Identity())
    return model.eval()


def read(path):
    with Image.open(path) as picture:
        picture = picture.convert("RGB").resize((SIDE, SIDE), Image.BILINEAR)
    return ((np.asarray(picture, np.float32) / 255 - MEAN) / DEVIATION).transpose(2, 0, 1)


def main():
    threads = int(sys.argv[1])
    torch.set_num_threads(threads)
    paths = sorted(Path(sys.argv[2]).glob("*/*"))
    batches = [paths[at : at + BATCH] for at in range(0, len(paths), BATCH)]
    models = [network(path) for path in sys.argv[3:]]
    pool = ThreadPoolExecutor(threads)

    def features(model, ahead):
        found = []
        with torch.inference_mode():
            waiting = [pool.submit(read, path) for path in batches[0]] if ahead else None
            for place, batch in enumerate(batches):
                if ahead:
                    pictures = [picture.result() for picture in waiting]
                    following = batches[place + 1] if place + 1 < len(batches) else []
                    waiting = [pool.submit(read, path) for path in following]
                else:
                    pictures = [read(path) for path in batch]
                found.append(model(torch.from_numpy(np.stack(pictures))))
        return torch.cat(found)

    def answer(question):
        model, ahead = models[question["model"]], question["ahead"]
        if "save" in question:
            features(model, ahead).numpy().astype("<f4").tofile(question["save"])
            return {}
        return {"seconds": seconds(lambda: features(model, ahead))}

    serve({"name": f"PyTorch {torch.__version__}"}, answer)


if __name__ == "__main__":
    main()
