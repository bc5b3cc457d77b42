"""The binary example of the flask template: a random forest on three rows, every feature -1 unless given."""

import pandas as pd
from sklearn.ensemble import RandomForestClassifier

from fastify_model_exporter import export

from .fixtures import write_fixture
from .places import STORE


def main() -> None:
    X = pd.DataFrame([[1, 1, 5], [2, 2, 5], [3, 3, 1]], columns=["feature1", "feature2", "feature3"], dtype=float)
    model = RandomForestClassifier(random_state=0).fit(X, [0, 0, 1])
    export(
        model, X, store=STORE, name="template-rf", features={name: {"default": -1} for name in X.columns},
        description="The flask template's example: a random forest fitted on three rows",
        serving={"response_style": "list"},
    )
    defaults = pd.DataFrame([[-1, -1, -1], [3, 3, -1], [2.5, -1, 1], [0, 0, 9]], columns=X.columns, dtype=float)
    write_fixture("template-rf", model, pd.concat([X, defaults]), ["0", "1"])


if __name__ == "__main__":
    main()
