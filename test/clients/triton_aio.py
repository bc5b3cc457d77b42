"""Triton's asyncio HTTP client: many requests at once, compressed and not."""
import asyncio

import tritonclient.http.aio as http

from support import HTTP, LABELS, ROWS, check, finish


async def main():
    client = http.InferenceServerClient(HTTP)
    check("live", await client.is_server_live())
    check("metadata", (await client.get_model_metadata("iris"))["name"] == "iris")

    async def infer(index):
        tensor = http.InferInput("float_input", list(ROWS.shape), "FP32")
        tensor.set_data_from_numpy(ROWS, binary_data=index % 2 == 0)
        compression = [None, "gzip", "deflate"][index % 3]
        return await client.infer("iris", [tensor], request_id=str(index), request_compression_algorithm=compression, response_compression_algorithm=compression)

    results = await asyncio.gather(*(infer(index) for index in range(60)))
    check("every answer is its own", [r.get_response()["id"] for r in results] == [str(index) for index in range(60)])
    check("labels", all(r.as_numpy("label").tolist() == LABELS for r in results))
    await client.close()


asyncio.run(main())
finish("tritonclient.http.aio")
