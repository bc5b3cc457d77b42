"""Triton's asyncio HTTP client: many requests at once, compression, errors, repository and statistics."""
import asyncio

import numpy as np
import tritonclient.http.aio as http

from support import HTTP, LABELS, ROWS, check, fails, finish


async def main():
    client = http.InferenceServerClient(HTTP)
    check("live", await client.is_server_live())
    check("ready", await client.is_server_ready())
    check("model ready", await client.is_model_ready("iris"))
    check("server metadata", "binary_tensor_data" in (await client.get_server_metadata())["extensions"])
    check("metadata", (await client.get_model_metadata("iris"))["name"] == "iris")
    check("model configuration", (await client.get_model_config("iris"))["name"] == "iris")

    async def infer(model="iris", rows=ROWS, binary=True, compression=None, **options):
        tensor = http.InferInput("float_input", list(rows.shape), "FP32")
        tensor.set_data_from_numpy(rows, binary_data=binary)
        return await client.infer(model, [tensor], request_compression_algorithm=compression, response_compression_algorithm=compression, **options)

    for compression in (None, "gzip", "deflate"):
        for binary in (True, False):
            result = await infer(binary=binary, compression=compression)
            check(f"labels, binary {binary}, {compression}", result.as_numpy("label").tolist() == LABELS)
    results = await asyncio.gather(*(infer(binary=index % 2 == 0, compression=[None, "gzip", "deflate"][index % 3], request_id=str(index)) for index in range(60)))
    check("every answer is its own", [r.get_response()["id"] for r in results] == [str(index) for index in range(60)])
    check("labels of all", all(r.as_numpy("label").tolist() == LABELS for r in results))

    check("unknown model", await fails(infer("nobody"), "nobody"))
    check("wrong shape", await fails(infer(rows=np.zeros((1, 3), np.float32)), "unexpected shape"))

    check("index", {m["name"]: m["state"] for m in await client.get_model_repository_index()}["iris"] == "READY")
    await client.unload_model("diabetes")
    check("unloaded", not await client.is_model_ready("diabetes"))
    await client.load_model("diabetes")
    check("loaded again", await client.is_model_ready("diabetes"))
    check("load of the unknown", await fails(client.load_model("nobody"), "nobody"))
    statistics = (await client.get_inference_statistics("iris"))["model_stats"][0]
    check("statistics", statistics["inference_count"] >= 2 * len(results) and statistics["inference_stats"]["success"]["count"] > 0)
    await client.close()


asyncio.run(main())
finish("tritonclient.http.aio")
