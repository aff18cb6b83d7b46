// Weights of addresses: read from the text of a weight file, and kept by each worker.
//
//   # a comment
//   www.example.org
//   192.0.2.1 3
//   2001:db8::1 1
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { parseAddress, unmappedAddress } from '../../dns/address.ts'
import { lowerName, type Name, NameError, parseName } from '../../dns/name.ts'
import { encodeAddress } from '../../dns/rdata.ts'
import type { Rdata } from '../../dns/rrset.ts'

/** By lower-cased owner and address; what is not there weighs 1. */
export type Weights = ReadonlyMap<Name, ReadonlyMap<Rdata, number>>

/** A weight file that makes no sense; the message is CoreDNS's. */
export class WeightError extends Error {
  override name = 'WeightError'
}

export function weightOf(weights: Weights, owner: Name, rdata: Rdata): number {
  return weights.get(lowerName(owner))?.get(rdata) ?? 1
}

/** `path` is for the messages. Throws WeightError. */
export function parseWeights(text: string, path: string): Weights {
  const weights = new Map<Name, Map<Rdata, number>>()
  let current: Map<Rdata, number> | undefined
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line === '' || line.startsWith('#')) continue
    const [first = '', weight, ...others] = line.split(/\s+/)
    if (others.length > 0) throw new WeightError(`could not parse weight line:"${line}" in weight file ${path}`)
    if (weight === undefined) {
      const name = parseOwner(first, path)
      current = weights.get(name) ?? new Map<Rdata, number>()
      weights.set(name, current)
      continue
    }
    if (parseAddress(first) === undefined) {
      throw new WeightError(`wrong IP address:"${first}" in weight file ${path}`)
    }
    const value = /^[0-9]+$/.test(weight) ? Number(weight) : 0
    if (value < 1 || value > 255) throw new WeightError(`wrong weight value:"${weight}" in weight file ${path}`)
    if (current === undefined) throw new WeightError(`missing domain name in weight file ${path}`)
    const rdata = encodeAddress(unmappedAddress(first))
    // Of several the first one counts.
    if (!current.has(rdata)) current.set(rdata, value)
  }
  return weights
}

function parseOwner(text: string, path: string): Name {
  const words = `wrong domain name:"${text}" in weight file ${path}. (Maybe a missing weight value?)`
  if (parseAddress(text) !== undefined) throw new WeightError(words)
  try {
    return lowerName(parseName(text))
  } catch (error) {
    if (!(error instanceof NameError)) throw error
    throw new WeightError(words, { cause: error })
  }
}

/** The weights as they are told on the port from now on; those told so far are there at once. */
export function weightsFrom(port: MessagePort): () => Weights {
  let weights: Weights = (receiveMessageOnPort(port)?.message as Weights | undefined) ?? new Map()
  port.on('message', (message: Weights) => {
    weights = message
  })
  port.unref()
  return () => weights
}
