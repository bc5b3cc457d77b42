"""Write one version of a model into a model store."""

import hashlib
import json
import os
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pandas as pd
from onnx import ModelProto

from .graphs import Conversion, convert, model_input
from .metadata import column_groups, describe_features, estimator_name, importances_of, task_of, versions_of
from .rows import json_records, json_rows, json_value
from .verify import ask_estimator, verify

BACKGROUND_ROWS = 100
TEST_CASES = 5


def export(
    estimator,
    X,
    *,
    store,
    name: str,
    version: int = 1,
    description: str | None = None,
    features: dict[str, dict] | None = None,
    class_names: list[str] | None = None,
    target_names: list[str] | None = None,
    tests=None,
    training: dict | None = None,
    serving: dict | None = None,
    model: ModelProto | None = None,
) -> Path:
    """Export a fitted estimator and return the folder of the version.

    `X` is the training table (a DataFrame, or an array whose columns become feature1, feature2, ...): it gives names and types, background
    rows and the rows on which the file is compared with the estimator. `features` maps a column to further keys of its entry in
    `metadata.json` (description, unit, default, accepts_missing, categories, minimum, maximum). `tests` are rows for the self-test, by
    default rows of `X`. `serving` becomes `model.json`. `model` is an ONNX model that was already converted elsewhere and is kept
    untouched. Nothing is written, and ValueError is raised, when the file's answers differ from the estimator's by more than 1e-5.
    """
    frame = _as_frame(X)
    converted = Conversion(model, "none") if model is not None else convert(estimator, frame)
    groups = column_groups(estimator, frame)
    importances, kind = importances_of(estimator, groups, frame.shape[1])
    described = describe_features(frame, features or {}, importances)
    missing = [feature["name"] for feature in described if feature.get("accepts_missing")]
    difference = verify(estimator, converted.model, frame, missing)

    classes = getattr(estimator, "classes_", None)
    if classes is not None and class_names is None:
        class_names = [str(label) for label in classes]
    background = frame.sample(min(BACKGROUND_ROWS, len(frame)), random_state=0)
    background_text = _json_text({"columns": list(frame.columns), "rows": json_rows(background)})
    cases = _cases(estimator, _as_frame(tests) if tests is not None else _sample_cases(estimator, frame), class_names)

    metadata = {
        "schema": 1,
        "task": task_of(estimator),
        "description": description,
        "estimator": estimator_name(estimator),
        "created": _created(),
        "versions": versions_of(estimator),
        "class_names": class_names,
        "features": described,
        "importance_kind": kind,
        "input": converted.model.graph.input[0].name if len(converted.model.graph.input) == 1 else None,
        "outputs": _output_roles(converted.model, classes is not None),
        "target_names": target_names,
        "training": training,
        "explain": {
            "covers": converted.covers,
            "tree_input": model_input(converted.model),
            "column_groups": groups,
            "background_sha256": hashlib.sha256(background_text.encode()).hexdigest(),
        },
    }
    folder = Path(store) / name / str(version)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(converted.model.SerializeToString())
    (folder / "metadata.json").write_text(_json_text(_without_none(metadata)))
    (folder / "background.json").write_text(background_text)
    if cases:
        (folder / "tests.json").write_text(_json_text({"tolerance": 1e-4, "cases": cases}))
    if serving is not None:
        (folder.parent / "model.json").write_text(json.dumps(serving, indent=2) + "\n")
    print(f"{name}/{version}: {(folder / 'model.onnx').stat().st_size} bytes, differs from the estimator by at most {difference:.1e}")
    return folder


def _as_frame(X) -> pd.DataFrame:
    if isinstance(X, pd.DataFrame):
        return X
    array = np.asarray(X)
    return pd.DataFrame(array, columns=[f"feature{index + 1}" for index in range(array.shape[1])])


def _created() -> str:
    """Now, or SOURCE_DATE_EPOCH where a repeatable file is wanted."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(seconds), timezone.utc) if seconds else datetime.now(timezone.utc)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _output_roles(model: ModelProto, classifier: bool) -> dict[str, str]:
    names = [output.name for output in model.graph.output]
    # A ZipMap of columns spreads the probabilities over one output per class; the server finds the tensor behind them.
    spread = classifier and len(names) > 2
    roles = ("label",) if spread else ("label", "probabilities") if classifier else ("value",)
    return dict(zip(roles, names))


def _sample_cases(estimator, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows for the self-test, none of which is a tie: the file may be right and still name the other label."""
    decided = frame[ask_estimator(estimator, frame).decided]
    return decided.sample(min(TEST_CASES, len(decided)), random_state=0)


def _cases(estimator, frame: pd.DataFrame, class_names: list[str] | None) -> list[dict]:
    if frame.empty:
        return []
    answers = ask_estimator(estimator, frame)
    cases = []
    for index, record in enumerate(json_records(frame)):
        prediction = answers.predictions[index]
        expect = {"prediction": float(prediction) if class_names is None else json_value(prediction)}
        if answers.probabilities is not None:
            expect["probabilities"] = dict(zip(class_names, (round(float(value), 9) for value in answers.probabilities[index])))
        cases.append({"input": record, "expect": expect})
    return cases


def _without_none(values: dict) -> dict:
    return {key: _without_none(value) if isinstance(value, dict) else value for key, value in values.items() if value is not None}


def _json_text(value) -> str:
    """Indented JSON with one line per row, case and feature, so that a diff stays readable."""
    if isinstance(value, dict) and any(isinstance(item, list) and item and isinstance(item[0], (dict, list)) for item in value.values()):
        parts = []
        for key, item in value.items():
            if isinstance(item, list) and item and isinstance(item[0], (dict, list)):
                lines = ",\n".join("    " + json.dumps(entry, ensure_ascii=False) for entry in item)
                parts.append(f"  {json.dumps(key)}: [\n{lines}\n  ]")
            else:
                parts.append(f"  {json.dumps(key)}: {json.dumps(item, ensure_ascii=False)}")
        return "{\n" + ",\n".join(parts) + "\n}\n"
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
