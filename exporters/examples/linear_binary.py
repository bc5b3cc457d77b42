"""A logistic regression on the flask template's three rows, two classes."""

from sklearn.linear_model import LogisticRegression

from .places import Places
from .template import write_example


def main(places: Places) -> None:
    write_example(places, "linear-binary", LogisticRegression(), [0, 0, 1], "The flask template's example: a logistic regression fitted on three rows")
