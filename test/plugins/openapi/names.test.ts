import t from 'tap'
import { Names, pascalCase } from '../../../plugins/openapi/names.js'

t.test('A model name becomes one identifier', async (t) => {
  t.equal(pascalCase('iris'), 'Iris')
  t.equal(pascalCase('breast-cancer'), 'BreastCancer')
  t.equal(pascalCase('a.b_c--D2'), 'ABCD2')
  t.equal(pascalCase('7up'), 'Model7up')
})

t.test('Names that are equal or differ in case alone are numbered', async (t) => {
  const names = new Names()
  t.strictSame(['AB', 'Ab', 'AB2', 'AB', 'C'].map((name) => names.take(name)), ['AB', 'Ab2', 'AB22', 'AB3', 'C'])
})
