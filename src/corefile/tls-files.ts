// The files by which we and the other end of a TLS connection know each other: `CERT KEY`, `CA`, in PEM.
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { ValueError } from './values.ts'

/** PEM texts. */
export interface TlsOptions {
  /** Ours, with its key; undefined where we don't show one. */
  readonly cert: string | undefined
  readonly key: string | undefined
  /** Who may sign the other end's; undefined: those this host trusts. */
  readonly ca: string | undefined
}

export const plainTls: TlsOptions = { cert: undefined, key: undefined, ca: undefined }

/** `tls`, `tls CA`, `tls CERT KEY`, `tls CERT KEY CA`. Reads the files; throws ValueError, in Go's words. */
export function readTlsFiles(args: readonly string[]): TlsOptions {
  const [certFile, keyFile, caFile] = args.length === 1 ? [undefined, undefined, args[0]] : args
  const pair = certFile === undefined || keyFile === undefined ? plainTls : readPair(certFile, keyFile)
  return { ...pair, ca: caFile === undefined ? undefined : readRoots(caFile) }
}

function readPair(certFile: string, keyFile: string): TlsOptions {
  const words = (why: string) => `could not load TLS cert: ${why}`
  const cert = read(certFile, words)
  const key = read(keyFile, words)
  let fits: boolean
  try {
    fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))
  } catch (error) {
    throw new ValueError(words(`tls: ${(error as Error).message}`), { cause: error })
  }
  if (!fits) throw new ValueError(words('tls: private key does not match public key'))
  return { cert, key, ca: undefined }
}

function readRoots(file: string): string {
  const text = read(file, (why) => `error reading ${file}: ${why}`)
  try {
    for (const [pem] of text.matchAll(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g)) {
      new X509Certificate(pem)
      return text
    }
  } catch (error) {
    throw new ValueError(`could not read root certs: ${(error as Error).message}`, { cause: error })
  }
  throw new ValueError(`could not read root certs: no certificate in ${file}`)
}

function read(file: string, words: (why: string) => string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new ValueError(words(openWords(file, error)), { cause: error })
  }
}

/** Why a file can't be read, as Go says it: `open FILE: no such file or directory`. */
export function openWords(file: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return `open ${file}: no such file or directory`
  if (code === 'EACCES') return `open ${file}: permission denied`
  if (code === 'EISDIR') return `read ${file}: is a directory`
  return message
}
