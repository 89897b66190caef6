import { expect, it } from 'vitest'
import { openapi } from '../src/openapi/document.ts'

function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => (name === '$ref' && typeof inner === 'string' ? [inner] : references(inner)))
}

it('refers to nothing that is not there, and names every operation once', () => {
  const { schemas } = openapi.components as { schemas: Record<string, unknown> }
  for (const reference of references(openapi)) expect(schemas).toHaveProperty([reference.replace('#/components/schemas/', '')])
  const paths = openapi.paths as Record<string, Record<string, { operationId: string }>>
  const ids = Object.values(paths).flatMap(path => Object.values(path).map(operation => operation.operationId))
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids.length).toBeGreaterThan(30)
})
