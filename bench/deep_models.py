"""Write deep networks with random weights into a folder: `python bench/deep_models.py FOLDER`, with the packages of exporters/requirements.txt.

Dense layers, residual convolutions with batch normalisation, and transformer layers, as PyTorch exports them: what ONNX Runtime fuses when it opens a model.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


class Network:
    """A graph that grows node by node."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(0)
        self.nodes, self.weights = [], []

    def weight(self, *shape: int, scale: float = 1.0) -> str:
        return self.constant((self.random.normal(size=shape) * scale).astype(np.float32))

    def constant(self, value) -> str:
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, operator: str, *inputs: str, **attributes) -> str:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def linear(self, x: str, width: int, height: int) -> str:
        return self.add("Add", self.add("MatMul", x, self.weight(width, height, scale=width**-0.5)), self.weight(height))

    def save(self, path: Path, shape: list, last: str) -> None:
        x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
        y = helper.make_tensor_value_info(last, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, path.stem, [x], [y], self.weights)
        onnx.save(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]), path)


def write_dense(path: Path, layers: int, width: int) -> None:
    net, x = Network(), "x"
    for _ in range(layers):
        x = net.add("Relu", net.linear(x, width, width))
    net.save(path, ["N", width], x)


def write_convolutions(path: Path, layers: int, channels: int) -> None:
    net, x, skipped, width = Network(), "x", None, 3
    for layer in range(layers):
        x = net.add("Conv", x, net.weight(channels, width, 3, 3, scale=(width * 9) ** -0.5), pads=[1, 1, 1, 1])
        statistics = [net.constant(np.full(channels, value, np.float32)) for value in (1, 0, 0, 1)]
        x = net.add("BatchNormalization", x, *statistics)
        if layer % 2 == 0 and skipped:
            x = net.add("Add", x, skipped)
        x = net.add("Relu", x)
        skipped, width = x if layer % 2 == 0 else skipped, channels
    net.save(path, ["N", 3, 32, 32], net.add("Flatten", net.add("GlobalAveragePool", x)))


def write_transformer(path: Path, layers: int, width: int, heads: int = 8) -> None:
    net, x = Network(), "x"
    number = lambda value: net.constant(np.float32(value))  # noqa: E731
    split, joined = net.constant(np.array([0, 0, heads, width // heads])), net.constant(np.array([0, 0, width]))

    def normalise(x: str) -> str:
        centred = net.add("Sub", x, net.add("ReduceMean", x, axes=[-1]))
        variance = net.add("ReduceMean", net.add("Pow", centred, number(2)), axes=[-1])
        return net.add("Add", net.add("Mul", net.add("Div", centred, net.add("Sqrt", net.add("Add", variance, number(1e-5)))), net.weight(width)), net.weight(width))

    for _ in range(layers):
        query, key, value = (net.add("Transpose", net.add("Reshape", net.linear(x, width, width), split), perm=[0, 2, 1, 3]) for _ in range(3))
        scores = net.add("Div", net.add("MatMul", query, net.add("Transpose", key, perm=[0, 1, 3, 2])), number((width // heads) ** 0.5))
        mixed = net.add("Transpose", net.add("MatMul", net.add("Softmax", scores, axis=-1), value), perm=[0, 2, 1, 3])
        x = normalise(net.add("Add", net.linear(net.add("Reshape", mixed, joined), width, width), x))
        wide = net.linear(x, width, 4 * width)
        gelu = net.add("Mul", net.add("Mul", wide, net.add("Add", net.add("Erf", net.add("Div", wide, number(2**0.5))), number(1))), number(0.5))
        x = normalise(net.add("Add", net.linear(gelu, 4 * width, width), x))
    net.save(path, ["N", "S", width], x)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write_dense(folder / "dense-200x256.onnx", 200, 256)
    write_convolutions(folder / "convolutions-50x128.onnx", 50, 128)
    write_convolutions(folder / "convolutions-200x64.onnx", 200, 64)
    write_transformer(folder / "transformer-6x384.onnx", 6, 384)
    write_transformer(folder / "transformer-12x768.onnx", 12, 768)
