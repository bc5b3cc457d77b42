import { PbfWriter } from 'pbf'

const float = 1
const dims = [3, 224, 224]

/** An ONNX model that takes an image of 3 x 224 x 224 and answers its mean: next to no work on a big input. */
export function buildImageModel () {
  const pbf = new PbfWriter()
  pbf.writeVarintField(1, 8)
  pbf.writeMessage(8, (_, opset) => opset.writeVarintField(2, 13))
  pbf.writeMessage(7, (_, graph) => {
    graph.writeMessage(1, writeNode)
    graph.writeStringField(2, 'image')
    graph.writeMessage(11, writeValue, { name: 'image', shape: dims })
    graph.writeMessage(12, writeValue, { name: 'mean', shape: [] })
  })
  return pbf.finish()
}

/** A record for it, about 2 MB as JSON. */
export function buildImage () {
  const [channels, height, width] = dims
  const pixel = (index) => Math.fround(Math.abs(Math.sin(index))).toFixed(11)
  return { image: Array.from({ length: channels }, (_, c) => Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => Number(pixel((c * height + y) * width + x))))) }
}

function writeNode (_, node) {
  node.writeStringField(1, 'image')
  node.writeStringField(2, 'mean')
  node.writeStringField(4, 'ReduceMean')
  node.writeMessage(5, (_, attribute) => {
    attribute.writeStringField(1, 'axes')
    for (const axis of [1, 2, 3]) attribute.writeVarintField(8, axis)
    attribute.writeVarintField(20, 7)
  })
  node.writeMessage(5, (_, attribute) => {
    attribute.writeStringField(1, 'keepdims')
    attribute.writeVarintField(3, 0)
    attribute.writeVarintField(20, 2)
  })
}

function writeValue ({ name, shape }, value) {
  value.writeStringField(1, name)
  value.writeMessage(2, (_, type) => {
    type.writeMessage(1, (_, tensor) => {
      tensor.writeVarintField(1, float)
      tensor.writeMessage(2, (_, tensorShape) => {
        tensorShape.writeMessage(1, (_, dim) => dim.writeStringField(2, 'N'))
        for (const size of shape) tensorShape.writeMessage(1, (_, dim) => dim.writeVarintField(1, size))
      })
    })
  })
}
