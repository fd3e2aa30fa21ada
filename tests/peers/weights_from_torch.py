"""Small PyTorch weight files in both formats, for `src/network/weights_file`.

    python tests/peers/weights_from_torch.py          # writes tests/fixtures/weights_legacy.pth and weights_zip.pth
    python tests/peers/weights_from_torch.py --check  # the committed files hold what PyTorch writes today
"""

import sys
from collections import OrderedDict
from pathlib import Path

import torch

FIXTURES = Path(__file__).parent.parent / "fixtures"


def state():
    count = torch.arange(24, dtype=torch.float32) / 8
    return OrderedDict(
        {
            "plain.weight": count[:6].reshape(2, 3).clone(),
            # A view: other order and offset than its storage.
            "turned.weight": count.reshape(2, 3, 4).permute(2, 0, 1)[1:3],
            "parameter.bias": torch.nn.Parameter(count[:4].clone()),
            "half.weight": (count[:4] - 1).half(),
            "brain.weight": (count[:4] - 1).bfloat16(),
            "double.weight": count[:2].double(),
            "empty.weight": torch.zeros(0, 3),
            "norm.num_batches_tracked": torch.tensor(7),
        }
    )


def files():
    yield FIXTURES / "weights_legacy.pth", state(), False
    yield FIXTURES / "weights_zip.pth", {"epoch": 3, "state_dict": state(), "loss": [0.5, None, True]}, True


def main():
    for path, content, as_zip in files():
        if "--check" not in sys.argv[1:]:
            torch.save(content, path, _use_new_zipfile_serialization=as_zip)
            continue
        committed = torch.load(path, weights_only=True)
        committed = committed.get("state_dict", committed)
        for name, tensor in state().items():
            assert torch.equal(committed[name], tensor) and committed[name].dtype == tensor.dtype, (path, name)
        print(f"{path.name}: as PyTorch {torch.__version__} writes it")


if __name__ == "__main__":
    main()
