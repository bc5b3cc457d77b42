"""ONNX nodes for the model at the end of a graph: tree ensembles with covers, and linear models."""

import numpy as np
from onnx import NodeProto, helper
from sklearn.base import RegressorMixin
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model._base import LinearModel

from .trees import Ensemble, round_down

DOMAIN = "ai.onnx.ml"


def label_attributes(classes: np.ndarray, strings: str, integers: str) -> dict:
    """Class labels under the attribute of their type. Raises ValueError for labels that ONNX cannot hold."""
    if classes.dtype.kind in "iub":
        return {integers: [int(label) for label in classes]}
    if all(isinstance(label, str) for label in classes):
        return {strings: [str(label) for label in classes]}
    raise ValueError("class labels must be integers or strings")


def tree_node(ensemble: Ensemble, source: str, outputs: list[str]) -> NodeProto:
    """A TreeEnsembleClassifier or TreeEnsembleRegressor (ai.onnx.ml 3) that carries node covers in `nodes_hitrates`, which inference ignores."""
    nodes: dict[str, list] = {key: [] for key in (
        "treeids", "nodeids", "featureids", "values", "modes", "truenodeids", "falsenodeids", "missing_value_tracks_true", "hitrates")}
    leaves: dict[str, list] = {"treeids": [], "nodeids": [], "ids": [], "weights": []}
    for tree_id, tree in enumerate(ensemble.trees):
        leaf = tree.left < 0
        count = len(tree.feature)
        nodes["treeids"] += [tree_id] * count
        nodes["nodeids"] += range(count)
        nodes["featureids"] += np.where(leaf, 0, tree.feature).tolist()
        nodes["values"] += np.where(leaf, 0, round_down(tree.threshold)).tolist()
        compare = "BRANCH_LEQ" if tree.equal is None else np.where(tree.equal, "BRANCH_EQ", "BRANCH_LEQ")
        nodes["modes"] += np.where(leaf, "LEAF", compare).tolist()
        nodes["truenodeids"] += np.where(leaf, 0, tree.left).tolist()
        nodes["falsenodeids"] += np.where(leaf, 0, tree.right).tolist()
        nodes["missing_value_tracks_true"] += np.where(leaf, 0, tree.missing_left).astype(int).tolist()
        nodes["hitrates"] += np.asarray(tree.cover, dtype=np.float32).tolist()
        for node in np.flatnonzero(leaf):
            for column, weight in enumerate(tree.weights[node]):
                leaves["treeids"].append(tree_id)
                leaves["nodeids"].append(int(node))
                leaves["ids"].append(tree.first_output + column)
                leaves["weights"].append(float(np.float32(weight)))

    attributes = {f"nodes_{key}": values for key, values in nodes.items()}
    if ensemble.base is not None:
        attributes["base_values"] = [float(value) for value in ensemble.base]
    attributes["post_transform"] = ensemble.post_transform
    if ensemble.classes is None:
        attributes |= {f"target_{key}": values for key, values in leaves.items()}
        return helper.make_node("TreeEnsembleRegressor", [source], outputs, domain=DOMAIN, n_targets=ensemble.outputs, **attributes)
    attributes |= {f"class_{key}": values for key, values in leaves.items()}
    attributes |= label_attributes(ensemble.classes, "classlabels_strings", "classlabels_int64s")
    return helper.make_node("TreeEnsembleClassifier", [source], outputs, domain=DOMAIN, **attributes)


def linear_node(estimator, source: str, outputs: list[str]) -> NodeProto | None:
    """A LinearClassifier or LinearRegressor for a logistic regression or a linear regressor of one target; None for everything else."""
    if isinstance(estimator, LogisticRegression):
        coefficients, intercepts = estimator.coef_, estimator.intercept_
        post_transform = "SOFTMAX"
        if len(estimator.classes_) == 2:
            coefficients, intercepts = np.vstack([-coefficients, coefficients]), np.hstack([-intercepts, intercepts])
            post_transform = "LOGISTIC"
        return helper.make_node(
            "LinearClassifier", [source], outputs, domain=DOMAIN, multi_class=0, post_transform=post_transform,
            coefficients=coefficients.ravel().astype(float).tolist(), intercepts=intercepts.astype(float).tolist(),
            **label_attributes(estimator.classes_, "classlabels_strings", "classlabels_ints"),
        )
    if isinstance(estimator, LinearModel) and isinstance(estimator, RegressorMixin) and np.size(estimator.intercept_) == 1:
        return helper.make_node(
            "LinearRegressor", [source], outputs, domain=DOMAIN, targets=1,
            coefficients=np.ravel(estimator.coef_).astype(float).tolist(), intercepts=np.ravel(estimator.intercept_).astype(float).tolist(),
        )
    return None
