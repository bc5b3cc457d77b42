"""Breast cancer: gradient boosted trees, two classes, thirty features."""

from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from fastify_model_exporter import export

from .answers import write_answers
from .places import Places


def main(places: Places) -> None:
    data = load_breast_cancer(as_frame=True)
    described = {name.replace(" ", "_"): name.capitalize() + " of the cell nuclei" for name in data.data.columns}
    X = data.data.set_axis(list(described), axis="columns")
    X_train, X_test, y_train, y_test = train_test_split(X, data.target, test_size=0.25, stratify=data.target, random_state=0)
    model = GradientBoostingClassifier(n_estimators=50, max_depth=3, random_state=0).fit(X_train, y_train)
    names = list(data.target_names)
    features = {name: {"description": text, "minimum": 0} for name, text in described.items()}
    export(
        model, X_train, store=places.store, name="breast-cancer", class_names=names, features=features, tests=X_test[:5],
        description="Malignant or benign, from thirty measurements of cell nuclei in a digitised image of breast tissue",
        training={"metrics": {
            "accuracy": round(model.score(X_test, y_test), 4),
            "roc_auc": round(float(roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])), 4),
        }},
        serving={"response_style": "scalar"},
    )
    write_answers(places.answers, "breast-cancer", model, X_test[5:30], names)
