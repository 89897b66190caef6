import type { ListResponse } from 'kv-client'
import { describe, expect, it } from 'vitest'
import { encodeCommand } from '../../src/store/command-codec.ts'
import { serve } from '../support/serve.ts'

async function filled(count = 25) {
  const server = await serve()
  const pairs = Array.from({ length: count }, (_, at) => [`k${String(at).padStart(6, '0')}`, `v${at}`] as const)
  server.store.apply(encodeCommand({ type: 'set', pairs: [...pairs, ['\xff\xff', 'last'], ['a', 'first']] }), 1)
  return server
}
const keysOf = ({ items }: ListResponse) => items.map(item => item.key)

describe('/v1/kv', () => {
  it('lists in the order of bytes, as of one revision', async () => {
    using server = await filled(2)
    expect((await server.ask('GET', '/v1/kv')).json()).toEqual({
      revision: 1,
      items: [
        { key: 'a', value: 'first', created: 1, modified: 1, version: 1 },
        { key: 'k000000', value: 'v0', created: 1, modified: 1, version: 1 },
        { key: 'k000001', value: 'v1', created: 1, modified: 1, version: 1 },
        { keyBase64: '//8=', value: 'last', created: 1, modified: 1, version: 1 },
      ],
      next: null,
    })
  })

  it.each([
    ['prefix=k00000', 10],
    ['prefix=k&from=k000020', 5],
    ['prefix=k&to=k000003', 3],
    ['from=k000003&to=k000005', 2],
    ['from=zz', 1],
    ['prefix=%ff', 1],
    ['prefix=b', 0],
    ['prefix=', 27],
  ])('takes a part of it: %s', async (query, count) => {
    using server = await filled()
    expect(((await server.ask('GET', `/v1/kv?${query}`)).json() as ListResponse).items).toHaveLength(count)
  })

  it('goes through it page by page', async () => {
    using server = await filled()
    const keys: (string | undefined)[] = []
    let cursor = ''
    for (;;) {
      const page = (await server.ask('GET', `/v1/kv?prefix=k&limit=10${cursor}`)).json() as ListResponse
      keys.push(...keysOf(page))
      if (page.next === null) break
      cursor = `&cursor=${page.next}`
    }
    expect(keys).toEqual(Array.from({ length: 25 }, (_, at) => `k${String(at).padStart(6, '0')}`))
  })

  it('can leave the values out', async () => {
    using server = await filled(1)
    const { items } = (await server.ask('GET', '/v1/kv?prefix=k&keys=true')).json() as ListResponse
    expect(items).toEqual([{ key: 'k000000', created: 1, modified: 1, version: 1 }])
  })

  it('streams a long list, while writes go on that do not show', async () => {
    using server = await filled(30_000)
    const list = server.ask('GET', '/v1/kv?limit=100000')
    for (let at = 0; at < 50; at++) await server.ask('DELETE', `/v1/kv/k${String(29_999 - at).padStart(6, '0')}`)
    const { items, revision } = (await list).json() as ListResponse
    expect([1, 30_002 - (revision - 1)]).toContain(items.length === 30_002 ? 1 : items.length)
    expect(items.length).toBeGreaterThan(29_000)
  })

  it.each(['limit=0', 'limit=x', 'limit=1000001', 'cursor=%21', 'keys=maybe', 'prefix=%z', 'from=%e', 'cursor=%ff'])(
    'refuses %s',
    async query => {
      using server = await serve()
      expect(await server.ask('GET', `/v1/kv?${query}`)).toMatchObject({ status: 400, code: 'INVALID_QUERY' })
    },
  )

  it.each(['0', '-1', '1.5', '1000001'])('says what a limit may be: not %s', async limit => {
    using server = await serve()
    const refused = await server.ask('GET', `/v1/kv?limit=${limit}`)
    expect(refused.json()).toMatchObject({ error: { message: 'limit is a whole number from 1 to 1000000' } })
  })

  it('deletes what begins with a prefix', async () => {
    using server = await filled()
    expect((await server.ask('DELETE', '/v1/kv?prefix=k00000')).json()).toMatchObject({ deleted: 10 })
    expect((await server.ask('DELETE', '/v1/kv?prefix=%ff')).json()).toMatchObject({ deleted: 1 })
    expect((await server.ask('DELETE', '/v1/kv?prefix=')).json()).toMatchObject({ deleted: 16 })
    expect(server.store.size).toBe(0)
  })
})

