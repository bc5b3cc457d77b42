import { Type, type Static } from '@sinclair/typebox'

export const TraceSchema = Type.Array(Type.Object({
  stage: Type.Unsafe<'Input Parsing' | 'Feature Scaling' | 'Model Prediction' | 'Response Formatting'>({ type: 'string', enum: ['Input Parsing', 'Feature Scaling', 'Model Prediction', 'Response Formatting'] }),
  shape: Type.Array(Type.Integer(), { description: 'Rows first.' }),
  value: Type.Unknown({ description: 'What the stage hands to the next one; by input name where there are several inputs.' }),
  ms: Type.Number({ description: 'Milliseconds. For the scaling, which is part of the graph, those of a second run that shows it.' })
}), { description: 'The four stages of a prediction in their order; with TRACE and `?trace=1` only.' })
export type Trace = Static<typeof TraceSchema>
