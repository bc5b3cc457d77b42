"""Tree ensembles of LightGBM. Covers are row counts, as LightGBM's own contributions use them, not hessian sums.

A split by a set of categories becomes a chain of comparisons that share the child of the set, as the ONNX converters write it.
"""

import numpy as np

from .trees import Ensemble, Tree

HEADS = {"binary": "LOGISTIC", "multiclass": "SOFTMAX", "regression": "NONE", "regression_l1": "NONE", "huber": "NONE", "quantile": "NONE"}


def read_lightgbm(estimator) -> Ensemble:
    """The ensemble of an LGBMClassifier or LGBMRegressor. Raises ValueError for zero_as_missing and objectives without an ONNX head."""
    model = estimator.booster_.dump_model()
    objective, *settings = model["objective"].split()
    if objective not in HEADS or model["average_output"]:
        raise ValueError(f"LightGBM objective {objective} has no ONNX head")
    if objective == "binary" and "sigmoid:1" not in settings:
        raise ValueError("a sigmoid other than 1 has no ONNX head")
    outputs = model["num_tree_per_iteration"]
    trees = [_read_tree(info["tree_structure"], index % outputs) for index, info in enumerate(model["tree_info"])]
    return Ensemble(trees, outputs, getattr(estimator, "classes_", None), None, HEADS[objective])


def _read_tree(root: dict, output: int) -> Tree:
    rows: list[list] = []

    def visit(node: dict) -> int:
        index = len(rows)
        if "leaf_value" in node:
            rows.append([0, 0.0, -1, -1, False, False, node.get("leaf_count", 1), node["leaf_value"]])
            return index
        if node["missing_type"] == "Zero":
            raise ValueError("LightGBM's zero_as_missing cannot be exported")
        if node["decision_type"] == "==":
            codes = [int(code) for code in node["threshold"].split("||")]
            # A missing category goes where those outside the set go.
            rows.extend([node["split_feature"], code, 0, index + step + 1, False, True, node["internal_count"], 0.0] for step, code in enumerate(codes))
            inside = visit(node["left_child"])
            for step in range(len(codes)):
                rows[index + step][2] = inside
            rows[index + len(codes) - 1][3] = visit(node["right_child"])
            return index
        # Without a missing type LightGBM reads NaN as 0.
        missing_left = node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0
        rows.append([node["split_feature"], node["threshold"], 0, 0, missing_left, False, node["internal_count"], 0.0])
        rows[index][2] = visit(node["left_child"])
        rows[index][3] = visit(node["right_child"])
        return index

    visit(root)
    feature, threshold, left, right, missing_left, equal, cover, weight = (np.array(column) for column in zip(*rows))
    return Tree(feature, threshold, left, right, missing_left, cover.astype(np.float64), weight[:, None], output, equal)
