"""A random forest on the flask template's three rows, one class each: what the template calls multilabel has more than two classes."""

from sklearn.ensemble import RandomForestClassifier

from .places import Places
from .template import write_example


def main(places: Places) -> None:
    write_example(
        places, "rf-multilabel", RandomForestClassifier(random_state=0), [0, 2, 1],
        "The flask template's example: a random forest fitted on three rows of three classes",
    )
