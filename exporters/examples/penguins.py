"""Palmer penguins: a table of mixed types with missing values, exported by skl2onnx with its defaults.

The file has one input per column, string labels and a ZipMap, as a user's own export has. The data (CC0) is inside the package
`palmerpenguins`; its missing values are the real ones.
"""

import pandas as pd
from palmerpenguins import load_penguins_raw
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import BooleanTensorType, FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from fastify_model_exporter import export

from .answers import write_answers
from .places import Places

CATEGORIES = {"island": "Island", "sex": "Sex"}
MEASURES = {
    "bill_length_mm": "Culmen Length (mm)",
    "bill_depth_mm": "Culmen Depth (mm)",
    "flipper_length_mm": "Flipper Length (mm)",
    "body_mass_g": "Body Mass (g)",
    "delta_15_n": "Delta 15 N (o/oo)",
    "delta_13_c": "Delta 13 C (o/oo)",
}
FEATURES = {
    "island": {"type": "category", "categories": ["Biscoe", "Dream", "Torgersen"], "description": "Island of the nest"},
    "sex": {"type": "category", "categories": ["female", "male", "unknown"], "default": "unknown", "description": "Sex by molecular analysis"},
    "clutch_completion": {"description": "Whether the nest had both of its two eggs"},
    "year": {"description": "Year of the study", "minimum": 2000, "maximum": 2100},
    "bill_length_mm": {"description": "Length of the bill's ridge", "unit": "mm", "accepts_missing": True, "minimum": 0, "maximum": 200},
    "bill_depth_mm": {"description": "Depth of the bill's ridge", "unit": "mm", "accepts_missing": True, "minimum": 0, "maximum": 200},
    "flipper_length_mm": {"description": "Length of the flipper", "unit": "mm", "accepts_missing": True, "minimum": 0, "maximum": 1000},
    "body_mass_g": {"description": "Body mass", "unit": "g", "accepts_missing": True, "minimum": 0, "maximum": 50000},
    "delta_15_n": {"description": "Nitrogen isotope ratio in blood", "unit": "permille", "accepts_missing": True},
    "delta_13_c": {"description": "Carbon isotope ratio in blood", "unit": "permille", "accepts_missing": True},
}


def load() -> tuple[pd.DataFrame, pd.Series]:
    """The raw table under short names, and the species."""
    raw = load_penguins_raw()
    X = pd.DataFrame({
        "island": raw["Island"],
        "sex": raw["Sex"].str.lower().fillna("unknown"),
        "clutch_completion": raw["Clutch Completion"] == "Yes",
        "year": pd.to_datetime(raw["Date Egg"]).dt.year.astype("int64"),
        **{name: raw[column] for name, column in MEASURES.items()},
    })
    return X, raw["Species"].str.split().str[0]


def main(places: Places) -> None:
    X, y = load()
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, stratify=y, random_state=0)
    pipeline = make_pipeline(
        ColumnTransformer([
            ("categories", OneHotEncoder(handle_unknown="ignore"), list(CATEGORIES)),
            ("flags", "passthrough", ["clutch_completion"]),
            ("year", StandardScaler(), ["year"]),
            ("measures", make_pipeline(SimpleImputer(), StandardScaler()), list(MEASURES)),
        ]),
        LogisticRegression(max_iter=1000),
    ).fit(X_train, y_train)

    types = {"island": StringTensorType, "sex": StringTensorType, "clutch_completion": BooleanTensorType, "year": Int64TensorType}
    model = convert_sklearn(
        pipeline, initial_types=[(name, types.get(name, FloatTensorType)([None, 1])) for name in X.columns],
        target_opset={"": 17, "ai.onnx.ml": 3},
    )
    names = pipeline.classes_.tolist()
    holes = X_test[X_test.isna().any(axis="columns") | (X_test["sex"] == "unknown")]
    whole = X_test.drop(holes.index)
    export(
        pipeline, X_train, store=places.store, name="penguins", model=model, features=FEATURES, class_names=names,
        tests=pd.concat([whole[:3], holes[:2]]),
        description="Species of an Antarctic penguin from its island, sex, measurements and blood isotopes",
        training={"metrics": {"accuracy": round(pipeline.score(X_test, y_test), 4)}},
        serving={"response_style": "scalar"},
    )
    write_answers(places.answers, "penguins", pipeline, pd.concat([holes, whole[3:]])[:25], names)
