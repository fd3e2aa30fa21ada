"""The jobs under configs/ against their JSON schemas, according to the jsonschema package.

    python tests/peers/configs_against_schema.py --check
"""

import json
import sys
from pathlib import Path

import jsonschema
import yaml

CONFIGS = Path(__file__).parent.parent.parent / "configs"


def schema_of(path):
    is_batch = {"jobs", "matrix"} & yaml.safe_load(path.read_text()).keys()
    name = "batch-schema.json" if is_batch else "schema.json"
    return jsonschema.Draft202012Validator(json.loads((CONFIGS / name).read_text()))


def main():
    if sys.argv[1:] != ["--check"]:
        sys.exit(__doc__)
    failures = 0
    for path in sorted(CONFIGS.glob("*.yaml")):
        for error in schema_of(path).iter_errors(yaml.safe_load(path.read_text())):
            failures += 1
            print(f"{path.name}: {'.'.join(map(str, error.path))}: {error.message}")
    # A schema that accepts everything would pass, too.
    wrong = yaml.safe_load((CONFIGS / "f3-waldeland.yaml").read_text())
    wrong["training"]["stepz"] = 3
    if schema_of(CONFIGS / "f3-waldeland.yaml").is_valid(wrong):
        failures += 1
        print("schema.json accepts the unknown key training.stepz")
    sys.exit(failures != 0)


if __name__ == "__main__":
    main()
