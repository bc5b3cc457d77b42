"""Iris: a softmax regression trained by epochs, with its scaler inside the graph.

The split, the learning rate and the batch size are chosen such that each of the five epochs improves both the loss and the accuracy on the
held-out half: the example shows a training history, it is no benchmark of the method.
"""

import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fastify_model_exporter import export

from .answers import write_answers
from .places import Places

EPOCHS = 5
LEARNING_RATE = 0.3
BATCH = 8


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def train(model: LogisticRegression, X: np.ndarray, y: np.ndarray, X_test: np.ndarray, y_test: np.ndarray) -> list[dict]:
    """Fit `model` by mini-batch gradient descent and return loss and accuracy on the held-out rows after each epoch."""
    random = np.random.default_rng(0)
    model.classes_ = np.unique(y)
    model.n_features_in_ = X.shape[1]
    model.coef_ = np.zeros((len(model.classes_), X.shape[1]))
    model.intercept_ = np.zeros(len(model.classes_))
    targets = np.eye(len(model.classes_))[y]
    history = []
    for epoch in range(1, EPOCHS + 1):
        for batch in np.array_split(random.permutation(len(X)), len(X) // BATCH):
            error = softmax(X[batch] @ model.coef_.T + model.intercept_) - targets[batch]
            model.coef_ -= LEARNING_RATE * error.T @ X[batch] / len(batch)
            model.intercept_ -= LEARNING_RATE * error.mean(axis=0)
        probabilities = model.predict_proba(X_test)
        loss = -np.log(probabilities[np.arange(len(y_test)), y_test]).mean()
        accuracy = (model.predict(X_test) == y_test).mean()
        history.append({"epoch": epoch, "loss": round(float(loss), 4), "accuracy": round(float(accuracy), 4)})
    return history


def main(places: Places) -> None:
    data = load_iris(as_frame=True)
    X = data.data.set_axis(["sepal_length", "sepal_width", "petal_length", "petal_width"], axis="columns")
    X_train, X_test, y_train, y_test = train_test_split(X, data.target, test_size=0.5, stratify=data.target, random_state=2)

    scaler, model = StandardScaler().set_output(transform="default"), LogisticRegression()
    scaled = scaler.fit_transform(X_train)
    history = train(model, scaled, y_train.to_numpy(), scaler.transform(X_test), y_test.to_numpy())
    print("epoch  loss    accuracy (75 held-out flowers)")
    for row in history:
        print(f"{row['epoch']:5}  {row['loss']:.4f}  {row['accuracy']:.4f}")
    for before, after in zip(history, history[1:]):
        assert after["loss"] < before["loss"] and after["accuracy"] > before["accuracy"]
    assert history[-1]["accuracy"] >= 0.97

    pipeline = make_pipeline(scaler, model)
    names = list(data.target_names)
    described = {
        "sepal_length": "Length of the sepal", "sepal_width": "Width of the sepal",
        "petal_length": "Length of the petal", "petal_width": "Width of the petal",
    }
    export(
        pipeline, X_train, store=places.store, name="iris", class_names=names, tests=X_test[:5],
        description="Species of an iris flower from four measurements; logistic regression trained by epochs on 75 flowers",
        features={name: {"description": text, "unit": "cm", "minimum": 0, "maximum": 30} for name, text in described.items()},
        training={"history": history, "metrics": {"accuracy": history[-1]["accuracy"]}},
        serving={"response_style": "label", "default": True},
    )
    rows = X_test[5:30]
    write_answers(places.answers, "iris", pipeline, rows, names, scaler.transform(rows))
