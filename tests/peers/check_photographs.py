"""Published networks see what is on photographs that others ship: six pictures out of scikit-image and scikit-learn.

    python tests/peers/check_photographs.py

Needs the weights in `${FACIES_DATA}/weights` (or `../shared/data/weights`), and skips those that are not there. Each picture
shows something that is one of ImageNet's classes; one of them must be among the five most probable for at least four
pictures in five. Pictures are scaled and cut as torchvision's recipe says, and the program (`examples/classify_picture.rs`)
does the rest.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from torchvision.models import MobileNet_V2_Weights

ROOT = Path(__file__).parents[2]
NETWORKS = {"mobilenet_v2": "mobilenet_v2-b0353104.pth", "resnet50_keras": "resnet50_keras_fp16.safetensors"}
PHOTOGRAPHS = {
    ("skimage", "data/chelsea.png"): {"tabby", "tiger cat", "Egyptian cat"},
    ("skimage", "data/coffee.png"): {"espresso", "cup", "coffee mug"},
    ("skimage", "data/rocket.jpg"): {"space shuttle", "missile", "projectile"},
    ("skimage", "data/camera.png"): {"tripod", "reflex camera"},
    ("skimage", "data/motorcycle_left.png"): {"moped", "motor scooter"},
    ("sklearn", "datasets/images/china.jpg"): {"palace", "monastery", "stupa"},
}


def find(package, path):
    found = importlib.util.find_spec(package)
    return Path(found.submodule_search_locations[0]) / path


def prepared(picture):
    """224 x 224 out of the middle of a picture whose shorter side is 256."""
    picture = picture.convert("RGB")
    scale = 256 / min(picture.size)
    picture = picture.resize([round(scale * side) for side in picture.size], Image.Resampling.BILINEAR)
    left, top = ((side - 224) // 2 for side in picture.size)
    return picture.crop((left, top, left + 224, top + 224))


def main():
    weights = Path(os.environ.get("FACIES_DATA", ROOT / "../shared/data")) / "weights"
    names = MobileNet_V2_Weights.IMAGENET1K_V1.meta["categories"]
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for (package, path), shown in PHOTOGRAPHS.items():
            file = Path(folder) / (Path(path).stem + ".png")
            prepared(Image.open(find(package, path))).save(file)
            files[str(file)] = shown
        for network, file in NETWORKS.items():
            if not (weights / file).exists():
                print(f"skipped: {weights / file} is not there")
                continue
            command = ["cargo", "run", "--quiet", "--release", "--example", "classify_picture", "--"]
            command += [network, str(weights / file), *files]
            answer = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True).stdout
            right = 0
            for line in answer.splitlines():
                path, *best = line.split()
                five = [names[int(text.split(":")[0])] for text in best]
                seen = bool(files[path] & set(five))
                right += seen
                print(f"{network:15} {Path(path).stem:16} {'right' if seen else 'WRONG'}  {', '.join(five)}")
            print(f"{network}: {right} of {len(files)}")
            if 5 * right < 4 * len(files):
                failed.append(network)
    if failed:
        sys.exit(f"too few photographs recognised by {', '.join(failed)}")


if __name__ == "__main__":
    main()
