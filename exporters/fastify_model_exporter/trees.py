"""Tree ensembles of scikit-learn, read into one plain form that knows the cover of every node."""

from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

SINGLE = (DecisionTreeClassifier, DecisionTreeRegressor)
FORESTS = (RandomForestClassifier, RandomForestRegressor, ExtraTreesClassifier, ExtraTreesRegressor)
BOOSTED = (GradientBoostingClassifier, GradientBoostingRegressor)
HISTOGRAM = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


@dataclass
class Tree:
    """One tree, a row per node. A node goes left when value <= threshold, or == threshold where `equal` says so; leaves have left == -1."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    missing_left: np.ndarray
    cover: np.ndarray
    weights: np.ndarray
    """Shape (nodes, outputs); only the rows of leaves count."""
    first_output: int = 0
    """Output that the first column of `weights` adds to."""
    equal: np.ndarray | None = None


@dataclass
class Ensemble:
    """Trees whose leaf weights, added up with `base`, give the scores. A binary classifier has one score, for the second class."""

    trees: list[Tree]
    outputs: int
    classes: np.ndarray | None
    base: np.ndarray | None = None
    post_transform: str = "NONE"


def read_trees(estimator) -> Ensemble | None:
    """The ensemble inside `estimator`, or None when it is no tree model. Raises ValueError for one that the ONNX operators cannot express."""
    if isinstance(estimator, SINGLE):
        return _read_forest(estimator, [estimator])
    if isinstance(estimator, FORESTS):
        return _read_forest(estimator, estimator.estimators_)
    if isinstance(estimator, BOOSTED):
        return _read_boosted(estimator)
    if isinstance(estimator, HISTOGRAM):
        return _read_histogram(estimator)
    if type(estimator).__module__.startswith("lightgbm"):
        from .lightgbm_trees import read_lightgbm

        return read_lightgbm(estimator)
    return None


def round_down(thresholds: np.ndarray) -> np.ndarray:
    """The largest float32 not above each threshold, so that `float32(x) <= threshold` keeps its answer."""
    thresholds = np.asarray(thresholds, dtype=np.float64)
    with np.errstate(over="ignore"):
        rounded = thresholds.astype(np.float32)
    too_high = rounded.astype(np.float64) > thresholds
    rounded[too_high] = np.nextafter(rounded[too_high], np.float32(-np.inf))
    return rounded


def _read_tree(tree, weights: np.ndarray, first_output: int = 0) -> Tree:
    return Tree(
        feature=tree.feature,
        threshold=tree.threshold,
        left=tree.children_left,
        right=tree.children_right,
        missing_left=tree.missing_go_to_left.astype(bool),
        cover=tree.weighted_n_node_samples,
        weights=weights,
        first_output=first_output,
    )


def _read_forest(estimator, members) -> Ensemble:
    if estimator.n_outputs_ != 1:
        raise ValueError("several targets in one forest have no tree operator")
    classes = getattr(estimator, "classes_", None)
    trees = []
    for member in members:
        weights = member.tree_.value[:, 0, :]
        if classes is not None:
            weights = weights / weights.sum(axis=1, keepdims=True)
            if len(classes) == 2:
                weights = weights[:, 1:]
        trees.append(_read_tree(member.tree_, weights / len(members)))
    return Ensemble(trees, trees[0].weights.shape[1], classes)


def _post_transform(classes, outputs: int) -> str:
    if classes is None:
        return "NONE"
    return "LOGISTIC" if outputs == 1 else "SOFTMAX"


def _read_boosted(estimator) -> Ensemble:
    if estimator.loss == "exponential":
        raise ValueError("exponential loss has no ONNX head")
    classes = getattr(estimator, "classes_", None)
    rounds, outputs = estimator.estimators_.shape
    trees = [
        _read_tree(member.tree_, estimator.learning_rate * member.tree_.value[:, 0, :], output)
        for stage in estimator.estimators_
        for output, member in enumerate(stage)
    ]
    if estimator.init_ == "zero":
        base = np.zeros(outputs)
    else:
        probe = np.zeros((2, estimator.n_features_in_))
        probe[1] = 1
        starts = estimator._raw_predict_init(probe)
        if not np.array_equal(starts[0], starts[1]):
            raise ValueError("an initial estimator that depends on the row cannot be exported")
        base = starts[0]
    return Ensemble(trees, outputs, classes, base, _post_transform(classes, outputs))


def _read_histogram(estimator) -> Ensemble:
    if estimator.is_categorical_ is not None and np.any(estimator.is_categorical_):
        raise ValueError("categorical splits of HistGradientBoosting cannot be exported; encode the categories first")
    classes = getattr(estimator, "classes_", None)
    if classes is None and estimator.loss in ("poisson", "gamma"):
        raise ValueError(f"the log link of loss {estimator.loss} has no ONNX head")
    trees = []
    for stage in estimator._predictors:
        for output, predictor in enumerate(stage):
            nodes = predictor.nodes
            leaf = nodes["is_leaf"].astype(bool)
            trees.append(
                Tree(
                    feature=nodes["feature_idx"],
                    threshold=nodes["num_threshold"],
                    left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
                    right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
                    missing_left=nodes["missing_go_to_left"].astype(bool),
                    cover=nodes["count"].astype(np.float64),
                    weights=nodes["value"][:, None],
                    first_output=output,
                )
            )
    outputs = len(estimator._predictors[0])
    return Ensemble(trees, outputs, classes, np.ravel(estimator._baseline_prediction), _post_transform(classes, outputs))
