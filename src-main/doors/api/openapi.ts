import { z } from 'zod'
import { ROUTES, type Route } from './routes.ts'
import { failure } from './schemas.ts'

/** Why a route answers otherwise than it should. */
const FAILURES: Record<number, string> = {
  401: 'No key, or one that is none (any more).',
  402: "The program's budget is used up.",
  403: 'Asked by a web page, or under another name than this computer has for itself.',
  404: 'No provider offers what was asked for.',
  409: 'There is a connection already, or every provider that fits has one with this person.',
  413: 'The body is too large.',
  422: 'What was sent is not valid; the message says why.',
  423: "The person's identity is locked.",
  503: 'Not now: the message says what the person has to do first.',
}

/** The document that tells every route, made from the schemas that parse (OpenAPI 3.1). */
export function openApi(address: string): object {
  const paths: Record<string, Record<string, object>> = {
    '/v1/openapi.json': {
      get: {
        ...{ operationId: 'openapi', summary: 'This document; needs no key.', security: [] },
        responses: { 200: { description: 'OpenAPI 3.1', content: json({ type: 'object' }) } },
      },
    },
  }
  for (const route of ROUTES) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mysterium for programs',
      version: '1',
      description:
        'A connection of its own for a program, paid from its own budget. Amounts are decimal strings of MYST.',
    },
    servers: [{ url: address }],
    security: [{ key: [] }],
    paths,
    components: {
      schemas: { Failure: schemaOf(failure, 'output') },
      securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'Made by "myst program key".' } },
    },
  }
}

function operation({ method, path, summary, query, body, success, failures }: Route): object {
  const status = [401, 403, ...failures].map((code) => [
    code,
    { description: FAILURES[code] ?? '', content: json({ $ref: '#/components/schemas/Failure' }) },
  ])
  return {
    operationId: `${method.toLowerCase()}${path.slice('/v1/'.length).replace(/^./, (letter) => letter.toUpperCase())}`,
    summary,
    ...(query && { parameters: parametersOf(query) }),
    ...(body && { requestBody: { required: false, content: json(schemaOf(body, 'input')) } }),
    responses: {
      [success.status]: {
        description: success.schema?.meta()?.description ?? 'Done.',
        ...(success.schema && { content: json(schemaOf(success.schema, 'output')) }),
      },
      ...Object.fromEntries(status),
    },
  }
}

const json = (schema: object) => ({ 'application/json': { schema } })

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io }) as Record<string, unknown>
  return rest
}

function parametersOf(query: z.ZodObject): object[] {
  return Object.entries(query.shape).map(([name, schema]) => {
    const { description, ...own } = schemaOf(schema as z.ZodType, 'input')
    return { name, in: 'query', required: false, ...(description ? { description } : {}), schema: own }
  })
}
