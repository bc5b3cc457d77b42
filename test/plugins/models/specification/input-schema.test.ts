import t from 'tap'
import { ConfigError } from '../../../../config.js'
import { parseInputSchema } from '../../../../plugins/models/specification/input-schema.js'

t.test('short and long names of types are understood', async (t) => {
  t.same(parseInputSchema('{"a":"int","b":"float","c":"str","d":"bool"}'), [{ name: 'a', type: 'integer' }, { name: 'b', type: 'numeric' }, { name: 'c', type: 'string' }, { name: 'd', type: 'boolean' }])
  t.same(parseInputSchema('{"a":"number","b":"integer","c":"numeric","d":"string","e":"boolean"}').map(({ type }) => type), ['numeric', 'integer', 'numeric', 'string', 'boolean'])
})

t.test('columns have the order of the text, also where their names are numbers or hold quotes', async (t) => {
  const names = (text: string) => parseInputSchema(text).map(({ name }) => name)
  t.same(names('{"10":"int","2":"int","b":"int","1":"int"}'), ['10', '2', 'b', '1'])
  t.same(names('{\n "a\\":\\"int" : "int",\t"\\u00e9": "int", "{}": "int"}'), ['a":"int', 'é', '{}'])
})

t.test('what is no schema is told in one line', async (t) => {
  for (const [text, message] of [
    ['{', 'INPUT_SCHEMA must be a JSON object such as {"age":"int"}, got {'],
    ['{\n "a": 1\n}', 'INPUT_SCHEMA must be a JSON object such as {"age":"int"}, got { "a": 1 }'],
    ...['{}', '[]', 'null', '7', '"int"', ' ', '{"a":{}}', '{"a":null}'].map((text) => [text, `INPUT_SCHEMA must be a JSON object such as {"age":"int"}, got ${text}`] as const),
    ['{"age":"money"}', "INPUT_SCHEMA: age: 'money' is no type; it is one of int, float, str, bool"],
    ['{"age":"category"}', "INPUT_SCHEMA: age: 'category' is no type; it is one of int, float, str, bool"],
    ['{"age":"constructor"}', "INPUT_SCHEMA: age: 'constructor' is no type; it is one of int, float, str, bool"],
    ['{"a":"int","b":"int","a":"float"}', "INPUT_SCHEMA: 'a' is there twice"],
    ['{"":"int"}', "INPUT_SCHEMA: no feature may be called ''"],
    ['{"_data":"int"}', "INPUT_SCHEMA: no feature may be called '_data'"],
    ['{"__proto__":"int"}', "INPUT_SCHEMA: no feature may be called '__proto__'"]
  ] as const) t.throws(() => parseInputSchema(text), { constructor: ConfigError, message }, text)
})
