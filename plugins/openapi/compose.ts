import type { ModelRegistry } from '../models/registry.js'
import type { BodyLimits } from './bodies.js'
import { describeDefaultFaces } from './default-faces.js'
import { prune, type OpenapiDocument } from './document.js'
import { Names, pascalCase } from './names.js'
import { requestHeaders } from './operations.js'
import { problemResponses, shareProblems } from './problems.js'
import { describeProtocolFaces } from './protocol-faces.js'
import { describeKeys, omitKeys } from './security.js'
import { addTypedFaces, type DescribedModel } from './typed-faces.js'

/** The document of what is served at this moment: that of the routes, and typed paths for every version of every model that is loaded. `guarded`: requests need a key. */
export function compose (routes: OpenapiDocument, models: ModelRegistry, { limits, guarded }: { limits: BodyLimits, guarded: boolean }): OpenapiDocument {
  const document = structuredClone(routes)
  const { components, paths } = document
  components.responses = { ...problemResponses }
  shareProblems(document)
  components.parameters = { ...requestHeaders }
  const vocabulary = { schemas: new Names(), operations: new Names() }
  for (const name of Object.keys(components.schemas)) vocabulary.schemas.take(name)
  for (const { operationId } of Object.values(paths).flatMap((item) => Object.values(item))) {
    if (operationId !== undefined) vocabulary.operations.take(operationId)
  }
  const stems = new Names()
  const tags = new Names()
  for (const { name } of document.tags) tags.take(name)
  const modelTags: OpenapiDocument['tags'] = []
  const loaded: DescribedModel[] = []
  let standard: DescribedModel | undefined
  for (const entry of models.list()) {
    const tag = tags.take(entry.name)
    const newest = addTypedFaces(document, { entry, stem: stems.take(pascalCase(entry.name)), tag }, vocabulary, limits)
    if (newest === undefined) continue
    modelTags.push({ name: tag, description: newest.model.artefact.metadata?.description ?? `The model ${entry.name}` })
    loaded.push(newest)
    if (models.isDefault(entry.name)) standard = newest
  }
  document.tags.splice(1, 0, ...modelTags)
  describeDefaultFaces(document, standard, vocabulary, limits)
  describeProtocolFaces(document, standard === undefined ? loaded : [standard, ...loaded])
  if (guarded) describeKeys(document)
  else omitKeys(document)
  prune(document)
  return document
}
