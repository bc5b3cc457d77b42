import { availableParallelism } from 'node:os'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ConfigError, ConfigSchema, countWorkers, loadConfig } from '../config.js'

t.test('without an environment everything has its default', async (t) => {
  t.match(loadConfig({}), { HOST: '127.0.0.1', PORT: 8080, GRPC_PORT: 8081, MODEL_STORE: 'model-store', WORKERS: 'auto', BODY_LIMIT: 16 * 1024 * 1024, BATCH_MAX: 100, MAX_ROWS: 1000, LOG_LEVEL: 'info', HEALTH_STYLE: 'negotiate', WATCH: false, REPOSITORY_CONTROL: false })
  t.notOk('MODEL_PATH' in loadConfig({}))
  t.notOk('DEFAULT_MODEL' in loadConfig({ DEFAULT_MODEL: '', MODEL_PATH: '' }), 'an empty variable is one that is not set')
})

t.test('variables are read as what they are', async (t) => {
  t.match(loadConfig({ PORT: '0', HOST: '0.0.0.0', WATCH: 'true', DEBUG: '1', REPOSITORY_CONTROL: 'false', SERVER_TIMING: '0', PROT: '1', PATH: '/bin' }), { PORT: 0, HOST: '0.0.0.0', WATCH: true, DEBUG: true, REPOSITORY_CONTROL: false, SERVER_TIMING: false })
  t.notOk('PROT' in loadConfig({ PROT: '1' }))
  t.equal(loadConfig({ MODEL_NAME: 'old' }).DEFAULT_MODEL, 'old')
  t.equal(loadConfig({ MODEL_NAME: 'old', DEFAULT_MODEL: 'new' }).DEFAULT_MODEL, 'new')
  t.equal(loadConfig({ MODEL_NAME: 'old', DEFAULT_MODEL: '' }).DEFAULT_MODEL, 'old')
})

t.test('a setting that cannot be used is told in one line', async (t) => {
  for (const [env, message] of [
    [{ PORT: 'abc' }, /^PORT must be an integer from 0 to 65535, got "abc"$/],
    [{ PORT: '80.5' }, /^PORT must be an integer from 0 to 65535, got "80\.5"$/],
    [{ PORT: '-1' }, /^PORT must be an integer from 0 to 65535, got "-1"$/],
    [{ PORT: ' ' }, /^PORT must be an integer from 0 to 65535, got " "$/],
    [{ PORT: '0x10' }, /^PORT must be an integer from 0 to 65535, got "0x10"$/],
    [{ PORT: '1e3' }, /^PORT must be an integer from 0 to 65535, got "1e3"$/],
    [{ PORT: '9', GRPC_PORT: '9' }, /^GRPC_PORT must be another port than PORT, got 9 for both$/],
    [{ WATCH: ' ' }, /^WATCH must be true or false, got " "$/],
    [{ PORT: '65536' }, /^PORT must be an integer from 0 to 65535, got "65536"$/],
    [{ BATCH_MAX: '0' }, /^BATCH_MAX must be an integer from 1 to 2147483647, got "0"$/],
    [{ BODY_LIMIT: '10' }, /^BODY_LIMIT must be an integer from 1024 to 2147483647, got "10"$/],
    [{ WORKERS: '0' }, /^WORKERS must be a number from 1 to 999, auto or auto2n1, got "0"$/],
    [{ WORKERS: '1000' }, /^WORKERS must be a number from 1 to 999/],
    [{ WATCH: 'yes' }, /^WATCH must be true or false, got "yes"$/],
    [{ HEALTH_STYLE: 'xml' }, /^HEALTH_STYLE must be one of negotiate, text, json, ok, got "xml"$/],
    [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL must be/]
  ] as const) {
    t.throws(() => loadConfig(env), { constructor: ConfigError, message }, JSON.stringify(env))
    try { loadConfig(env) } catch (error) { t.notMatch((error as Error).message, '\n') }
  }
})

t.test('a config file holds the same keys, and the environment wins', async (t) => {
  const folder = t.testdir()
  const file = join(folder, 'server.json')
  const read = (content: string, env = {}) => {
    writeFileSync(file, content)
    return loadConfig({ CONFIG_FILE: file, ...env })
  }
  t.match(read('{"PORT": 1234, "WATCH": true, "MODEL_STORE": "here"}', { MODEL_STORE: 'there' }), { PORT: 1234, WATCH: true, MODEL_STORE: 'there' })
  t.throws(() => read('{"PROT": 1}'), { constructor: ConfigError, message: `CONFIG_FILE: ${file}: there is no setting PROT` })
  t.throws(() => read('{"PORT": "x"}'), { constructor: ConfigError, message: /^PORT must be an integer from 0 to 65535, got "x"$/ })
  t.match(read('{"PORT": "1234", "WATCH": 1, "DEBUG": "false", "MODEL_PATH": ""}'), { PORT: 1234, WATCH: true, DEBUG: false, MODEL_PATH: undefined })
  t.throws(() => read('{"PORT": true}'), { constructor: ConfigError, message: 'PORT must be an integer from 0 to 65535, got true' })
  t.throws(() => read('{"PORT": null}'), { constructor: ConfigError, message: 'PORT must be an integer from 0 to 65535, got null' })
  t.throws(() => read('{"MODEL_STORE": null}'), { constructor: ConfigError, message: 'MODEL_STORE must be text, got null' })
  t.throws(() => read('{"ADMIN_TOKEN": 123456}'), { constructor: ConfigError, message: 'ADMIN_TOKEN must be text' }, 'a secret is not repeated')
  t.match(loadConfig({ CONFIG_FILE: '' }), { PORT: 8080 })
  t.throws(() => read('{"HOST": {}}'), { constructor: ConfigError, message: 'HOST must be text, got {}' })
  t.throws(() => read('{"PORT"'), { constructor: ConfigError, message: /server\.json is not valid JSON/ })
  t.throws(() => read('[]'), { constructor: ConfigError, message: `CONFIG_FILE: ${file} must hold one JSON object` })
  t.throws(() => loadConfig({ CONFIG_FILE: join(folder, 'none.json') }), { constructor: ConfigError, message: /none\.json cannot be read/ })
})

t.test('WORKERS counts threads', async (t) => {
  t.equal(countWorkers('3'), 3)
  t.equal(countWorkers('auto'), availableParallelism())
  t.equal(countWorkers('auto2n1'), 2 * availableParallelism() + 1)
})

t.test('every setting is described', async (t) => {
  for (const [name, { description }] of Object.entries(ConfigSchema.properties)) t.match(description, /\.$|`\.?$/, name)
})
