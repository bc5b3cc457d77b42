"""Diabetes: a small random forest that predicts one number."""

from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestRegressor
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import train_test_split

from fastify_model_exporter import export

from .answers import write_answers
from .places import Places

COLUMNS = {
    "age": ("age", {"description": "Age", "unit": "years", "minimum": 0, "maximum": 130}),
    "sex": ("sex", {"description": "Sex as coded in the source, 1 or 2", "type": "integer", "minimum": 1, "maximum": 2}),
    "bmi": ("bmi", {"description": "Body mass index", "unit": "kg/m2", "minimum": 5, "maximum": 100}),
    "bp": ("blood_pressure", {"description": "Average blood pressure", "unit": "mmHg", "minimum": 0, "maximum": 300}),
    "s1": ("total_cholesterol", {"description": "Total serum cholesterol", "unit": "mg/dl", "minimum": 0}),
    "s2": ("ldl", {"description": "Low-density lipoproteins", "unit": "mg/dl", "minimum": 0}),
    "s3": ("hdl", {"description": "High-density lipoproteins", "unit": "mg/dl", "minimum": 0}),
    "s4": ("cholesterol_ratio", {"description": "Total cholesterol divided by HDL", "minimum": 0}),
    "s5": ("log_triglycerides", {"description": "Natural logarithm of serum triglycerides"}),
    "s6": ("glucose", {"description": "Blood sugar", "unit": "mg/dl", "minimum": 0}),
}


def main(places: Places) -> None:
    data = load_diabetes(as_frame=True, scaled=False)
    X = data.data.rename(columns={old: new for old, (new, _) in COLUMNS.items()})
    X_train, X_test, y_train, y_test = train_test_split(X, data.target, test_size=0.25, random_state=0)
    model = RandomForestRegressor(n_estimators=20, max_depth=6, random_state=0).fit(X_train, y_train)
    export(
        model, X_train, store=places.store, name="diabetes", features=dict(COLUMNS.values()), target_names=["progression"], tests=X_test[:5],
        description="Progression of diabetes one year after ten measurements were taken; the source gives it no unit",
        training={"metrics": {
            "r2": round(model.score(X_test, y_test), 4),
            "mean_absolute_error": round(float(mean_absolute_error(y_test, model.predict(X_test))), 2),
        }},
        serving={"response_style": "scalar"},
    )
    write_answers(places.answers, "diabetes", model, X_test[5:30])
