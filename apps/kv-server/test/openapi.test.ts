import { describe, expect, it } from 'vitest'
import { routes } from '../src/http/router.ts'
import { openapi } from '../src/openapi/document.ts'
import { type Answer, serve } from './support/serve.ts'

type Operation = {
  readonly operationId: string
  readonly 'x-role'?: string
  readonly security?: readonly unknown[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>>
}
type Schema = {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema
  readonly minimum?: number
}

const paths = openapi.paths as Readonly<Record<string, Readonly<Record<string, Operation>>>>
const { schemas } = openapi.components as { readonly schemas: Readonly<Record<string, Schema>> }
const operations = Object.entries(paths).flatMap(([path, methods]) => {
  return Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation }))
})

function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => (name === '$ref' && typeof inner === 'string' ? [inner] : references(inner)))
}

/** What in a value is not as the schema says. A field that the schema does not name is wrong, too. */
function wrong(schema: Schema, value: unknown, at = ''): string[] {
  if (schema.$ref !== undefined) return wrong(schemas[schema.$ref.replace('#/components/schemas/', '')] as Schema, value, at)
  if (schema.anyOf !== undefined) return schema.anyOf.some(one => wrong(one, value, at).length === 0) ? [] : [`${at} fits none`]
  if (schema.enum !== undefined) return schema.enum.includes(value) ? [] : [`${at} is ${JSON.stringify(value)}`]
  if (schema.type === 'null') return value === null ? [] : [`${at} is not null`]
  if (schema.type === 'array')
    return Array.isArray(value) ? value.flatMap((item, i) => wrong(schema.items ?? {}, item, `${at}[${i}]`)) : [at]
  if (schema.type === 'integer') return Number.isInteger(value) && (value as number) >= 0 ? [] : [`${at} is ${value}`]
  if (schema.type !== 'object') return schema.type === undefined || typeof value === schema.type ? [] : [`${at} is no ${schema.type}`]
  if (typeof value !== 'object' || value === null) return [`${at} is no object`]
  const missing = (schema.required ?? []).filter(name => !Object.hasOwn(value, name)).map(name => `${at}.${name} is missing`)
  if (schema.properties === undefined && schema.additionalProperties === undefined) return missing
  const fields = Object.entries(value).flatMap(([name, inner]) => {
    const known = schema.properties?.[name] ?? schema.additionalProperties
    return known === undefined ? (partial.has(at) ? [] : [`${at}.${name} is not described`]) : wrong(known, inner, `${at}.${name}`)
  })
  return [...missing, ...fields]
}
/** The status is described as far as programs need it. */
const partial = new Set(['status'])

function checked(operation: Operation, answer: Answer): void {
  const described = operation.responses[String(answer.status)]
  expect([operation.operationId, answer.status, described !== undefined]).toEqual([operation.operationId, answer.status, true])
  const type = String(answer.headers['content-type']).replace(/;.*/, '')
  if (described?.content === undefined) return
  expect(Object.keys(described.content)).toContain(type)
  if (type === 'application/json') expect(wrong(described.content[type]!.schema, answer.json(), operation.operationId)).toEqual([])
}

/** What to send so that it succeeds; before it, what makes that possible. */
const bodies: Readonly<Record<string, string>> = {
  put: 'bytes',
  txn: '{"compare":[{"key":"a","target":"version","operand":1}],"success":[{"op":"get","key":"a"}],"failure":[{"op":"delete","key":"a"}]}',
  setKeys: '{"a":"1"}',
  grantLease: '{"ttlMs":5000}',
  lock: '{"lease":11,"value":"me"}',
  join: '{"id":"n4","addr":"127.0.0.1:9","incarnation":"i"}',
  createJoinSecret: '{"ttlMs":1000}',
  transferLeadership: '{"target":"n2"}',
}
const queries: Readonly<Record<string, string>> = { deletePrefix: '?prefix=a', unlock: '?lease=11', watch: '?since=999999999999' }

async function prepared() {
  const server = await serve({ limits: { progressMs: 5 } })
  await server.ask('POST', '/v1/leases', '{"ttlMs":5000}') // 11
  await server.ask('PUT', '/v1/kv/a', 'one')
  await server.ask('PUT', '/v1/kv/b?ttl=5000', Buffer.from([255]))
  await server.ask('POST', '/v1/locks/a', '{"lease":11}')
  return server
}
const filled = (path: string) => path.replace('{key}', 'a').replace('{name}', 'a').replace('{lease}', '11').replace('{id}', 'n2')

describe('the description of the API', () => {
  it('refers to nothing that is not there, and names every operation once', () => {
    for (const reference of references(openapi)) expect(schemas).toHaveProperty([reference.replace('#/components/schemas/', '')])
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('has the paths, methods and roles that the server has', () => {
    const served = Object.entries(routes).flatMap(([path, methods]) => {
      return Object.entries(methods).map(([method, { access }]) => `${method} ${path} ${access === 'own' ? 'admin' : access}`)
    })
    const described = operations.map(({ path, method, operation }) => `${method} ${path} ${operation['x-role'] ?? 'open'}`)
    expect(described.sort()).toEqual(served.sort())
  })

  it.each(operations.filter(({ operation }) => operation.operationId !== 'watch').map(one => [one.operation.operationId, one] as const))(
    '%s succeeds as described',
    async (id, { path, method, operation }) => {
      using server = await prepared()
      const body = id === 'restoreSnapshot' ? (await server.ask('GET', '/v1/snapshot')).bytes : bodies[id]
      const answer = await server.ask(method, `${filled(path)}${queries[id] ?? ''}`, body)
      expect(answer.status).toBe(200)
      checked(operation, answer)
    },
  )

  it.each(operations.filter(({ operation }) => operation.security === undefined).map(one => [one.operation.operationId, one] as const))(
    '%s fails as described: without a token, a leader or a sensible request',
    async (id, { path, method, operation }) => {
      using guarded = await serve({ tokens: 'admin me token-of-the-operator' })
      const url = `${filled(path)}${queries[id] ?? ''}`
      checked(operation, await guarded.ask(method, url, bodies[id]))
      using starting = await serve({ started: false })
      if (id !== 'metrics') checked(operation, await starting.ask(method, url, bodies[id]))
      using server = await prepared()
      const garbage = method === 'POST' || method === 'PUT' ? '[' : undefined
      for (const bad of ['?consistency=x&non-leader=x&since=x&waitMs=x&limit=x&ttl=x', queries[id] ?? '']) {
        if (id === 'watch' && bad === queries[id]) continue
        checked(operation, await server.ask(method, `${filled(path)}${bad}`, garbage))
      }
    },
  )
})
