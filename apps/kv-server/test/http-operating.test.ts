import { RaftError } from 'raft-node'
import { describe, expect, it } from 'vitest'
import { serve } from './support/serve.ts'

describe('POST /join', () => {
  const request = { id: 'n4', addr: '127.0.0.1:8486', http: '127.0.0.1:8480', incarnation: 'b' }

  it('lets a node in', async () => {
    using server = await serve()
    const answer = await server.ask('POST', '/join', JSON.stringify(request))
    expect(answer.status).toBe(200)
    expect(answer.json()).toMatchObject({ clusterId: 'c1', id: 'n4', members: [{ id: 'n1' }, { id: 'n2' }, { id: 'n3' }] })
    expect(server.node.joinRequests).toEqual([
      { id: 'n4', address: '127.0.0.1:8486', clientAddress: '127.0.0.1:8480', incarnation: 'b', replace: false },
    ])
  })

  it('looks at no body of somebody without a token or a secret, and at no long one', async () => {
    using server = await serve({ tokens: 'admin operator token-of-the-operator' })
    const started = 'POST /join HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n'
    expect(await server.raw(`${started}Connection: close\r\n\r\n{`)).toMatch(/^HTTP\/1\.1 401 /)
    const as = { Authorization: 'Bearer token-of-the-operator' }
    const long = JSON.stringify({ ...request, http: 'x'.repeat(8 * 1024) })
    expect(await server.ask('POST', '/join', long, as)).toMatchObject({ status: 413, code: 'TOO_LARGE' })
    expect(await server.ask('POST', '/join', long, { ...as, 'Transfer-Encoding': 'chunked' })).toMatchObject({ status: 413 })
    expect(await server.ask('POST', '/join', JSON.stringify(request), as)).toMatchObject({ status: 200 })
  })

  it('replaces a member when asked to', async () => {
    using server = await serve()
    const answer = await server.ask('POST', '/join', JSON.stringify({ ...request, id: 'n2', replace: true }))
    expect(answer.json()).toMatchObject({ id: 'n2~2' })
  })

  it('passes on why not', async () => {
    using server = await serve()
    server.node.failure = new RaftError('WIPED_MEMBER', 'n2 is a member already: raftctl node join --replace …')
    const answer = await server.ask('POST', '/join', JSON.stringify(request))
    expect(answer.status).toBe(409)
    expect(answer.json()).toMatchObject({
      error: { code: 'WIPED_MEMBER', message: 'n2 is a member already: raftctl node join --replace …' },
    })
  })

  it.each([
    [{ ...request, id: undefined }, 'id is missing'],
    [{ ...request, id: 7 }, 'id is missing'],
    [{ ...request, addr: '' }, 'addr is missing'],
    [{ ...request, http: 1 }, 'http is not a string'],
    [{ ...request, incarnation: 1 }, 'incarnation is not a string'],
    [{ ...request, replace: 'yes' }, 'replace is neither true nor false'],
    [[], 'not an object'],
  ])('refuses %j', async (body, message) => {
    using server = await serve()
    const answer = await server.ask('POST', '/join', JSON.stringify(body))
    expect(answer.status).toBe(400)
    expect(answer.json()).toMatchObject({ error: { code: 'INVALID_BODY', message: expect.stringContaining(message) } })
    expect(server.node.joinRequests).toEqual([])
  })
})

describe('POST /join by hand, for a node that is yet to be started', () => {
  const byHand = { id: 'n4', addr: '127.0.0.1:8486', http: '127.0.0.1:8480' }

  it('makes it a member, once', async () => {
    using server = await serve()
    for (let times = 0; times < 2; times++) {
      const answer = await server.ask('POST', '/join', JSON.stringify(byHand))
      expect(answer.status).toBe(200)
      expect(answer.json()).toMatchObject({ clusterId: 'c1', id: 'n4' })
    }
    expect(server.node.members.filter(({ id }) => id === 'n4')).toMatchObject([
      { address: '127.0.0.1:8486', clientAddress: '127.0.0.1:8480', incarnation: '', learner: true },
    ])
    expect(server.node.reads).toBe(2) // the members as they are, and not as this node knew them
  })

  it('takes the place of a member only when asked to, and never of one that is alive', async () => {
    using server = await serve()
    const ask = (fields: object) => server.ask('POST', '/join', JSON.stringify({ ...byHand, ...fields }))
    expect(await ask({ id: 'n2' })).toMatchObject({ status: 409, code: 'ALREADY_A_MEMBER' })
    expect(await ask({ addr: '127.0.0.1:8286' })).toMatchObject({ status: 409, code: 'ALREADY_A_MEMBER' })
    expect(await ask({ id: 'n1', replace: true })).toMatchObject({ status: 409, code: 'ALREADY_A_MEMBER' })
    expect(server.node.members).toHaveLength(3)
    expect((await ask({ id: 'n2', replace: true })).json()).toMatchObject({ id: 'n2~2' })
    expect(server.node.members.map(({ id }) => id)).toEqual(['n1', 'n3', 'n2~2'])
  })

  it('needs a leader, and a token with the role admin where there are tokens', async () => {
    using leaderless = await serve()
    leaderless.node.leaderId = undefined
    expect(await leaderless.ask('POST', '/join', JSON.stringify(byHand))).toMatchObject({ status: 503, code: 'NO_LEADER' })
    using guarded = await serve({ tokens: 'admin operator token-of-the-operator\nwrite writer token-of-the-writer' })
    const as = (token: string) => guarded.ask('POST', '/join', JSON.stringify(byHand), { Authorization: `Bearer ${token}` })
    expect((await as('join-secret-of-another-node')).status).toBe(401)
    expect((await as('token-of-the-writer')).status).toBe(403)
    expect((await as('token-of-the-operator')).status).toBe(200)
  })
})

