import { PbfWriter } from 'pbf'

const float = 1
const opsetVersion = 13
const attributeTypes = { integer: 2, integers: 7 }

/**
 * The bytes of an ONNX model of one operator with one FP32 input and one FP32 output, `{ name, shape }` each. Sizes that are text are symbolic;
 * attributes are an integer or a list of integers by name.
 */
export function buildModel ({ operator, attributes = {}, input, output }) {
  const pbf = new PbfWriter()
  pbf.writeVarintField(1, 8)
  pbf.writeMessage(8, (_, opset) => opset.writeVarintField(2, opsetVersion))
  pbf.writeMessage(7, (_, graph) => {
    graph.writeMessage(1, (_, node) => {
      node.writeStringField(1, input.name)
      node.writeStringField(2, output.name)
      node.writeStringField(4, operator)
      for (const attribute of Object.entries(attributes)) node.writeMessage(5, writeAttribute, attribute)
    })
    graph.writeStringField(2, operator)
    graph.writeMessage(11, writeValue, input)
    graph.writeMessage(12, writeValue, output)
  })
  return pbf.finish()
}

function writeAttribute ([name, value], attribute) {
  attribute.writeStringField(1, name)
  if (Array.isArray(value)) {
    for (const item of value) attribute.writeVarintField(8, item)
    attribute.writeVarintField(20, attributeTypes.integers)
  } else {
    attribute.writeVarintField(3, value)
    attribute.writeVarintField(20, attributeTypes.integer)
  }
}

function writeValue ({ name, shape }, value) {
  value.writeStringField(1, name)
  value.writeMessage(2, (_, type) => {
    type.writeMessage(1, (_, tensor) => {
      tensor.writeVarintField(1, float)
      tensor.writeMessage(2, (_, tensorShape) => {
        for (const size of shape) tensorShape.writeMessage(1, writeSize, size)
      })
    })
  })
}

function writeSize (size, dim) {
  if (typeof size === 'string') dim.writeStringField(2, size)
  else dim.writeVarintField(1, size)
}
