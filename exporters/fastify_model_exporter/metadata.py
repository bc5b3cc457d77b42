"""What `metadata.json` says about a model: task, features, importances, training."""

from importlib.metadata import version

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, MaxAbsScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler

from .graphs import split_pipeline
from .rows import json_value

COLUMNWISE = (StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler, OrdinalEncoder)


def task_of(estimator) -> str:
    """Task by the number of classes; no classes is a regression."""
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return "REGRESSION"
    return "BINARY_CLASSIFICATION" if len(classes) == 2 else "MULTICLASS_CLASSIFICATION"


def describe_features(frame: pd.DataFrame, details: dict[str, dict], importances: list[float] | None) -> list[dict]:
    """One entry per column; `details` adds to or overrides what the column's type says."""
    unknown = set(details) - set(frame.columns)
    if unknown:
        raise ValueError(f"details for columns that do not exist: {sorted(unknown)}")
    features = []
    for index, name in enumerate(frame.columns):
        feature = {"name": name, **_feature_type(frame[name].dtype)} | details.get(name, {})
        if importances is not None:
            feature["importance"] = round(float(importances[index]), 6)
        features.append(feature)
    return features


def column_groups(estimator, frame: pd.DataFrame) -> list[int] | None:
    """For each column that reaches the model, the index of the feature it was made from; None when a column mixes several."""
    groups = list(range(frame.shape[1]))
    preprocessing, _ = split_pipeline(estimator)
    for _, step in preprocessing.steps if preprocessing is not None else []:
        groups = _groups_after(step, groups, list(frame.columns))
        if groups is None:
            return None
    return groups


def importances_of(estimator, groups: list[int] | None, width: int) -> tuple[list[float] | None, str | None]:
    """Importance per feature, columns of one feature added up, and the kind it is of; (None, None) when the model has none."""
    _, final = split_pipeline(estimator)
    if groups is None:
        return None, None
    if hasattr(final, "feature_importances_"):
        values, kind = np.asarray(final.feature_importances_, dtype=float), "impurity"
        if hasattr(final, "importance_type"):
            kind = "split" if final.importance_type in (None, "split") else "gain"
    elif hasattr(final, "coef_"):
        values, kind = np.abs(np.atleast_2d(final.coef_)).mean(axis=0), "coef"
    else:
        return None, None
    return np.bincount(groups, weights=values, minlength=width).tolist(), kind


def versions_of(estimator) -> dict[str, str]:
    """Versions of the libraries that made the file."""
    _, final = split_pipeline(estimator)
    names = ["scikit-learn", "onnx", "skl2onnx"]
    if type(final).__module__.startswith("lightgbm"):
        names.append("lightgbm")
    return {name: version(name) for name in names}


def estimator_name(estimator) -> str:
    """Import path without private modules, `sklearn.ensemble.RandomForestClassifier`; of a pipeline, the model at its end."""
    kind = type(split_pipeline(estimator)[1])
    return ".".join([part for part in kind.__module__.split(".") if not part.startswith("_")] + [kind.__name__])


def _feature_type(kind) -> dict:
    if isinstance(kind, pd.CategoricalDtype):
        return {"type": "category", "categories": [json_value(category) for category in kind.categories]}
    if pd.api.types.is_bool_dtype(kind):
        return {"type": "boolean"}
    if pd.api.types.is_integer_dtype(kind):
        return {"type": "integer"}
    return {"type": "numeric" if pd.api.types.is_float_dtype(kind) else "string"}


def _groups_after(step, groups: list[int], names: list[str]) -> list[int] | None:
    if isinstance(step, str):
        return groups if step == "passthrough" else []
    if isinstance(step, FunctionTransformer):
        return groups if step.func is None else None
    if isinstance(step, COLUMNWISE) or (isinstance(step, SimpleImputer) and not step.add_indicator):
        return groups
    if isinstance(step, OneHotEncoder):
        dropped = step.drop_idx_ if step.drop_idx_ is not None else [None] * len(groups)
        sizes = [len(values) - (drop is not None) for values, drop in zip(step.categories_, dropped)]
        return [group for group, size in zip(groups, sizes) for _ in range(size)]
    if isinstance(step, Pipeline):
        for _, inner in step.steps:
            groups = _groups_after(inner, groups, names)
            if groups is None:
                return None
        return groups
    if isinstance(step, ColumnTransformer):
        collected: list[int] = []
        for _, inner, columns in step.transformers_:
            picked = [groups[names.index(column) if isinstance(column, str) else column] for column in np.atleast_1d(columns).tolist()]
            made = _groups_after(inner, picked, names)
            if made is None:
                return None
            collected += made
        return collected
    return None
