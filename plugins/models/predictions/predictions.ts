import { NonFiniteError } from '../../../errors.js'
import type { ClassLabel, ModelSpecification } from '../../../codecs/specification.js'
import type { Tensor } from '../../../codecs/tensor.js'
import { ClassProbabilities } from './class-probabilities.js'
import { isFiniteValue, readAll, readElement, readRow, rowSize, takeOutput } from './output-values.js'
import type { OutputValue } from './output-values.js'

/** What a model says about one record. */
export interface RowPrediction {
  /** A label, a number, the targets by name or in a list, or the outputs by name. */
  prediction: OutputValue
  /** Name of the predicted class; classifiers only. */
  predicted_class?: string
  /** Probability of the predicted class; null for a regression or where the model gives none. */
  confidence: number | null
  /** Probability of each class, in class order, when the model gives any. */
  probabilities?: Record<string, number>
}

export interface DecodeOptions {
  start?: number
  probabilities?: boolean
}

/**
 * Turns the output tensors of one model version into predictions. Throws NonFiniteError for a prediction or probability
 * that is no finite number, InferenceError for outputs that do not have a row for each record.
 */
export class PredictionDecoder {
  readonly #specification: ModelSpecification
  readonly #modelName: string
  readonly #isClassifier: boolean
  readonly #probabilities: ClassProbabilities | undefined
  readonly #indices: ReadonlyMap<OutputValue, number>

  constructor (specification: ModelSpecification, modelName: string) {
    const { task, roles, classes, classNames } = specification
    this.#specification = specification
    this.#modelName = modelName
    this.#isClassifier = task === 'BINARY_CLASSIFICATION' || task === 'MULTICLASS_CLASSIFICATION'
    this.#indices = new Map<OutputValue, number>(classes?.map((label, index) => [label, index]))
    const output = roles.probabilities ?? roles.logits
    if (this.#isClassifier && output !== undefined) {
      const names = classNames ?? classes?.map(String)
      this.#probabilities = new ClassProbabilities(output, { isLogits: roles.probabilities === undefined, names, modelName })
    }
  }

  /** Whether predictions can carry probabilities. */
  get hasProbabilities (): boolean {
    return this.#probabilities !== undefined
  }

  /** Whether a prediction is read from its row alone, so that the rows of others may stand beside it. */
  get readsRows (): boolean {
    const { task, roles } = this.#specification
    return this.#isClassifier || task === 'REGRESSION' || roles.label !== undefined
  }

  /** Predictions of `rows` rows from `start`; the maps of probabilities can be left out. */
  decode (outputs: Tensor[], rows: number, { start = 0, probabilities = true }: DecodeOptions = {}): RowPrediction[] {
    const predictions = new Array<RowPrediction>(rows)
    for (let index = 0; index < rows; index++) {
      predictions[index] = this.#isClassifier ? this.#classify(outputs, start + index, probabilities) : this.#measure(outputs, start + index, rows)
    }
    return predictions
  }

  #measure (outputs: Tensor[], row: number, rows: number): RowPrediction {
    const { task, roles } = this.#specification
    const role = task === 'REGRESSION' ? roles.value ?? 0 : roles.label
    return { prediction: this.#finite(role === undefined ? this.#outputs(outputs, row, rows) : this.#targets(outputs, role, row)), confidence: null }
  }

  #classify (outputs: Tensor[], row: number, wanted: boolean): RowPrediction {
    const { classes, classNames, roles, labelFromProbabilities, decisionThreshold } = this.#specification
    const probabilities = this.#probabilities?.read(outputs, row)
    let index: number | undefined
    let label: ClassLabel
    if (probabilities !== undefined && (roles.label === undefined || labelFromProbabilities || decisionThreshold !== undefined)) {
      index = predictIndex(probabilities, decisionThreshold)
      label = classes?.[index] ?? index
    } else {
      label = readElement(takeOutput(outputs, roles.label ?? 0, row, this.#modelName), row)
      index = this.#indices.get(label) ?? (classes === undefined && typeof label === 'number' ? label : undefined)
    }
    const prediction: RowPrediction = {
      prediction: this.#finite(label),
      predicted_class: (index === undefined ? undefined : classNames?.[index]) ?? String(label),
      confidence: (index === undefined ? undefined : probabilities?.[index]) ?? null
    }
    if (wanted && probabilities !== undefined && this.#probabilities !== undefined) {
      prediction.probabilities = this.#probabilities.byName(probabilities)
    }
    return prediction
  }

  #targets (outputs: Tensor[], role: number, row: number): OutputValue {
    const tensor = takeOutput(outputs, role, row, this.#modelName)
    const size = rowSize(tensor)
    if (size === 1) return readElement(tensor, row)
    const values = Array.from({ length: size }, (_, target) => readElement(tensor, row * size + target))
    const names = this.#specification.targetNames
    return names?.length === size ? Object.fromEntries(names.map((name, target) => [name, values[target] ?? null])) : values
  }

  #outputs (outputs: Tensor[], row: number, rows: number): OutputValue {
    return Object.fromEntries(this.#specification.outputs.map(({ name, dims }, index) => {
      const tensor = outputs[index]
      // What a detector finds in one image has as many rows as there are things in it.
      if (rows === 1 && tensor !== undefined && tensor.dims[0] !== 1) return [name, readAll(tensor)]
      return [name, readRow(takeOutput(outputs, index, row, this.#modelName), row, dims)]
    }))
  }

  #finite<T extends OutputValue> (value: T): T {
    if (!isFiniteValue(value)) throw new NonFiniteError(this.#modelName)
    return value
  }
}

function predictIndex (probabilities: number[], threshold: number | undefined): number {
  if (threshold !== undefined && probabilities.length === 2) return (probabilities[1] ?? 0) >= threshold ? 1 : 0
  let best = 0
  for (let index = 1; index < probabilities.length; index++) {
    if ((probabilities[index] ?? 0) > (probabilities[best] ?? 0)) best = index
  }
  return best
}
