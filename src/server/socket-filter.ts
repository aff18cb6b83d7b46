// Programs for the kernel that drop a part of what some clients send before it takes room in a socket's buffer: classic BPF
// (linux/filter.h), which needs no privilege.
//
//   struct sock_filter (8 octets): code (2) jump if true (1) jump if false (1) k (4)

/** A client by the octets of its address, and the part of its datagrams that is let in, 0 to 1. */
export interface Quota {
  /** A character per octet, 4 or 16 of them. */
  readonly address: string
  readonly accept: number
}

/** BPF_LD | BPF_W | BPF_ABS */
const load = 0x20
/** BPF_JMP | BPF_JEQ | BPF_K */
const jumpEqual = 0x15
/** BPF_JMP | BPF_JGE | BPF_K */
const jumpNotBelow = 0x35
/** BPF_RET | BPF_K */
const end = 0x06
/** Whole datagrams. */
const everything = 0xffff_ffff
/** SKF_NET_OFF: from the beginning of the IP header. */
const networkHeader = 0xfff0_0000
/** SKF_AD_OFF + SKF_AD_RANDOM: 32 random bits. */
const random = 0xffff_f000 + 56
/** Where the source address is in the IP header (RFC 791 3.1, RFC 8200 3). */
const sourceAt = { 4: 12, 16: 8 } as const

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, k: number]

/** The program, BPF_MAXINSNS (4096) instructions at most. All of the addresses are of the socket's family. */
export function encodeFilter(quotas: readonly Quota[]): Buffer {
  const program: Instruction[] = [...quotas.flatMap(instructionsFor), [end, 0, 0, everything]]
  const octets = Buffer.alloc(program.length * 8)
  for (const [index, [code, ifTrue, ifFalse, k]] of program.entries()) {
    octets.writeUInt16LE(code, index * 8)
    octets.writeUInt8(ifTrue, index * 8 + 2)
    octets.writeUInt8(ifFalse, index * 8 + 3)
    octets.writeUInt32LE(k, index * 8 + 4)
  }
  return octets
}

/** Falls through to what comes after it for all other clients. */
function instructionsFor({ address, accept }: Quota): Instruction[] {
  const octets = Buffer.from(address, 'latin1')
  const from = sourceAt[octets.length as 4 | 16]
  const decide: Instruction[] = [
    [load, 0, 0, random],
    [jumpNotBelow, 0, 1, Math.min(everything, Math.max(0, Math.round(accept * 2 ** 32)))],
    [end, 0, 0, 0],
    [end, 0, 0, everything],
  ]
  const words = octets.length / 4
  return Array.from({ length: words }, (_, word): Instruction[] => {
    const rest = (words - word - 1) * 2 + decide.length
    return [
      [load, 0, 0, networkHeader + from + word * 4],
      [jumpEqual, 0, rest, octets.readUInt32BE(word * 4)],
    ]
  })
    .flat()
    .concat(decide)
}
