import t from 'tap'
import { chooseType } from '../../routes/accept.js'

const types = ['text/plain', 'application/json', 'text/html'] as const

t.test('the type that the header likes best is chosen', async (t) => {
  const cases: [string | undefined, string | undefined][] = [
    [undefined, 'text/plain'], ['', 'text/plain'], [' ', 'text/plain'], ['*/*', 'text/plain'], ['text/*', 'text/plain'],
    ['application/*', 'application/json'], ['APPLICATION/JSON', 'application/json'], ['application/json;charset=utf-8', 'application/json'],
    ['application/json, text/plain', 'application/json'], ['application/json;q=0.5, text/plain', 'text/plain'],
    ['*/*, application/json', 'application/json'], ['*/*, application/json;q=0.9', 'text/plain'], ['text/*, application/*', 'text/plain'],
    ['text/html, text/plain;q=0.9, */*;q=0.1', 'text/html'], ['*/*;q=0.5, text/plain;q=0', 'application/json'], ['text/*;q=0, */*', 'application/json']
  ]
  for (const [accept, type] of cases) t.equal(chooseType(accept, types), type, accept ?? 'no wish')
})

t.test('none is chosen where the header takes none', async (t) => {
  for (const accept of ['image/png', 'text/plain2', 'xtext/plain', '*/*;q=0', 'text/plain;q=0, image/*', 'text/plain;q=x', 'json', ',,;']) {
    t.equal(chooseType(accept, types), undefined, accept)
  }
})
