/**
 * Gives memory back at once; the bytes are gone then. Left to the garbage collector, the buffers of big bodies and answers
 * make it mark the whole heap every thirty requests, which costs more than all the rest of such a request. What does not
 * fill its buffer shares it with others, and is left alone.
 */
export function freeMemory ({ buffer, byteLength }: Uint8Array): void {
  if (byteLength > 0 && byteLength === buffer.byteLength && buffer instanceof ArrayBuffer) buffer.transfer(0)
}
