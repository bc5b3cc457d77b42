"""From estimator to ONNX model: our own last node where it says more than the converters, skl2onnx for everything before it."""

from dataclasses import dataclass

import pandas as pd
from onnx import ModelProto, TensorProto, helper
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from .operators import linear_node, tree_node
from .trees import read_trees

OPSETS = {"": 17, "ai.onnx.ml": 3}
IR_VERSION = 8
MATRIX_INPUT = "float_input"
MODEL_OPERATORS = ("TreeEnsembleClassifier", "TreeEnsembleRegressor", "LinearClassifier", "LinearRegressor")


@dataclass
class Conversion:
    """An ONNX model and what is known about its inside."""

    model: ModelProto
    covers: str
    """`nodes_hitrates` when the tree node carries covers, else `none`."""


def split_pipeline(estimator) -> tuple[Pipeline | None, object]:
    """Preprocessing (None when there is none) and the model at the end."""
    if not isinstance(estimator, Pipeline):
        return None, estimator
    steps = [step for step in estimator.steps if step[1] not in (None, "passthrough")]
    return (Pipeline(steps[:-1]) if len(steps) > 1 else None), steps[-1][1]


def takes_columns(estimator, frame: pd.DataFrame) -> bool:
    """True when the graph gets one input per column: the table is of mixed types, or the pipeline picks columns by name.

    A category that reaches the model itself is a number, its position in the categories.
    """
    preprocessing, _ = split_pipeline(estimator)
    numbers = all(
        pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind) or (preprocessing is None and isinstance(kind, pd.CategoricalDtype))
        for kind in frame.dtypes
    )
    picks = preprocessing is not None and isinstance(preprocessing.steps[0][1], ColumnTransformer)
    return picks or not numbers


def convert(estimator, frame: pd.DataFrame) -> Conversion:
    """Convert a fitted estimator or pipeline. Raises ValueError when neither our operators nor skl2onnx can express it."""
    preprocessing, final = split_pipeline(estimator)
    classifier = hasattr(final, "classes_")
    outputs = ["label", "probabilities"] if classifier else ["value"]
    ensemble = read_trees(final)
    source = MATRIX_INPUT
    nodes, inputs, initializers = [], [_matrix(MATRIX_INPUT, frame.shape[1])], []
    if preprocessing is not None:
        before = _convert_with_skl2onnx(preprocessing, estimator, frame).graph
        nodes, inputs, initializers, source = list(before.node), list(before.input), list(before.initializer), before.output[0].name

    last = tree_node(ensemble, source, outputs) if ensemble is not None else linear_node(final, source, outputs)
    if last is None:
        return Conversion(_convert_with_skl2onnx(estimator, estimator, frame), "none")
    graph = helper.make_graph(nodes + [last], type(final).__name__, inputs, _outputs(final, outputs), initializers)
    model = helper.make_model(
        graph, ir_version=IR_VERSION, producer_name="fastify-model-exporter",
        opset_imports=[helper.make_opsetid(domain, version) for domain, version in OPSETS.items()],
    )
    return Conversion(model, "nodes_hitrates" if ensemble is not None else "none")


def model_input(model: ModelProto) -> str | None:
    """Name of the tensor that reaches the tree or linear node, None when the graph has no such node or several."""
    names = [node.input[0] for node in model.graph.node if node.op_type in MODEL_OPERATORS]
    return names[0] if len(names) == 1 else None


def _matrix(name: str, width: int):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, width])


def _outputs(final, names: list[str]) -> list:
    if len(names) == 1:
        return [_matrix(names[0], 1)]
    kind = TensorProto.INT64 if final.classes_.dtype.kind in "iub" else TensorProto.STRING
    return [helper.make_tensor_value_info(names[0], kind, [None]), _matrix(names[1], len(final.classes_))]


def _convert_with_skl2onnx(part, estimator, frame: pd.DataFrame) -> ModelProto:
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType

    if takes_columns(estimator, frame):
        types = [(name, _column_type(frame[name].dtype)) for name in frame.columns]
    else:
        types = [(MATRIX_INPUT, FloatTensorType([None, frame.shape[1]]))]
    final = split_pipeline(part)[1]
    options = {id(final): {"zipmap": False}} if hasattr(final, "classes_") else None
    return convert_sklearn(part, initial_types=types, target_opset=OPSETS, options=options)


def _column_type(kind):
    from skl2onnx.common.data_types import BooleanTensorType, FloatTensorType, Int64TensorType, StringTensorType

    if pd.api.types.is_bool_dtype(kind):
        return BooleanTensorType([None, 1])
    if pd.api.types.is_integer_dtype(kind):
        return Int64TensorType([None, 1])
    return FloatTensorType([None, 1]) if pd.api.types.is_float_dtype(kind) else StringTensorType([None, 1])
