"""Every family of estimator survives the way into ONNX: `python -m unittest` in this folder.

`export` itself compares ONNX Runtime with the estimator, so a test mostly has to ask for it.
"""

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
from lightgbm import LGBMClassifier, LGBMRegressor
from palmerpenguins import load_penguins
from skl2onnx import to_onnx
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from fastify_model_exporter import export
from fastify_model_exporter.verify import ask_estimator, ask_onnx, knock_out

IRIS = load_iris(as_frame=True)
CANCER = load_breast_cancer(as_frame=True)
DIABETES = load_diabetes(as_frame=True)

COMPLETE = [
    (DecisionTreeClassifier(max_depth=4, random_state=0), CANCER),
    (RandomForestClassifier(20, max_depth=6, random_state=0), CANCER),
    (RandomForestClassifier(10, random_state=0), IRIS),
    (GradientBoostingClassifier(n_estimators=10, random_state=0), IRIS),
    (GradientBoostingClassifier(n_estimators=10, init="zero", random_state=0), CANCER),
    (GradientBoostingRegressor(n_estimators=20, random_state=0), DIABETES),
    (make_pipeline(StandardScaler(), LogisticRegression()), CANCER),
    (make_pipeline(StandardScaler(), Ridge()), DIABETES),
    (make_pipeline(StandardScaler(), RandomForestClassifier(10, random_state=0)), CANCER),
]
WITH_HOLES = [
    (RandomForestClassifier(20, max_depth=6, random_state=0), CANCER),
    (ExtraTreesClassifier(20, max_depth=6, random_state=0), IRIS),
    (RandomForestRegressor(20, max_depth=6, random_state=0), DIABETES),
    (HistGradientBoostingClassifier(max_iter=20, random_state=0), CANCER),
    (HistGradientBoostingClassifier(max_iter=10, random_state=0), IRIS),
    (HistGradientBoostingRegressor(max_iter=20, random_state=0), DIABETES),
    (LGBMClassifier(n_estimators=20, verbose=-1, random_state=0), CANCER),
    (LGBMClassifier(n_estimators=10, verbose=-1, random_state=0), IRIS),
    (LGBMRegressor(n_estimators=20, verbose=-1, random_state=0), DIABETES),
]


