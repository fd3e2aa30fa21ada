"""The jobs under configs/ against their JSON schemas, according to the jsonschema package.

    python tests/peers/configs_against_schema.py --check
"""

import json
import sys
from pathlib import Path

import jsonschema
import yaml

CONFIGS = Path(__file__).parent.parent.parent / "configs"
#: Schemas, each with a job of its kind.
SCHEMAS = {
    "schema.json": "f3-waldeland",
    "images-schema.json": "minerals-vgg16",
    "batch-schema.json": "paper-table",
}


def schema_of(job):
    """By what a job holds, as the program tells them apart."""
    if {"jobs", "matrix"} & job.keys():
        return "batch-schema.json"
    return "images-schema.json" if "images" in job["input"] else "schema.json"


def main():
    if sys.argv[1:] != ["--check"]:
        sys.exit(__doc__)
    validators = {
        name: jsonschema.Draft202012Validator(json.loads((CONFIGS / name).read_text())) for name in SCHEMAS
    }
    jobs = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(CONFIGS.glob("*.yaml"))}
    failures = []
    for stem, job in jobs.items():
        name = schema_of(job)
        for error in validators[name].iter_errors(job):
            failures.append(f"{stem}.yaml against {name}: {'.'.join(map(str, error.path))}: {error.message}")
    # A schema that accepts everything would pass, too.
    for name, stem in SCHEMAS.items():
        job = jobs[stem]
        if schema_of(job) != name:
            failures.append(f"{stem}.yaml is no job of {name}")
        for wrong in ({**job, "versoin": 1}, {**job, "version": "one"}):
            if validators[name].is_valid(wrong):
                failures.append(f"{name} accepts a wrong version of {stem}.yaml")
    print("\n".join(failures) or f"{len(jobs)} jobs fit {len(SCHEMAS)} schemas")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
