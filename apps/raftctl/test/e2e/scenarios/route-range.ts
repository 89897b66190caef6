import { strict as assert } from 'node:assert'
import { expectCases, jsonOf } from '../harness/cases.ts'
import { followersOf, startCluster } from '../harness/cluster.ts'
import { ask } from '../harness/http.ts'
import type { Scenario } from '../harness/scenario.ts'

export const routeRange: readonly Scenario[] = [
  {
    name: '/v1/kv and /v1/txn: ordered pages, prefixes, transactions over many keys, on any node; every refusal',
    run: async folder => {
      const cluster = await startCluster(folder)
      const [one, two] = await followersOf(cluster)
      const keys = Array.from({ length: 25 }, (_, n) => `k${String(n).padStart(2, '0')}`)
      await ask('POST', one.http, '/key', { body: JSON.stringify(Object.fromEntries(keys.map(key => [key, key]))) })
      const seen: string[] = []
      for (let cursor = ''; ; ) {
        const page = jsonOf(await ask('GET', two.http, `/v1/kv?prefix=k&limit=10${cursor}`))
        seen.push(...page.items.map(({ key }: { key: string }) => key))
        if (page.next === null) break
        cursor = `&cursor=${page.next}`
      }
      assert.deepEqual(seen, keys)
      assert.deepEqual(
        jsonOf(await ask('GET', one.http, '/v1/kv?from=k03&to=k05&keys=true')).items.map(
          ({ key, value }: { key: string; value?: string }) => [key, value],
        ),
        [
          ['k03', undefined],
          ['k04', undefined],
        ],
      )

      const transfer = {
        compare: [{ key: 'k00', target: 'value', value: 'k00' }],
        success: [
          { op: 'put', key: 'k00', value: 'moved' },
          { op: 'delete', key: 'k01' },
          { op: 'get', key: 'k02' },
        ],
        failure: [{ op: 'get', key: 'k00' }],
      }
      const run = async () => jsonOf(await ask('POST', two.http, '/v1/txn', { body: JSON.stringify(transfer) }))
      const [done, refused] = [await run(), await run()]
      assert.deepEqual([done.succeeded, done.results[1], done.results[2].item.value], [true, { op: 'delete', deleted: 1 }, 'k02'])
      assert.deepEqual([refused.succeeded, refused.results[0].item.value], [false, 'moved'])
      assert.equal(jsonOf(await ask('DELETE', one.http, '/v1/kv?prefix=k1')).deleted, 10)

      const txn = (body: unknown) => ['POST', '/v1/txn', { body: typeof body === 'string' ? body : JSON.stringify(body) }] as const
      await expectCases(one.http, [
        ['GET', '/v1/kv?limit=0', {}, 400, 'INVALID_QUERY'],
        ['GET', '/v1/kv?limit=many', {}, 400, 'INVALID_QUERY'],
        ['GET', '/v1/kv?cursor=*', {}, 400, 'INVALID_QUERY'],
        ['GET', '/v1/kv?keys=maybe', {}, 400, 'INVALID_QUERY'],
        ['DELETE', '/v1/kv', {}, 400, 'INVALID_QUERY'],
        ['POST', '/v1/kv', { body: 'x' }, 405, 'METHOD_NOT_ALLOWED'],
        [...txn('['), 400, 'INVALID_BODY'],
        [...txn({}), 400, 'INVALID_BODY'],
        [...txn({ succes: [] }), 400, 'INVALID_BODY'],
        [...txn({ success: [{ op: 'put', key: 'a' }] }), 400, 'INVALID_BODY'],
        [...txn({ success: [{ op: 'put', key: 'a', value: '1', lease: 999_999 }] }), 404, 'LEASE_NOT_FOUND'],
        [...txn({ success: Array(1_025).fill({ op: 'get', key: 'a' }) }), 413, 'TOO_LARGE'],
        ['GET', '/v1/txn', {}, 405, 'METHOD_NOT_ALLOWED'],
      ])
    },
  },
]
