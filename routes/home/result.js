/**
 * @typedef {object} Answer What the server predicts for one record.
 * @property {unknown} prediction
 * @property {string} [predicted_class]
 * @property {number | null} [confidence]
 * @property {Record<string, number>} [probabilities]
 *
 * @typedef {object} Shown
 * @property {string} headline Class or value; empty where there are several.
 * @property {string} confidence Empty where there is none.
 * @property {{ name: string, share: number, text: string }[]} bars A probability per class, the highest first.
 * @property {{ name: string, text: string }[]} values Several targets or outputs by name.
 */

/**
 * @param {Answer} answer
 * @returns {Shown}
 */
export function describeResult ({ prediction, predicted_class: label, confidence, probabilities = {} }) {
  const several = typeof prediction === 'object' && prediction !== null && label === undefined
  return {
    headline: several ? '' : label ?? spell(prediction),
    confidence: typeof confidence === 'number' ? spellShare(confidence) : '',
    bars: Object.entries(probabilities).map(([name, share]) => ({ name, share, text: spellShare(share) })).sort((a, b) => b.share - a.share),
    values: several ? Object.entries(prediction).map(([name, value]) => ({ name: Array.isArray(prediction) ? `[${name}]` : name, text: spell(value) })) : []
  }
}

/**
 * The results of an answer to one record or to a batch.
 * @param {Answer | { predictions: Answer[] }} answer
 * @returns {Shown[]}
 */
export function describeResults (answer) {
  return 'predictions' in answer ? answer.predictions.map(describeResult) : [describeResult(answer)]
}

/** @param {unknown} value */
function spell (value) {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** @param {number} share */
function spellShare (share) {
  const percent = (share * 100).toFixed(1)
  if (share > 0 && percent === '0.0') return '< 0.1 %'
  if (share < 1 && percent === '100.0') return '> 99.9 %'
  return `${percent} %`
}
