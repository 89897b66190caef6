/** Upper bounds, in seconds. */
const bounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** What is counted while requests are answered: plain numbers, put into words only when they are asked for. */
export class Metrics {
  /** By path, then by method: names put together would cost every request a string. */
  readonly #routes = new Map<string, Map<string, RouteMetrics>>()
  leaderChanges = 0
  faults = 0

  /** Of one route and method, named as in the API's description. */
  route(method: string, path: string): RouteMetrics {
    const methods = this.#routes.get(path) ?? new Map<string, RouteMetrics>()
    let route = methods.get(method)
    if (route === undefined) {
      route = new RouteMetrics(method, path)
      this.#routes.set(path, methods.set(method, route))
    }
    return route
  }

  get routes(): Iterable<RouteMetrics> {
    return [...this.#routes.values()].flatMap(methods => [...methods.values()])
  }
}

export class RouteMetrics {
  readonly method: string
  readonly path: string
  readonly statuses = new Map<number, number>()
  /** By upper bound; the last has none. */
  readonly buckets: number[] = Array.from({ length: bounds.length + 1 }, () => 0)
  seconds = 0

  constructor(method: string, path: string) {
    this.method = method
    this.path = path
  }

  answered(status: number, ms: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    const seconds = ms / 1000
    let at = 0
    while (at < bounds.length && seconds > (bounds[at] as number)) at++
    this.buckets[at] = (this.buckets[at] as number) + 1
    this.seconds += seconds
  }

  /** As Prometheus wants them: each with all below it. */
  *cumulative(): Generator<readonly [bound: string, count: number]> {
    let sum = 0
    for (const [at, count] of this.buckets.entries()) {
      sum += count
      yield [at < bounds.length ? String(bounds[at]) : '+Inf', sum]
    }
  }
}
