// The few calls of the C library that Node has no words for: many datagrams a call, a thread's time
// slice, memory that is not needed any more. Only importer of koffi.
//
// A wrong address here ends the process. Layouts, here and where buffers are filled, are those of 64-bit little-endian Linux, and
// every buffer whose address C is told is held by the object that told it.
import { createRequire } from 'node:module'

type Call = (...args: readonly unknown[]) => number

interface Koffi {
  load(path: string | null): { func(prototype: string): Call }
  address(buffer: Buffer): bigint
  errno(): number
}

export interface Libc {
  socket(family: number, type: number, protocol: number): number
  setsockopt(fd: number, level: number, option: number, value: Buffer, length: number): number
  getsockopt(fd: number, level: number, option: number, value: Buffer, length: Buffer): number
  bind(fd: number, address: Buffer, length: number): number
  close(fd: number): number
  recvmmsg(fd: number, messages: Buffer, count: number, flags: number, timeout: null): number
  sendmmsg(fd: number, messages: Buffer, count: number, flags: number): number
  sched_getattr(thread: number, attributes: Buffer, length: number, flags: number): number
  sched_setattr(thread: number, attributes: Buffer, flags: number): number
  madvise(address: number, length: number, advice: number): number
  errno(): number
  /** Of the buffer's first octet; good for as long as the buffer is referenced, for it is outside the heap and stays there. */
  address(buffer: Buffer): bigint
}

/** Not every C library has functions for these; the kernel's numbers for them. */
const numbers = { x64: { setattr: 314, getattr: 315 }, arm64: { setattr: 274, getattr: 275 } } as const

let found: Libc | null | undefined

/** Undefined where koffi is not installed, the platform is another, or CLUSTERDNS_UDP=dgram in the environment says so: whoever asks does without. */
export function libc(): Libc | undefined {
  found ??= openLibc() ?? null
  return found ?? undefined
}

function openLibc(): Libc | undefined {
  if (process.env.CLUSTERDNS_UDP === 'dgram') return undefined
  const { arch } = process
  if (process.platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) return undefined
  const koffi = loadKoffi()
  if (koffi === undefined) return undefined
  // This process has the C library already, whichever it is.
  const library = koffi.load(null)
  const setattr = library.func('long syscall(long, long, void *, long)')
  const getattr = library.func('long syscall(long, long, void *, long, long)')
  return {
    socket: library.func('int socket(int, int, int)'),
    setsockopt: library.func('int setsockopt(int, int, int, void *, uint32_t)'),
    getsockopt: library.func('int getsockopt(int, int, int, void *, void *)'),
    bind: library.func('int bind(int, void *, uint32_t)'),
    close: library.func('int close(int)'),
    recvmmsg: library.func('int recvmmsg(int, void *, uint32_t, int, void *)'),
    sendmmsg: library.func('int sendmmsg(int, void *, uint32_t, int)'),
    sched_getattr: (...args) => getattr(numbers[arch].getattr, ...args),
    sched_setattr: (...args) => setattr(numbers[arch].setattr, ...args),
    madvise: library.func('int madvise(uintptr_t, size_t, int)'),
    errno: () => koffi.errno(),
    address: (buffer) => koffi.address(buffer),
  }
}

/** It is an optional dependency: there are platforms it has no build for. */
function loadKoffi(): Koffi | undefined {
  try {
    return createRequire(import.meta.url)('koffi') as Koffi
  } catch {
    return undefined
  }
}