class Exporter(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.store = folder.name

    def export(self, estimator, X, **options):
        folder = export(estimator, X, store=self.store, name="model", **options)
        return onnx.load(folder / "model.onnx"), json.loads((folder / "metadata.json").read_text())

    def test_complete_tables(self):
        for estimator, data in COMPLETE:
            with self.subTest(estimator=estimator, target=data.target.name):
                self.export(estimator.fit(data.data, data.target), data.data)

    def test_tables_with_missing_values(self):
        for estimator, data in WITH_HOLES:
            with self.subTest(estimator=estimator):
                X = knock_out(data.data, list(data.data.columns))
                _, metadata = self.export(estimator.fit(X, data.target), X, features={name: {"accepts_missing": True} for name in X.columns})
                self.assertEqual(metadata["explain"]["covers"], "nodes_hitrates")

    def test_a_tie_is_no_disagreement(self):
        forest = RandomForestClassifier(20, max_depth=6, random_state=41).fit(CANCER.data, CANCER.target)
        tied = CANCER.data[~ask_estimator(forest, CANCER.data).decided]
        self.assertEqual(len(tied), 1)
        model, _ = self.export(forest, CANCER.data)
        labels = [answer.predictions[0] for answer in (ask_estimator(forest, tied), ask_onnx(model, tied, forest.classes_))]
        self.assertEqual(labels, [0, 1])
        self.export(forest, tied, version=2)
        self.assertFalse((Path(self.store) / "model" / "2" / "tests.json").exists(), "no row is good for a self-test")

    def test_covers_are_weighted_counts(self):
        forest = RandomForestClassifier(3, max_depth=3, random_state=0).fit(IRIS.data, IRIS.target)
        model, _ = self.export(forest, IRIS.data)
        attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in model.graph.node[0].attribute}
        expected = np.concatenate([member.tree_.weighted_n_node_samples for member in forest.estimators_])
        np.testing.assert_array_equal(attributes["nodes_hitrates"], expected)

    def test_columns_of_one_feature_share_a_group(self):
        penguins = load_penguins().dropna()
        X, y = penguins[["bill_length_mm", "island", "body_mass_g"]], penguins["species"]
        pipeline = make_pipeline(
            ColumnTransformer([("categories", OneHotEncoder(), ["island"]), ("measures", "passthrough", ["bill_length_mm", "body_mass_g"])]),
            RandomForestClassifier(10, max_depth=4, random_state=0),
        ).fit(X, y)
        model, metadata = self.export(pipeline, X)
        self.assertEqual(metadata["explain"]["column_groups"], [1, 1, 1, 0, 2])
        self.assertEqual([value.name for value in model.graph.input], list(X.columns))
        self.assertAlmostEqual(sum(feature["importance"] for feature in metadata["features"]), 1, 5)

    def test_what_has_no_own_operator_goes_through_the_converter(self):
        network = MLPClassifier((5,), max_iter=50, random_state=0).fit(IRIS.data, IRIS.target)
        _, metadata = self.export(network, IRIS.data)
        self.assertEqual(metadata["explain"]["covers"], "none")

    def test_sets_of_categories_with_holes(self):
        random = np.random.default_rng(0)
        X = pd.DataFrame({
            "kind": pd.Categorical.from_codes(random.integers(-1, 12, 600), list("abcdefghijkl")),
            "size": random.normal(size=600),
        })
        y = (X["kind"].isin(["b", "e", "f", "k"]) ^ (X["size"] > 0.5)).astype(int)
        model, metadata = self.export(LGBMClassifier(n_estimators=20, min_child_samples=5, verbose=-1).fit(X, y), X, features={"kind": {"accepts_missing": True}})
        attributes = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in model.graph.node[0].attribute}
        comparisons = [index for index, mode in enumerate(attributes["nodes_modes"]) if mode == b"BRANCH_EQ"]
        inside = {(attributes["nodes_treeids"][index], attributes["nodes_truenodeids"][index]) for index in comparisons}
        self.assertLess(len(inside), len(comparisons), "a set of categories shares its child")
        self.assertEqual(metadata["features"][0]["categories"], list("abcdefghijkl"))

    def test_probabilities_in_one_output_per_class(self):
        model = LogisticRegression(max_iter=500).fit(IRIS.data, IRIS.target)
        spread = to_onnx(model, IRIS.data.to_numpy(np.float32)[:1], options={id(model): {"zipmap": "columns"}})
        folder = export(model, IRIS.data, store=self.store, name="model", model=spread)
        self.assertEqual(list(json.loads((folder / "metadata.json").read_text())["outputs"]), ["label"])
        cases = json.loads((folder / "tests.json").read_text())["cases"]
        self.assertEqual([list(case["expect"]["probabilities"]) for case in cases], [["0", "1", "2"]] * len(cases))

    def test_a_file_that_disagrees_is_refused(self):
        good = LogisticRegression(max_iter=500).fit(IRIS.data, IRIS.target)
        other = LogisticRegression(max_iter=500, C=0.01).fit(IRIS.data, IRIS.target)
        folder = export(other, IRIS.data, store=self.store, name="other")
        with self.assertRaises(ValueError):
            export(good, IRIS.data, store=self.store, name="model", model=onnx.load(folder / "model.onnx"))

    def test_a_detail_for_a_missing_column_is_refused(self):
        model = LogisticRegression(max_iter=500).fit(IRIS.data, IRIS.target)
        with self.assertRaises(ValueError):
            export(model, IRIS.data, store=self.store, name="model", features={"petal": {"unit": "cm"}})


if __name__ == "__main__":
    unittest.main()
