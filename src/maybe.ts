// A value now or later: keeps promises, and their microtasks, off the path of answers that need no waiting.

/** A value, or the promise of one. */
export type Maybe<T> = T | Promise<T>

/** Calls `use` with the value: at once where it is there, when it arrives where it is promised. */
export function after<T, U>(value: Maybe<T>, use: (value: T) => Maybe<U>): Maybe<U> {
  return value instanceof Promise ? value.then(use) : use(value)
}

/** As `after`, with `rescue` for what was thrown or rejected, by `start` or by `use`. */
export function attempt<T, U>(
  start: () => Maybe<T>,
  use: (value: T) => Maybe<U>,
  rescue: (error: unknown) => U,
): Maybe<U> {
  try {
    const value = after(start(), use)
    return value instanceof Promise ? value.catch(rescue) : value
  } catch (error) {
    return rescue(error)
  }
}
