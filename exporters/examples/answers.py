"""Answers of the original estimators for rows that the self-test does not hold, as the server's tests expect them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from fastify_model_exporter.rows import json_records, json_value
from fastify_model_exporter.verify import ask_estimator


def write_answers(
    folder: Path | None, name: str, estimator, rows: pd.DataFrame, class_names: list[str] | None = None, scaled: np.ndarray | None = None,
) -> None:
    """Write records, predictions and probabilities of some rows; `scaled` is what the preprocessing alone makes of them. Without a folder nothing is written."""
    if folder is None:
        return
    answers = ask_estimator(estimator, rows)
    document = {
        "class_names": class_names,
        "predictions": [float(value) if class_names is None else json_value(value) for value in answers.predictions],
        "probabilities": None if answers.probabilities is None else answers.probabilities.tolist(),
        "records": json_records(rows),
    }
    if scaled is not None:
        document["scaled"] = scaled.tolist()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(document).replace("}, {", "},\n{").replace("], [", "],\n[") + "\n")