describe('/v1/txn', () => {
  const txn = (server: Awaited<ReturnType<typeof serve>>, body: unknown) => server.ask('POST', '/v1/txn', JSON.stringify(body))

  it('does one of two things, as the conditions say', async () => {
    using server = await serve()
    const body = {
      compare: [{ key: 'a', target: 'version', operand: 0 }],
      success: [
        { op: 'put', key: 'a', value: '1' },
        { op: 'put', key: 'b', valueBase64: '/w==' },
        { op: 'get', key: 'a' },
      ],
      failure: [
        { op: 'get', key: 'b' },
        { op: 'get', key: 'c' },
        { op: 'delete', key: 'a' },
        { op: 'deletePrefix', prefix: '' },
      ],
    }
    expect((await txn(server, body)).json()).toEqual({
      revision: 11,
      succeeded: true,
      results: [{ op: 'put' }, { op: 'put' }, { op: 'get', item: { key: 'a', value: '1', created: 11, modified: 11, version: 1 } }],
    })
    expect((await txn(server, body)).json()).toEqual({
      revision: 12,
      succeeded: false,
      results: [
        { op: 'get', item: { key: 'b', valueBase64: '/w==', created: 11, modified: 11, version: 1 } },
        { op: 'get', item: null },
        { op: 'delete', deleted: 1 },
        { op: 'deletePrefix', deleted: 1 },
      ],
    })
  })

  it.each([
    [{ target: 'value', value: '1' }, true],
    [{ target: 'value', value: '2' }, false],
    [{ target: 'value', op: '!=', value: '2' }, true],
    [{ target: 'created', operand: 11 }, true],
    [{ target: 'modified', op: '>', operand: 11 }, true],
    [{ target: 'modified', op: '<', operand: 12 }, false],
    [{ target: 'version', op: '!=', operand: 2 }, false],
    [{ target: 'lease', operand: 0 }, true],
    [{ target: 'lock', operand: 5 }, false],
  ])('compares %o', async (compare, succeeded) => {
    using server = await serve()
    await server.ask('PUT', '/v1/kv/a', '0')
    await server.ask('PUT', '/v1/kv/a', '1')
    expect((await txn(server, { compare: [{ key: 'a', ...compare }] })).json()).toMatchObject({ succeeded })
  })

  it.each([
    ['', ''],
    ['QQ', 'A'],
    ['QQ==', 'A'],
    ['QUI', 'AB'],
    ['QUI=', 'AB'],
    ['QUJD', 'ABC'],
  ])('takes base64 with padding and without: %j', async (valueBase64, value) => {
    using server = await serve()
    expect(await txn(server, { success: [{ op: 'put', key: 'a', valueBase64 }] })).toMatchObject({ status: 200 })
    expect(server.store.get('a')?.value).toBe(value)
  })

  it('takes no value of a key that is not there for equal', async () => {
    using server = await serve()
    expect((await txn(server, { compare: [{ key: 'a', target: 'value', value: '' }] })).json()).toMatchObject({ succeeded: false })
    expect((await txn(server, { compare: [{ key: 'a', target: 'value', op: '!=', value: '' }] })).json()).toMatchObject({ succeeded: true })
  })

  it.each([
    [[], 'not an object'],
    [{}, 'nothing to do'],
    [{ when: [] }, 'field "when"'],
    [{ success: {} }, 'success is not a list'],
    [{ success: [1] }, 'success[0] is not an object'],
    [{ success: [{ op: 'put', key: 'a' }] }, 'value of success[0] is missing'],
    [{ success: [{ op: 'put', value: 'a' }] }, 'key of success[0] is missing'],
    [{ success: [{ op: 'put', key: 'a', keyBase64: 'YQ==', value: '' }] }, 'both key and keyBase64'],
    [{ success: [{ op: 'put', key: 'a', value: 1 }] }, 'not a string'],
    [{ success: [{ op: 'put', key: 'a', value: '', lease: -1 }] }, 'lease is not a whole number'],
    [{ success: [{ op: 'get', keyBase64: '?' }] }, 'not base64'],
    [{ success: [{ op: 'fly', key: 'a' }] }, 'op of success[0] is one of'],
    [{ success: [{ op: 'get', keyBase64: 'A' }] }, 'not base64'],
    [{ success: [{ op: 'put', key: 'a', valueBase64: 'A' }] }, 'valueBase64 of success[0] is not base64'],
    [{ success: [{ op: 'put', key: 'a', valueBase64: 'QUJDR' }] }, 'not base64'],
    [{ success: [{ op: 'put', key: 'a', valueBase64: 'QQ=' }] }, 'not base64'],
    [{ success: [{ op: 'put', key: 'a', valueBase64: '=' }] }, 'not base64'],
    [{ success: [{ op: 'put', key: 'a', valueBase64: 'QQ==\n' }] }, 'not base64'],
    [{ success: [{ op: 'put', key: 'a', value: '', ttlMs: 5 }] }, 'success[0] has a field "ttlMs"; it may have key, keyBase64, value'],
    [{ success: [{ op: 'put', key: 'a', value: '', '': 5 }] }, 'success[0] has a field ""'],
    [{ success: [{ op: 'delete', key: 'a', value: '' }] }, 'success[0] has a field "value"; it may have key, keyBase64 and op'],
    [{ failure: [{ op: 'get', key: 'a', lease: 1 }] }, 'failure[0] has a field "lease"'],
    [{ failure: [{ op: 'deletePrefix', prefix: 'a', key: 'a' }] }, 'failure[0] has a field "key"; it may have prefix'],
    [
      { compare: [{ key: 'a', target: 'version', cmp: '>', operand: 0 }] },
      'compare[0] has a field "cmp"; it may have key, keyBase64, target',
    ],
    [{ compare: [{ key: 'a', target: 'version', operand: 0, value: '' }] }, 'compare[0] has a field "value"'],
    [{ compare: [{ key: 'a', target: 'value', value: '', operand: 0 }] }, 'compare[0] has a field "operand"'],
    [{ failure: [{ op: 'deletePrefix' }] }, 'prefix of failure[0] is missing'],
    [{ compare: [{ key: 'a', target: 'age', operand: 1 }] }, 'target of compare[0] is one of'],
    [{ compare: [{ key: 'a', target: 'version', operand: 1.5 }] }, 'operand is not a whole number'],
    [{ compare: [{ key: 'a', target: 'value', op: '<', value: '' }] }, 'compared with = or !='],
    [{ compare: [{ key: 'a', target: 'version', op: '<>', operand: 1 }] }, 'op of compare[0] is one of'],
  ])('refuses %o', async (body, message) => {
    using server = await serve()
    const answer = await txn(server, body)
    expect(answer).toMatchObject({ status: 400, code: 'INVALID_BODY' })
    expect(answer.text).toContain(JSON.stringify(message).slice(1, -1))
    expect(server.node.writes).toBe(0)
  })

  it('refuses too many operations, an empty key, a large value and a lease that is over', async () => {
    using server = await serve({ limits: { txnOperationsMax: 2, valueBytesMax: 3 } })
    const get = { op: 'get', key: 'a' }
    expect(await txn(server, { success: [get, get, get] })).toMatchObject({ status: 413, code: 'TOO_LARGE' })
    expect(await txn(server, { success: [{ op: 'get', key: '' }] })).toMatchObject({ status: 400, code: 'INVALID_KEY' })
    expect(await txn(server, { success: [{ op: 'put', key: 'a', value: 'long' }] })).toMatchObject({ status: 413 })
    expect(await txn(server, { success: [{ op: 'put', key: 'a', value: '', lease: 9 }] })).toMatchObject({
      status: 404,
      code: 'LEASE_NOT_FOUND',
    })
  })

  it('refuses to read more than an answer between nodes may hold, and does nothing of it', async () => {
    using server = await serve()
    await server.ask('PUT', '/v1/kv/large', Buffer.alloc(1024 * 1024))
    const reads = (count: number) => Array.from({ length: count }, () => ({ op: 'get', key: 'large' }))
    const put = { op: 'put', key: 'a', value: '1' }
    const refused = await txn(server, { success: [put, ...reads(8)] })
    expect(refused).toMatchObject({ status: 413, code: 'TOO_LARGE' })
    expect(refused.text).toContain('"outcome":"not-applied"')
    expect(server.store.get('a')).toBeUndefined()
    expect(await txn(server, { success: [put, ...reads(7)] })).toMatchObject({ status: 200 })
    expect(await txn(server, { success: [{ ...put, key: 'large' }, ...reads(100)] })).toMatchObject({ status: 200 })
  })
})
