"""Write an int8 variant of a version as another version: `python quantize.py ../model-store/digits/1 ../model-store/digits/2`.

Weights become int8; only layers made of matrix products gain by it. What flows between them is quantised by the range that it has in each
run, so that a row's answer depends a little on the rows beside it; with --calibrated by the range that it had for the background rows, so
that it does not. Metadata and background rows are copied, and the tests too, with the tolerance that the variant may take.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_dynamic, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process


class Background(CalibrationDataReader):
    """The background rows of a version, one after the other, as the only input of its model."""

    def __init__(self, version: Path):
        name = json.loads((version / "metadata.json").read_text()).get("input")
        if name is None:
            raise ValueError("metadata.json names no input: only models of one input of numbers can be calibrated")
        rows = json.loads((version / "background.json").read_text())["rows"]
        self.feeds = iter([{name: np.array([row], dtype=np.float32)} for row in rows])

    def get_next(self):
        return next(self.feeds, None)


def quantize(source: Path, target: Path, tolerance: float = 0.05, calibrated: bool = False) -> None:
    """Quantise `source/model.onnx` into the folder `target`, which must not exist yet. `calibrated` needs one input of numbers, metadata and background rows."""
    with tempfile.TemporaryDirectory() as folder:
        prepared, quantized = Path(folder) / "prepared.onnx", Path(folder) / "model.onnx"
        quant_pre_process(source / "model.onnx", prepared, skip_symbolic_shape=True)
        # Seven bits: eight overflow where the processor adds products in 16 bits, and then answers depend on the machine.
        settings = {"weight_type": QuantType.QInt8, "reduce_range": True}
        if calibrated:
            quantize_static(prepared, quantized, Background(source), op_types_to_quantize=["MatMul", "Gemm", "Conv"], **settings)
        else:
            quantize_dynamic(prepared, quantized, **settings)
        target.mkdir(parents=True)
        shutil.copy(quantized, target / "model.onnx")
    for name in ("metadata.json", "background.json"):
        if (source / name).exists():
            shutil.copy(source / name, target / name)
    if (source / "tests.json").exists():
        tests = json.loads((source / "tests.json").read_text())
        (target / "tests.json").write_text(json.dumps(tests | {"tolerance": tolerance}, ensure_ascii=False) + "\n")
    before, after = ((folder / "model.onnx").stat().st_size for folder in (source, target))
    print(f"{target}: {after} bytes of {before}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write an int8 variant of a version as another version.")
    parser.add_argument("source", type=Path, help="version folder with the model")
    parser.add_argument("target", type=Path, help="version folder to write")
    parser.add_argument("--tolerance", type=float, default=0.05, help="of tests.json, by default 0.05")
    parser.add_argument("--calibrated", action="store_true", help="take ranges from background.json")
    options = parser.parse_args()
    try:
        quantize(options.source, options.target, options.tolerance, options.calibrated)
    except (OSError, ValueError) as error:
        sys.exit(f"not quantised: {error}")
