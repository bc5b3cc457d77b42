import type { ClassLabel, ModelSpecification, OutputRoles, Task } from '../../../codecs/specification.js'
import type { Metadata } from '../../../schemas/metadata.js'
import type { Description } from '../../../workers/contract.js'
import { findHead, isFloat, widthOf, type Head } from './output-heads.js'
import { SpecificationError } from './error.js'

type Outcome = Pick<ModelSpecification, 'roles' | 'task' | 'classes' | 'classNames' | 'targetNames' | 'decisionThreshold' | 'labelFromProbabilities'>

const parts = ['label', 'probabilities', 'value', 'scores', 'logits'] as const

/**
 * Which output plays which part, the task, and the classes by position. Metadata goes before what the graph suggests; what it leaves out is derived.
 * Throws a SpecificationError where they contradict each other; warnings are appended.
 */
export function assignOutputs (description: Description, metadata: Metadata, warnings: string[]): Outcome {
  const head = findHead(description, metadata)
  const named = findNamed(description, metadata)
  const roles = mergeRoles(head.roles, named, metadata)
  const known = isClassification(metadata.task) || (!metadata.task && roles.value === undefined) ? findClasses(description, roles, head, metadata) : undefined
  const task = metadata.task ?? deriveTask(roles, known)
  checkTask(task, roles, known, description)
  warnUnused(task, roles, metadata, description, warnings)
  if (!isClassification(task)) return { roles, task, labelFromProbabilities: false, ...(task === 'REGRESSION' && metadata.target_names && { targetNames: metadata.target_names }) }
  return {
    roles,
    task,
    ...(known && { classes: known, classNames: metadata.class_names ?? known.map(String) }),
    ...findThreshold(task, roles, metadata),
    labelFromProbabilities: isLabelFromProbabilities(roles, head, metadata)
  }
}

function isClassification (task: Task | undefined): boolean {
  return task === 'BINARY_CLASSIFICATION' || task === 'MULTICLASS_CLASSIFICATION'
}

function findNamed ({ graph, outputs }: Description, { outputs: names = {} }: Metadata): OutputRoles {
  const behind = new Map(graph.zipMaps.map(({ output, input }) => [output, input]))
  const named: OutputRoles = {}
  for (const part of parts) {
    const name = names[part]
    if (name === undefined) continue
    const index = outputs.findIndex((output) => output.name === (behind.get(name) ?? name))
    const output = outputs[index]
    if (!output) throw new SpecificationError(`metadata.json: outputs.${part}`, `the model has no output '${name}'; its outputs are ${outputs.map((one) => one.name).join(', ')}`)
    if (part !== 'label' && part !== 'value' && !isFloat(output)) throw new SpecificationError(`metadata.json: outputs.${part}`, `'${name}' holds ${output.type}, no floating point numbers`)
    named[part] = index
  }
  return named
}

function mergeRoles (derived: OutputRoles, named: OutputRoles, { task }: Metadata): OutputRoles {
  const roles: OutputRoles = { ...named }
  if (named.value !== undefined) return roles
  const taken = new Set(Object.values(named))
  for (const part of parts) {
    const index = derived[part]
    const wanted = task === undefined || isClassification(task) || (task === 'REGRESSION' ? part === 'value' : part === 'label' || part === 'scores')
    if (roles[part] === undefined && index !== undefined && !taken.has(index) && wanted) roles[part] = index
  }
  return roles
}

/** Labels as the model emits them. Those that no node tells are the positions, the names themselves for a label of strings, -1 and 1 for a detector of outliers. */
function findClasses ({ graph, outputs }: Description, roles: OutputRoles, head: Head, metadata: Metadata): ClassLabel[] | undefined {
  const names = metadata.class_names
  const label = roles.label === undefined ? undefined : outputs[roles.label]
  const column = outputs[roles.probabilities ?? roles.logits ?? -1]
  const width = column && widthOf(column)
  const told = head.classes
  const count = told?.length ?? (width === 1 ? 2 : width)
  if (names && count !== undefined && names.length !== count) {
    throw new SpecificationError('metadata.json: class_names', `there are ${names.length} names, but the model has ${count} classes`)
  }
  if (told) return told
  if (!names && !column) return undefined
  if (names && label?.type === 'string') return names
  if (names?.length === 2 && label && roles.scores !== undefined && !column && !/^Arg(Max|Min)$/.test(graph.producers[label.name] ?? '')) return [-1, 1]
  const size = names?.length ?? count
  return size === undefined ? undefined : Array.from({ length: size }, (_, position) => position)
}

