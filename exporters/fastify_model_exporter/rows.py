"""Rows of a table as JSON and as ONNX feeds; floats go through float32, as they do on their way into the graph."""

import math

import numpy as np
import pandas as pd
from onnx import ModelProto, TensorProto


def as_float32(frame: pd.DataFrame) -> pd.DataFrame:
    """The same table with every float rounded to float32, kept as float64 so that the estimator computes in full precision."""
    frame = frame.copy()
    for name in frame.columns:
        if pd.api.types.is_float_dtype(frame[name].dtype):
            frame[name] = frame[name].astype(np.float32).astype(np.float64)
    return frame


def json_value(value):
    """A JSON value: None for a missing one, the shortest decimal of the float32 for a float."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        single = np.float32(value)
        shortest = float(str(single))
        return shortest if np.float32(shortest) == single else float(single)
    return str(value)


def json_rows(frame: pd.DataFrame) -> list[list]:
    """Rows in column order."""
    return [[json_value(value) for value in row] for row in frame.itertuples(index=False, name=None)]


def json_records(frame: pd.DataFrame) -> list[dict]:
    """Records by column name."""
    return [dict(zip(frame.columns, row)) for row in json_rows(frame)]


def feeds(model: ModelProto, frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """The table as inputs of the graph: one matrix, or one column per input."""
    inputs = list(model.graph.input)
    if len(inputs) == 1 and inputs[0].name not in frame.columns:
        return {inputs[0].name: _codes(frame).to_numpy(dtype=np.float32)}
    kinds = {TensorProto.FLOAT: np.float32, TensorProto.DOUBLE: np.float64, TensorProto.INT64: np.int64, TensorProto.BOOL: bool, TensorProto.STRING: object}
    return {value.name: frame[[value.name]].to_numpy(dtype=kinds[value.type.tensor_type.elem_type]) for value in inputs}


def _codes(frame: pd.DataFrame) -> pd.DataFrame:
    """Categories as their positions, NaN where they are missing."""
    categories = [name for name in frame.columns if isinstance(frame[name].dtype, pd.CategoricalDtype)]
    return frame.assign(**{name: frame[name].cat.codes.astype(float).where(frame[name].notna()) for name in categories})
