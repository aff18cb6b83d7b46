// Runs controllers: keys of what changed wait in a queue, each is reconciled from what is, never from what happened.
import type { Kind } from '../kinds.ts'
import { splitKey } from '../object.ts'
import type { Registry } from '../registry.ts'
import type { Change } from '../store.ts'

/** What a controller works with. */
export interface ControllerContext {
  readonly registry: Registry
  /** Reconciles a key of the same controller again after some milliseconds. */
  later(key: string, milliseconds: number): void
  /** Milliseconds that each step in the life of a pod takes. */
  readonly pace: number
}

export interface Controller {
  readonly name: string
  /** For every kind it watches: the keys, `NAMESPACE/NAME`, that a change concerns. */
  readonly watches: readonly { readonly kind: Kind | 'every'; keys(change: Change): Iterable<string> }[]
  /** Makes the world match the objects, as far as it can be done now. Repeating it does no harm. */
  reconcile(context: ControllerContext, namespace: string, name: string): void
}

/** Milliseconds a drain may take before requests get their turn. */
const slice = 10

export class ControllerRunner {
  readonly #queue = new Map<string, { readonly controller: Controller; readonly key: string }>()
  readonly #timers = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>()
  readonly #waiting: (() => void)[] = []
  readonly #unsubscribe: (() => void)[] = []
  readonly #contexts = new Map<Controller, ControllerContext>()
  readonly #onError: (message: string, error: unknown) => void
  #scheduled = false
  #closed = false

  constructor(options: {
    readonly controllers: readonly Controller[]
    readonly registry: Registry
    readonly pace: number
    readonly onError: (message: string, error: unknown) => void
  }) {
    const { controllers, registry, pace } = options
    this.#onError = options.onError
    for (const controller of controllers) {
      const later = (key: string, milliseconds: number) => this.#later(controller, key, milliseconds)
      this.#contexts.set(controller, { registry, later, pace })
      for (const { kind, keys } of controller.watches) {
        const unsubscribe = registry.store.subscribe(kind, (change) => {
          for (const key of keys(change)) this.#enqueue(controller, key)
        })
        this.#unsubscribe.push(unsubscribe)
      }
    }
  }

  /** Resolves once nothing waits, neither in the queue nor for a time. */
  async settled(): Promise<void> {
    if (this.#queue.size === 0 && this.#timers.size === 0) return
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  close(): void {
    this.#closed = true
    for (const unsubscribe of this.#unsubscribe) unsubscribe()
    for (const { timer } of this.#timers.values()) clearTimeout(timer)
    this.#timers.clear()
    this.#queue.clear()
    this.#tellSettled()
  }

  #enqueue(controller: Controller, key: string): void {
    if (this.#closed) return
    this.#queue.set(`${controller.name} ${key}`, { controller, key })
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#drain())
  }

  /** The earliest of several times asked for wins. */
  #later(controller: Controller, key: string, milliseconds: number): void {
    const id = `${controller.name} ${key}`
    const at = Date.now() + milliseconds
    const waiting = this.#timers.get(id)
    if (this.#closed || (waiting !== undefined && waiting.at <= at)) return
    clearTimeout(waiting?.timer)
    const timer = setTimeout(() => {
      this.#timers.delete(id)
      this.#enqueue(controller, key)
    }, milliseconds)
    this.#timers.set(id, { at, timer })
  }

  #drain(): void {
    this.#scheduled = false
    const end = performance.now() + slice
    for (const [id, { controller, key }] of this.#queue) {
      this.#queue.delete(id)
      this.#reconcile(controller, key)
      if (performance.now() > end) break
    }
    if (this.#queue.size > 0 && !this.#scheduled) {
      this.#scheduled = true
      setImmediate(() => this.#drain())
    }
    if (this.#queue.size === 0 && this.#timers.size === 0) this.#tellSettled()
  }

  #reconcile(controller: Controller, key: string): void {
    const context = this.#contexts.get(controller)
    if (context === undefined) return
    // Whether there is still something to wait for is found out anew.
    const id = `${controller.name} ${key}`
    clearTimeout(this.#timers.get(id)?.timer)
    this.#timers.delete(id)
    try {
      controller.reconcile(context, ...splitKey(key))
    } catch (error) {
      // Often a refusal that is part of life: the namespace is ending, the name is taken. What changes that brings the key back.
      this.#onError(`${controller.name}: ${key}`, error)
    }
  }

  #tellSettled(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/** For `watches`: the object itself. */
export function itself(change: Change): string[] {
  const { namespace = '', name } = change.object.metadata
  return [`${namespace}/${name}`]
}

/** For `watches`: the controlling owners of the object that are of this kind. */
export function controllerKeys(kind: Kind): (change: Change) => string[] {
  return ({ object }) =>
    (object.metadata.ownerReferences ?? [])
      .filter((owner) => owner.controller === true && owner.kind === kind.kind)
      .map((owner) => `${object.metadata.namespace ?? ''}/${owner.name}`)
}