function deriveTask (roles: OutputRoles, classes: ClassLabel[] | undefined): Task {
  if (roles.value !== undefined) return 'REGRESSION'
  const distribution = roles.probabilities ?? roles.logits
  if (classes && (distribution !== undefined || roles.label !== undefined)) return classes.length <= 2 ? 'BINARY_CLASSIFICATION' : 'MULTICLASS_CLASSIFICATION'
  return distribution === undefined ? 'OTHER' : 'MULTICLASS_CLASSIFICATION'
}

function checkTask (task: Task, roles: OutputRoles, classes: ClassLabel[] | undefined, { outputs }: Description): void {
  const names = outputs.map(({ name }) => name).join(', ')
  if (task === 'REGRESSION' && roles.value === undefined) {
    throw new SpecificationError('metadata.json: task', `nothing tells which output is the predicted value: name it as outputs.value (${names})`)
  }
  if (!isClassification(task)) return
  if (roles.probabilities === undefined && roles.logits === undefined && roles.label === undefined) {
    throw new SpecificationError('metadata.json: task', `nothing tells which output holds the classes: name it as outputs.label, outputs.probabilities or outputs.logits (${names})`)
  }
  if (classes && (task === 'BINARY_CLASSIFICATION') !== (classes.length <= 2)) {
    throw new SpecificationError('metadata.json: task', `it is ${task}, but the model has ${classes.length} classes`)
  }
}

function warnUnused (task: Task, roles: OutputRoles, metadata: Metadata, { graph, outputs }: Description, warnings: string[]): void {
  if (metadata.class_names && !isClassification(task)) warnings.push(`metadata.json: class_names: not used, since the task is ${task}`)
  if (metadata.target_names && task !== 'REGRESSION') warnings.push(`metadata.json: target_names: not used, since the task is ${task}`)
  const value = roles.value === undefined ? undefined : outputs[roles.value]
  const width = value && widthOf(value)
  if (metadata.target_names && width && width !== metadata.target_names.length) {
    warnings.push(`metadata.json: target_names: there are ${metadata.target_names.length}, but the output '${value.name}' is declared with ${width} columns`)
  }
  const split = graph.classifiers.some(({ label }) => roles.label !== undefined && outputs[roles.label]?.name === label)
  if (split && isClassification(task) && roles.probabilities === undefined && outputs.length > 2) {
    warnings.push('model.onnx: outputs: the probabilities of the classes are in separate outputs and are not used; export the model with zipmap=False')
  }
}

function findThreshold (task: Task, roles: OutputRoles, { decision_threshold: decisionThreshold }: Metadata): { decisionThreshold?: number } {
  if (decisionThreshold === undefined) return {}
  if (task !== 'BINARY_CLASSIFICATION') throw new SpecificationError('metadata.json: decision_threshold', `it needs a binary classification, the task is ${task}`)
  if (roles.probabilities === undefined && roles.logits === undefined) throw new SpecificationError('metadata.json: decision_threshold', 'the model has no output of probabilities')
  return { decisionThreshold }
}

/** ONNX Runtime compares the margin with 0.5 instead of 0 when no leaf of a binary LOGISTIC ensemble is negative. */
function isLabelFromProbabilities (roles: OutputRoles, { classifier }: Head, metadata: Metadata): boolean {
  if (roles.probabilities === undefined && roles.logits === undefined) return false
  if (roles.label === undefined || metadata.decision_threshold !== undefined) return true
  return classifier?.operator === 'TreeEnsembleClassifier' && classifier.postTransform === 'LOGISTIC' &&
    classifier.nonNegativeWeights === true && classifier.classes.length === 2
}
