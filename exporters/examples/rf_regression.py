"""A random forest on the flask template's three rows that predicts a number."""

from sklearn.ensemble import RandomForestRegressor

from .places import Places
from .template import write_example


def main(places: Places) -> None:
    write_example(
        places, "rf-regression", RandomForestRegressor(random_state=0), [50, 20, 5],
        "The flask template's example: a random forest fitted on three rows that predicts a number",
    )
