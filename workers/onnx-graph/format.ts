/** Files that people put where a model belongs; each by the bytes it starts with (or holds at `offset`). */
const foreign: { magic: string, offset?: number, is: string }[] = [
  { magic: 'PK\x03\x04', is: 'it is a zip archive, such as a PyTorch checkpoint (.pt) or a Keras model; export the model to ONNX' },
  { magic: '\x89HDF\r\n', is: 'it is an HDF5 file, such as a Keras model (.h5); convert the model to ONNX' },
  { magic: '\x1f\x8b', is: 'it is gzip-compressed; unpack it first' },
  { magic: '\x78\x9c', is: 'it is zlib-compressed, as joblib writes pickles; pickles are never loaded, convert the model to ONNX' },
  { magic: 'version https://git-lfs', is: 'it is a Git LFS pointer; fetch the real file with git lfs pull' },
  { magic: 'ORTM', offset: 4, is: 'it is in the ORT format; use the .onnx file it was made from' },
  { magic: 'TFL3', offset: 4, is: 'it is a TensorFlow Lite file; convert the model to ONNX' },
  { magic: '{', is: 'it is a JSON file, such as a model saved by XGBoost; convert the model to ONNX' },
  { magic: '<', is: 'it is an HTML or XML file' }
]

/** What a file that is no ONNX model seems to be, as half a sentence; undefined when it may well be ONNX. */
export function recognise (bytes: Uint8Array): string | undefined {
  const [first, protocol] = bytes
  if (first === 0x80 && protocol !== undefined && protocol >= 2 && protocol <= 5) {
    return 'it is a Python pickle (pickle, joblib or torch.save); pickles are never loaded, convert the model to ONNX'
  }
  const head = String.fromCharCode(...bytes.subarray(0, 32))
  return foreign.find(({ magic, offset = 0 }) => head.startsWith(magic, offset))?.is
}

/** The first bytes of a file for a message: as text in quotes, up to the end of a line, where they are text, else in hexadecimal digits. */
export function quoteBeginning (bytes: Uint8Array): string {
  const head = bytes.subarray(0, 16)
  const [line = ''] = String.fromCharCode(...head).trim().split(/[\r\n]/)
  return /^[\t\x20-\x7e]+$/.test(line) ? JSON.stringify(line) : `the bytes ${[...head.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`
}
