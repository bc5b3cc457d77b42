"""The tables of the flask template's examples: three rows, and -1 for every feature that a request leaves out."""

import pandas as pd

from fastify_model_exporter import export

from .answers import write_answers
from .places import Places

COLUMNS = ["feature1", "feature2", "feature3"]
X = pd.DataFrame([[1, 1, 5], [2, 2, 5], [3, 3, 1]], columns=COLUMNS, dtype=float)
UNSEEN = pd.DataFrame([[-1, -1, -1], [3, 3, -1], [2.5, -1, 1], [0, 0, 9]], columns=COLUMNS, dtype=float)


def write_example(places: Places, name: str, estimator, targets: list, description: str) -> None:
    """Fit an estimator on the three rows and export it, with its answers to these and to rows it has not seen."""
    estimator.fit(X, targets)
    export(
        estimator, X, store=places.store, name=name, features={name: {"default": -1} for name in COLUMNS},
        description=description, serving={"response_style": "list"},
    )
    classes = getattr(estimator, "classes_", None)
    write_answers(places.answers, name, estimator, pd.concat([X, UNSEEN]), None if classes is None else [str(label) for label in classes])
