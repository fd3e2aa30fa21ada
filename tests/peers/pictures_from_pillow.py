"""Makes the pictures of tests/fixtures that no encoder of ours writes, and what Pillow sees in them.

    python tests/peers/pictures_from_pillow.py           # writes the fixtures
    python tests/peers/pictures_from_pillow.py --check   # compares what Pillow sees with what is committed

Needs pillow and numpy. Writes picture_cmyk.jpg, picture_palette.tif, and pictures_pillow.json: a drawn
picture and what Image.resize makes of it with the bilinear filter.
"""

import json
import sys
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def drawn(rows, columns):
    """The picture that the Rust tests draw, too."""
    row, column = np.mgrid[0:rows, 0:columns]
    red = (row * 9 + column * 5) % 256
    green = (row * column) % 251
    blue = (255 - column * 7) % 256
    return Image.fromarray(np.stack([red, green, blue], axis=-1).astype(np.uint8))


def main():
    whole = drawn(64, 48)
    resized = {}
    for rows, columns in [(32, 24), (20, 31), (12, 60), (7, 5)]:
        pixels = np.asarray(whole.resize((columns, rows), Image.Resampling.BILINEAR))
        resized[f"{rows}x{columns}"] = pixels.reshape(-1).tolist()
    table = FIXTURES / "pictures_pillow.json"
    if sys.argv[1:] == ["--check"]:
        assert json.loads(table.read_text()) == resized, "Pillow resizes otherwise than what is committed"
        print(f"{table.name}: {len(resized)} sizes as Pillow {PIL.__version__} makes them")
        return
    table.write_text(json.dumps(resized) + "\n")
    flat = Image.new("RGB", (16, 16), (200, 90, 30))
    flat.convert("CMYK").save(FIXTURES / "picture_cmyk.jpg", quality=95)
    flat.quantize(4).save(FIXTURES / "picture_palette.tif")


if __name__ == "__main__":
    main()
