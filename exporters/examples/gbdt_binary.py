"""Gradient boosted trees of LightGBM with a category, and with values that may be missing.

The features are those of the flask template's LightGBM example; its three rows are too few for a tree to split, so the table is larger here.
"""

import itertools

import pandas as pd
from lightgbm import LGBMClassifier

from fastify_model_exporter import export

from .answers import write_answers
from .places import Places

LEVELS = [1.0, 2.0, 3.0, 4.0, 5.0, None]
CATEGORIES = ["A", "B", "C"]
FEATURES = {
    "feature1": {"accepts_missing": True},
    "feature2": {"default": -1},
    "feature3": {"accepts_missing": True},
}


def make_table(first: list, second: list, categories: list) -> pd.DataFrame:
    """Every combination, with its values as LightGBM takes them."""
    table = pd.DataFrame(itertools.product(first, second, categories), columns=list(FEATURES))
    return table.astype({"feature1": float, "feature2": float, "feature3": pd.CategoricalDtype(CATEGORIES)})


def main(places: Places) -> None:
    X = make_table(LEVELS, LEVELS[:-1], CATEGORIES + [None])
    y = ((X["feature1"] > X["feature2"]) ^ (X["feature3"] == "B")).astype(int)
    model = LGBMClassifier(n_estimators=20, min_child_samples=5, random_state=0, verbose=-1).fit(X, y)
    export(
        model, X, store=places.store, name="gbdt-binary", features=FEATURES,
        description="Gradient boosted trees on two numbers and a category, of which some may be missing",
        serving={"response_style": "list"},
    )
    write_answers(places.answers, "gbdt-binary", model, make_table([-1, 2.5, None], [-1, 3.5], CATEGORIES + [None]), ["0", "1"])
