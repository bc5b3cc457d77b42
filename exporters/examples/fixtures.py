"""Answers of the original estimators for held-out rows, as the server's tests expect them."""

import json

import numpy as np
import pandas as pd

from fastify_model_exporter.rows import json_records, json_value
from fastify_model_exporter.verify import ask_estimator

from .places import FIXTURES


def write_fixture(name: str, estimator, rows: pd.DataFrame, class_names: list[str] | None = None, scaled: np.ndarray | None = None) -> None:
    """Write records, predictions and probabilities of some rows; `scaled` is what the preprocessing alone makes of them."""
    answers = ask_estimator(estimator, rows)
    fixture = {
        "class_names": class_names,
        "predictions": [float(value) if class_names is None else json_value(value) for value in answers.predictions],
        "probabilities": None if answers.probabilities is None else answers.probabilities.tolist(),
        "records": json_records(rows),
    }
    if scaled is not None:
        fixture["scaled"] = scaled.tolist()
    FIXTURES.mkdir(parents=True, exist_ok=True)
    (FIXTURES / f"{name}.json").write_text(json.dumps(fixture).replace("}, {", "},\n{").replace("], [", "],\n[") + "\n")