describe('GET /v1/status', () => {
  it('says who leads, and how many failures the cluster survives', async () => {
    using server = await serve()
    await server.ask('POST', '/key', '{"foo":"bar"}')
    const status = (await server.ask('GET', '/v1/status')).json()
    expect(status).toMatchObject({
      id: 'n1',
      clusterId: 'c1',
      role: 'leader',
      leader: { id: 'n1', address: '127.0.0.1:8186', clientAddress: '127.0.0.1:8180' },
      term: 3,
      applied: 11,
      keys: 1,
      quorum: { voters: 3, needed: 2, reachable: 3, failureTolerance: 1 },
      members: [
        { id: 'n1', reachable: true, voter: true },
        { id: 'n2', reachable: true },
        { id: 'n3', reachable: true },
      ],
      fault: null,
      repairs: null,
      diskFull: null,
    })
  })

  it('counts only voters that answer', async () => {
    using server = await serve()
    server.node.members = server.node.members.map(member => ({ ...member, active: member.id === 'n2' }))
    expect((await server.ask('GET', '/v1/status')).json()).toMatchObject({ quorum: { reachable: 2, failureTolerance: 0 } })
  })

  it('counts the harder majority while membership is joint', async () => {
    using server = await serve()
    server.node.outgoing = ['n1', 'n7', 'n8']
    const { quorum } = (await server.ask('GET', '/v1/status')).json() as { quorum: unknown }
    expect(quorum).toEqual({ voters: 3, needed: 2, reachable: 1, failureTolerance: 0 })
  })

  it('is answered without a leader, from connections', async () => {
    using server = await serve()
    server.node.leaderId = undefined
    server.connected.add('n3')
    const status = (await server.ask('GET', '/v1/status')).json()
    expect(status).toMatchObject({ leader: null, role: 'follower', quorum: { reachable: 2 } })
  })
})

describe('health', () => {
  it('is ok in one word, or with every check', async () => {
    using server = await serve()
    expect(await server.ask('GET', '/livez')).toMatchObject({ status: 200, text: 'ok\n' })
    expect(await server.ask('GET', '/readyz')).toMatchObject({ status: 200, text: 'ok\n' })
    expect(await server.ask('GET', '/readyz?verbose')).toMatchObject({
      status: 200,
      text: '[+]started ok\n[+]serving ok\n[+]log ok\n[+]leader ok\n[+]caught-up ok\n[+]disk ok\n[+]event-loop ok\n',
    })
  })

  it('without a leader is alive, but not ready, and says why', async () => {
    using server = await serve()
    server.node.leaderId = undefined
    expect(await server.ask('GET', '/livez')).toMatchObject({ status: 200 })
    const text = '[-]leader failed: no leader: 1 of 3 voters reachable, 2 needed\n'
    expect(await server.ask('GET', '/readyz')).toMatchObject({ status: 503, text })
    server.connected.add('n2')
    const election = '[-]leader failed: no leader: an election is going on (2 of 3 voters reachable, 2 needed)\n'
    expect(await server.ask('GET', '/readyz')).toMatchObject({ status: 503, text: election })
  })

  it('with a log that is being filled again is alive, but not ready', async () => {
    using server = await serve()
    server.node.repairs = 'entry 4 is missing'
    expect(await server.ask('GET', '/livez')).toMatchObject({ status: 200 })
    expect(await server.ask('GET', '/readyz')).toMatchObject({
      status: 503,
      text: '[-]log failed: entry 4 is missing; a leader fills its log again\n',
    })
  })

  it('that has much to apply yet, or stood still, is alive, but not ready', async () => {
    using server = await serve()
    server.node.lag = 10_001
    const catchingUp = '[-]caught-up failed: catching up: 10001 committed entries are not applied yet\n'
    expect(await server.ask('GET', '/readyz')).toMatchObject({ status: 503, text: catchingUp })
    server.node.lag = 0
    server.service.eventLoop.look(performance.now() + 2_200)
    const { status, text } = await server.ask('GET', '/readyz?verbose')
    expect(status).toBe(503)
    expect(text).toMatch(/^\[\+\]started ok\n.*\[-\]event-loop failed: event loop blocked: it was kept from its work for \d{4} ms within/s)
    expect(await server.ask('GET', '/livez')).toMatchObject({ status: 200 })
  })

  it('with a full disk is alive, but not ready, and says so', async () => {
    using server = await serve()
    server.node.diskFull = 'disk full: 3 MiB are left in /data'
    expect(await server.ask('GET', '/livez')).toMatchObject({ status: 200 })
    expect(await server.ask('GET', '/readyz')).toMatchObject({
      status: 503,
      text: '[-]disk failed: disk full: 3 MiB are left in /data\n',
    })
    expect((await server.ask('GET', '/metrics')).text).toContain('raft_disk_full 1')
  })

  it('with a fault is not ready; with a broken disk not even alive', async () => {
    using server = await serve()
    server.node.fault = { code: 'WIPED_MEMBER', message: 'join again' }
    expect(await server.ask('GET', '/livez')).toMatchObject({ status: 200 })
    expect(await server.ask('GET', '/readyz')).toMatchObject({ status: 503, text: '[-]serving failed: WIPED_MEMBER: join again\n' })
    server.node.fault = { code: 'STORAGE_FAILED', message: 'fsync failed' }
    expect(await server.ask('GET', '/livez?verbose')).toMatchObject({
      status: 503,
      text: '[+]process ok\n[-]storage failed: fsync failed\n',
    })
  })
})
