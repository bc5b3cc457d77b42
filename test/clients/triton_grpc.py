"""Triton's gRPC client: unary, streaming, errors, repository and statistics."""
import queue

import numpy as np
import tritonclient.grpc as grpc

from support import GRPC, LABELS, ROWS, check, finish, raises

client = grpc.InferenceServerClient(GRPC)

check("live", client.is_server_live())
check("ready", client.is_server_ready())
check("model ready", client.is_model_ready("iris"))
check("server metadata", "binary_tensor_data" in client.get_server_metadata().extensions)
model = client.get_model_metadata("iris")
check("model metadata", list(model.inputs[0].shape) == [-1, 4] and model.platform == "onnxruntime_onnx")
check("model configuration", client.get_model_config("iris").config.name == "iris")


def request(rows=ROWS):
    tensor = grpc.InferInput("float_input", list(rows.shape), "FP32")
    tensor.set_data_from_numpy(rows)
    return [tensor]


result = client.infer("iris", request(), request_id="g1")
check("labels", result.as_numpy("label").tolist() == LABELS)
check("probabilities", np.allclose(result.as_numpy("probabilities").sum(axis=1), 1, atol=1e-5))
check("request id", result.get_response().id == "g1")
check("version", client.infer("iris", request(), model_version="1").as_numpy("label").tolist() == LABELS)
check("timeout given", client.infer("iris", request(), client_timeout=5).as_numpy("label").tolist() == LABELS)
for compression in ("gzip", "deflate"):
    check(compression, client.infer("iris", request(), compression_algorithm=compression).as_numpy("label").tolist() == LABELS)
check("unknown model", raises(lambda: client.infer("nobody", request()), "NOT_FOUND"))
check("wrong shape", raises(lambda: client.infer("iris", request(np.zeros((1, 3), np.float32))), "INVALID_ARGUMENT"))

answers = queue.Queue()
client.start_stream(lambda result, error: answers.put((result, error)))
for index in range(20):
    client.async_stream_infer("iris", request(), request_id=str(index))
client.async_stream_infer("nobody", request())
received = [answers.get(timeout=10) for _ in range(21)]
client.stop_stream()
good = [result for result, error in received if error is None]
check("stream answers", sorted(int(r.get_response().id) for r in good) == list(range(20)))
check("stream error", sum(error is not None for _, error in received) == 1)

check("index", any(m.name == "iris" and m.state == "READY" for m in client.get_model_repository_index().models))
client.unload_model("diabetes")
check("unloaded", not client.is_model_ready("diabetes"))
client.load_model("diabetes")
check("loaded again", client.is_model_ready("diabetes"))
statistics = client.get_inference_statistics("iris").model_stats[0]
check("statistics", statistics.inference_count > 0 and statistics.inference_stats.success.count > 0)
finish("tritonclient.grpc")
