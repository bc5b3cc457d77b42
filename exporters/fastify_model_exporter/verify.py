"""Compare ONNX Runtime with the estimator before anything is written."""

from dataclasses import dataclass

import numpy as np
import onnxruntime
import pandas as pd
from onnx import ModelProto

from .rows import as_float32, feeds

TOLERANCE = 1e-5


@dataclass
class Answers:
    """What a model says about some rows; `probabilities` has one column per class, None for a regressor."""

    predictions: np.ndarray
    probabilities: np.ndarray | None

    @property
    def decided(self) -> np.ndarray:
        """Per row: whether the label is more than a matter of rounding. Trees that vote half and half are a tie, whose label float32 may turn over."""
        if self.probabilities is None or self.probabilities.shape[1] == 1:
            return np.ones(len(self.predictions), dtype=bool)
        second, first = np.sort(self.probabilities, axis=1)[:, -2:].T
        return first - second > TOLERANCE


def ask_estimator(estimator, frame: pd.DataFrame) -> Answers:
    """The original estimator's answers for float32-rounded rows."""
    rows = as_float32(frame)
    if not hasattr(estimator, "feature_names_in_"):
        rows = rows.to_numpy()
    probabilities = estimator.predict_proba(rows) if hasattr(estimator, "predict_proba") else None
    predictions = np.asarray(estimator.predict(rows))
    if predictions.dtype == bool:
        predictions = predictions.astype(int)
    return Answers(predictions, probabilities)


def ask_onnx(model: ModelProto, frame: pd.DataFrame, classes=None) -> Answers:
    """ONNX Runtime's answers for the same rows. A ZipMap output, or one output per class, is put back into columns."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    outputs = session.run(None, feeds(model, frame))
    if len(outputs) == 1:
        return Answers(np.squeeze(outputs[0], axis=1) if outputs[0].ndim == 2 and outputs[0].shape[1] == 1 else outputs[0], None)
    probabilities = outputs[1] if len(outputs) == 2 else np.column_stack(outputs[1:])
    if isinstance(probabilities, list):
        probabilities = np.array([[row[label] for label in classes] for row in probabilities])
    return Answers(outputs[0], probabilities)


def knock_out(frame: pd.DataFrame, columns: list[str], share: float = 0.15) -> pd.DataFrame:
    """A copy with a share of the values of some columns missing, seed 0."""
    frame = frame.copy()
    random = np.random.default_rng(0)
    for name in columns:
        frame[name] = frame[name].mask(random.random(len(frame)) < share)
    return frame


def verify(estimator, model: ModelProto, frame: pd.DataFrame, missing: list[str]) -> float:
    """The largest relative difference over all rows, and over rows with holes in the columns of `missing`.

    Raises ValueError above 1e-5, or when a label differs in a row that is no tie.
    """
    classes = getattr(estimator, "classes_", None)
    tables = [frame] + ([knock_out(frame, missing)] if missing else [])
    worst = 0.0
    for table in tables:
        expected, actual = ask_estimator(estimator, table), ask_onnx(model, table, classes)
        if classes is None:
            worst = max(worst, _difference(expected.predictions, actual.predictions))
            continue
        if expected.probabilities is not None:
            worst = max(worst, _difference(expected.probabilities, actual.probabilities))
        if np.any(expected.decided & (expected.predictions.astype(str) != np.asarray(actual.predictions).astype(str))):
            raise ValueError("the exported model gives other labels than the estimator")
    if not worst <= TOLERANCE:
        raise ValueError(
            f"the exported model differs from the estimator by {worst:.2g}"
            " (a scaler before trees does that: it moves values off a split by a float32 rounding, and trees do not need it)"
        )
    return worst


def _difference(expected: np.ndarray, actual: np.ndarray) -> float:
    return float(np.max(np.abs(expected - actual) / np.maximum(1, np.abs(expected))))
