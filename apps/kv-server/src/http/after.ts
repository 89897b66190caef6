/** Goes on with a value: at once where it is there already, which spares a promise and a wait for its turn. */
export function after<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
