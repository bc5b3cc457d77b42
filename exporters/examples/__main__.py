"""Train examples into a store of their own and say how to serve them: `python -m examples linear-binary`."""

import argparse
import importlib
import os
import shlex
import sys
from pathlib import Path

from .places import REPOSITORY, Places

NAMES = [
    "linear-binary", "rf-binary", "rf-multilabel", "rf-regression", "gbdt-binary",
    "iris", "breast-cancer", "diabetes", "penguins",
]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m examples", description="Train example models and write them into a model store.")
    parser.add_argument("names", nargs="+", metavar="name", choices=NAMES, help=", ".join(NAMES))
    parser.add_argument("--store", type=Path, default=REPOSITORY / "example-store", help="folder of models, by default example-store")
    parser.add_argument("--answers", type=Path, help="folder for the estimators' own answers to some rows")
    options = parser.parse_args()
    for name in options.names:
        train(name, Places(options.store, options.answers))


def train(name: str, places: Places) -> None:
    try:
        importlib.import_module(f".{name.replace('-', '_')}", __package__).main(places)
    except ModuleNotFoundError as error:
        sys.exit(
            f"the Python package {error.name} is missing; install what the examples need:"
            " python3 -m venv exporters/.venv && exporters/.venv/bin/pip install -r exporters/requirements.txt"
        )
    path = (places.store / name).resolve()
    shown = path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path
    print(f"serve it: MODEL_PATH={shlex.quote(os.fspath(shown))} npm start", flush=True)


if __name__ == "__main__":
    main()
