import { NonFiniteError } from '../../../errors.js'
import type { Tensor } from '../../../codecs/tensor.js'
import { misfit, readElement, rowSize, takeOutput } from './output-values.js'

/** Reads the probabilities of a classifier, one per class in class order, whatever form the model gives them in. */
export class ClassProbabilities {
  readonly #output: number
  readonly #isLogits: boolean
  readonly #modelName: string
  #names: string[] | undefined
  #template: Record<string, number> = {}

  /** `output` is the index of the tensor. Without names, classes are called by their positions. */
  constructor (output: number, options: { isLogits: boolean, names: string[] | undefined, modelName: string }) {
    const { isLogits, names, modelName } = options
    this.#output = output
    this.#isLogits = isLogits
    this.#modelName = modelName
    if (names !== undefined) this.#name(names)
  }

  /** Probabilities of one row; one column means that of the second class. Throws NonFiniteError, or InferenceError when there are not as many as classes. */
  read (outputs: Tensor[], row: number): number[] {
    const tensor = takeOutput(outputs, this.#output, row, this.#modelName)
    const size = rowSize(tensor)
    const values = new Array<number>(size)
    for (let index = 0; index < size; index++) {
      const value = Number(readElement(tensor, row * size + index))
      if (!Number.isFinite(value)) throw new NonFiniteError(this.#modelName)
      // Sums of floats, such as the votes of a forest, may pass 1 by a rounding.
      values[index] = this.#isLogits ? value : Math.min(1, Math.max(0, value))
    }
    const probabilities = this.#isLogits ? softmax(values) : this.#names?.length === 1 ? values : complete(values)
    if (this.#names === undefined) this.#name(probabilities.map((_, index) => String(index)))
    if (this.#names?.length !== probabilities.length) throw misfit(this.#modelName, `there are ${probabilities.length} probabilities for ${this.#names?.length} classes`)
    return probabilities
  }

  /** The same as a map from class name to probability. */
  byName (probabilities: number[]): Record<string, number> {
    const map = { ...this.#template }
    let index = 0
    for (const name of this.#names ?? []) map[name] = probabilities[index++] ?? 0
    return map
  }

  #name (names: string[]): void {
    this.#names = names
    // A copy of one template has the same hidden class each time, and its own property even for a class called __proto__.
    this.#template = Object.fromEntries(names.map((name) => [name, 0.5]))
  }
}

function complete (values: number[]): number[] {
  const [positive] = values
  return values.length === 1 && positive !== undefined ? [1 - positive, positive] : values
}

function softmax (logits: number[]): number[] {
  const all = logits.length === 1 ? [0, ...logits] : logits
  const highest = Math.max(...all)
  const powers = all.map((logit) => Math.exp(logit - highest))
  const sum = powers.reduce((total, power) => total + power, 0)
  return powers.map((power) => power / sum)
}
