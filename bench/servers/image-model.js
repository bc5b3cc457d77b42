import { buildModel } from './onnx.js'

const dims = [3, 224, 224]
const input = { name: 'image', shape: ['N', ...dims] }

/** An ONNX model that takes an image of 3 x 224 x 224 and answers its mean: next to no work on a big input. */
export function buildImageModel () {
  return buildModel({ operator: 'ReduceMean', attributes: { axes: [1, 2, 3], keepdims: 0 }, input, output: { name: 'mean', shape: ['N'] } })
}

/** An ONNX model that takes the same image and answers it as it is. */
export function buildImageIdentity () {
  return buildModel({ operator: 'Identity', input, output: { ...input, name: 'same' } })
}

/** A record for both, about 2 MB as JSON. */
export function buildImage () {
  const [channels, height, width] = dims
  const pixel = (index) => Math.fround(Math.abs(Math.sin(index))).toFixed(11)
  return { image: Array.from({ length: channels }, (_, c) => Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => Number(pixel((c * height + y) * width + x))))) }
}

/** The same image as a tensor of the Open Inference Protocol. */
export function buildImageTensor () {
  return { name: input.name, shape: [1, ...dims], data: buildImage().image.flat(2) }
}
