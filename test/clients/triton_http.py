"""Triton's synchronous HTTP client against the server."""
import numpy as np
import tritonclient.http as http

from support import HTTP, LABELS, ROWS, check, finish, raises

client = http.InferenceServerClient(HTTP)

check("live", client.is_server_live())
check("ready", client.is_server_ready())
check("model ready", client.is_model_ready("iris") and client.is_model_ready("iris", "1"))
check("unknown model not ready", not client.is_model_ready("nobody"))
metadata = client.get_server_metadata()
check("server metadata", "binary_tensor_data" in metadata["extensions"])
model = client.get_model_metadata("iris")
check("model metadata", model["platform"] == "onnxruntime_onnx" and model["inputs"][0]["shape"] == [-1, 4] and model["versions"] == ["1"])
config = client.get_model_config("iris")
check("model configuration", config["input"][0]["data_type"] == "TYPE_FP32" and config["name"] == "iris")


def infer(binary_in=True, binary_out=True, rows=ROWS, **options):
    tensor = http.InferInput("float_input", list(rows.shape), "FP32")
    tensor.set_data_from_numpy(rows, binary_data=binary_in)
    outputs = [http.InferRequestedOutput(name, binary_data=binary_out) for name in ("probabilities", "label")]
    return client.infer("iris", [tensor], outputs=outputs, **options)


reference = infer().as_numpy("probabilities")
for binary_in in (True, False):
    for binary_out in (True, False):
        for compression in (None, "gzip", "deflate"):
            result = infer(binary_in, binary_out, request_compression_algorithm=compression, response_compression_algorithm=compression)
            what = f"binary in {binary_in}, out {binary_out}, {compression}"
            check(f"labels, {what}", result.as_numpy("label").tolist() == LABELS)
            check(f"probabilities, {what}", np.allclose(result.as_numpy("probabilities"), reference, atol=1e-6))
check("request id", infer(request_id="abc").get_response()["id"] == "abc")
check("version", infer(model_version="1").get_response()["model_version"] == "1")
check("no rows", infer(rows=np.zeros((0, 4), np.float32)).as_numpy("label").shape == (0,))
one = http.InferInput("float_input", [1, 4], "FP32").set_data_from_numpy(ROWS[:1])
named = [output["name"] for output in client.infer("iris", [one]).get_response()["outputs"]]
check("no outputs named", named == ["label", "probabilities"])
top = http.InferRequestedOutput("probabilities", class_count=2)
tensor = http.InferInput("float_input", [2, 4], "FP32").set_data_from_numpy(ROWS)
classes = client.infer("iris", [tensor], outputs=[top]).as_numpy("probabilities")
check("classification", classes.shape == (2, 2) and classes[0][0].decode().endswith(":0:setosa"))

check("unknown model", raises(lambda: client.infer("nobody", [tensor]), "nobody"))
check("wrong shape", raises(lambda: infer(rows=np.zeros((1, 3), np.float32)), "unexpected shape"))
wrong = http.InferInput("float_input", [1, 4], "FP64").set_data_from_numpy(np.zeros((1, 4)))
check("wrong datatype", raises(lambda: client.infer("iris", [wrong]), "expects 'FP32'"))
check("unknown output", raises(lambda: client.infer("iris", [tensor], outputs=[http.InferRequestedOutput("nothing")]), "unexpected inference output"))

strings = client.get_model_metadata("penguins")
check("string inputs", {i["name"]: i["datatype"] for i in strings["inputs"]}["island"] == "BYTES")

check("index", {m["name"]: m["state"] for m in client.get_model_repository_index()}["iris"] == "READY")
client.unload_model("diabetes")
check("unloaded", not client.is_model_ready("diabetes"))
client.load_model("diabetes")
check("loaded again", client.is_model_ready("diabetes"))
check("load of the unknown", raises(lambda: client.load_model("nobody"), "nobody"))
statistics = client.get_inference_statistics("iris")["model_stats"][0]
check("statistics", statistics["inference_count"] >= 2 and statistics["inference_stats"]["success"]["count"] > 0)
finish("tritonclient.http")
