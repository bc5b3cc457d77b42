import type { Project } from './project.js'
import type { ServedModel } from './served-model.js'
import { quotePath, quoteText } from './shell.js'

/** A longer body is of no use on a command line. */
const longestBody = 4000

/** The README of a project: how to run it, and how to ask this model. */
export function describeProject (project: Project): string {
  const { name, server, port, grpcPort, model } = project
  return `# ${name}

Serves the model \`${model.name}\` with fastify-model-server, which lies in \`${server}\`.

## Run it

\`\`\`sh
npm start
\`\`\`

This builds the server and starts it with the settings of this folder, on <http://127.0.0.1:${port}>${grpcPort < 0 ? '' : `, with gRPC on port ${grpcPort}`}. \`npm run check\` opens the model without
serving it and ends with 0 or 1. \`/ready\` says when the model is loaded; the documentation of its API is at <http://127.0.0.1:${port}/docs>.

## Ask it

${describeRequest(project)}
## In a container

\`\`\`sh
docker build -t fastify-model-server:v1 -f ${quotePath(`${server}/Containerfile`)} ${quotePath(server)}
docker build -t ${name} -f Containerfile .
docker run --rm -p ${port}:8080${grpcPort < 0 ? '' : ` -p ${grpcPort}:8081`} ${name}
\`\`\`

## What is here

| file | what |
|---|---|
| \`model-store/${model.name}/1/\` | the model, version 1; put the next one into \`2/\` |
| \`model-store/${model.name}/1/metadata.json\` | ${describeMetadata(model)}; the keys are in \`${server}/docs/exporting.md\` |
${describeConfig(project)}| \`server.config.json\` | settings; an environment variable of the same name wins. All of them are in \`${server}/docs/settings.md\` |
| \`package.json\` | the commands above; the path of the server stands there |
| \`Containerfile\` | the server's image with this model in it |
`
}

function describeRequest ({ port, model: { name, body, answer } }: Project): string {
  const text = JSON.stringify(body)
  if (text === undefined || text.length > longestBody) {
    return `The inputs of this model are described at <http://127.0.0.1:${port}/docs> and here:

\`\`\`sh
curl -s localhost:${port}/models/${name}
\`\`\`
`
  }
  const printed = answer === undefined ? '' : `\`\`\`json\n${JSON.stringify(answer)}\n\`\`\`\n`
  return `\`\`\`sh
curl -s localhost:${port}/predict -H 'content-type: application/json' \\
  -d ${quoteText(text)}
\`\`\`
${printed}
The values are examples: put your own in their place.
`
}

function describeMetadata ({ features }: ServedModel): string {
  return features === undefined
    ? 'not there yet: it gives the columns names and types, so that records can be sent instead of rows'
    : 'names and types of the features; add `minimum`, `maximum`, `categories`, `default`, `unit`'
}

/** A row of its own, where there is such a file. */
function describeConfig ({ config, model }: Project): string {
  const keys = Object.keys(config).map((key) => `\`${key}\``)
  return keys.length === 0 ? '' : `| \`model-store/${model.name}/model.json\` | how the model is served: ${keys.join(', ')} |\n`
}
