"""A random forest on the flask template's three rows, two classes."""

from sklearn.ensemble import RandomForestClassifier

from .places import Places
from .template import write_example


def main(places: Places, name: str = "rf-binary") -> None:
    write_example(places, name, RandomForestClassifier(random_state=0), [0, 0, 1], "The flask template's example: a random forest fitted on three rows")
