"""KServe's Python SDK: REST with protocol v1 and v2, and gRPC. Over REST it has answers compressed and no requests, over gRPC both."""
import asyncio

import grpc
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.inference_client import InferenceGRPCClient

from support import GRPC, HTTP, LABELS, ROWS, check, finish

BASE = f"http://{HTTP}"


def request(binary):
    tensor = InferInput(name="float_input", shape=list(ROWS.shape), datatype="FP32")
    tensor.set_data_from_numpy(ROWS, binary_data=binary)
    return InferRequest(model_name="iris", infer_inputs=[tensor], request_id="k1")


def output(response, name):
    return next(o for o in response.outputs if o.name == name).as_numpy().tolist()


async def main():
    v2 = InferenceRESTClient(RESTConfig(protocol="v2", retries=0))
    check("live", await v2.is_server_live(BASE))
    check("ready", await v2.is_server_ready(BASE))
    check("model ready", await v2.is_model_ready(BASE, "iris"))
    for binary in (True, False):
        for encoding in ("identity", "gzip", "deflate"):
            answered = {}
            response = await v2.infer(BASE, request(binary), model_name="iris", headers={"accept-encoding": encoding}, response_headers=answered)
            what = f"v2 infer, binary {binary}, {encoding}"
            check(what, output(response, "label") == LABELS)
            check(f"{what}, as asked", answered.get("content-encoding", "identity") == encoding)
    try:
        await v2.infer(BASE, request(False), model_name="nobody")
        check("unknown model", False)
    except Exception as error:  # noqa: BLE001, httpx's class
        check("unknown model", "404" in str(error) or "nobody" in str(error))

    v1 = InferenceRESTClient(RESTConfig(protocol="v1", retries=0))
    check("v1 live", await v1.is_server_live(BASE))
    check("v1 model ready", await v1.is_model_ready(BASE, "iris"))
    answer = await v1.infer(BASE, {"instances": ROWS.tolist()}, model_name="iris")
    check("v1 predict", len(answer["predictions"]) == 2)

    for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip, grpc.Compression.Deflate):
        client = InferenceGRPCClient(url=GRPC, channel_args=[("grpc.default_compression_algorithm", compression)])
        check("grpc live", await client.is_server_live())
        check("grpc model ready", await client.is_model_ready("iris"))
        response = await client.infer(request(True))
        check(f"grpc infer, {compression.name}", output(response, "label") == LABELS)
        await client.close()


asyncio.run(main())
finish("kserve")
