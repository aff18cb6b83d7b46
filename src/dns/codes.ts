// Numbers of the protocol and their names (IANA "Domain Name System (DNS) Parameters").

/** Record types we read, write or decide by; those without any name are printed as TYPE12 (RFC 3597 5). */
export const Type = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  NULL: 10,
  PTR: 12,
  HINFO: 13,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  SSHFP: 44,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  NSEC3: 50,
  TLSA: 52,
  SVCB: 64,
  HTTPS: 65,
  SPF: 99,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
  CAA: 257,
} as const

/** Those that are nothing to us but a name: in logs, in metrics, in what operators write. */
const otherTypes: Readonly<Record<string, number>> = {
  ...{ MD: 3, MF: 4, MB: 7, MG: 8, MR: 9, MINFO: 14, RP: 17, AFSDB: 18, X25: 19, ISDN: 20, RT: 21 },
  ...{ 'NSAP-PTR': 23, SIG: 24, KEY: 25, PX: 26, GPOS: 27, LOC: 29, NXT: 30, EID: 31, NIMLOC: 32, ATMA: 34 },
  ...{ KX: 36, CERT: 37, APL: 42, IPSECKEY: 45, DHCID: 49, NSEC3PARAM: 51, SMIMEA: 53, HIP: 55, NINFO: 56, RKEY: 57 },
  ...{ TALINK: 58, CDS: 59, CDNSKEY: 60, OPENPGPKEY: 61, CSYNC: 62, ZONEMD: 63, UINFO: 100, UID: 101, GID: 102 },
  ...{ UNSPEC: 103, NID: 104, L32: 105, L64: 106, LP: 107, EUI48: 108, EUI64: 109, NXNAME: 128, TKEY: 249 },
  ...{ MAILB: 253, MAILA: 254, URI: 256, AVC: 258, AMTRELAY: 260, RESINFO: 261, TA: 32_768, DLV: 32_769 },
}

export const Class = { IN: 1, CS: 2, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const

export const Opcode = { QUERY: 0, STATUS: 2, NOTIFY: 4, UPDATE: 5 } as const

/** Response codes (RFC 1035 4.1.1, RFC 6895 2.3); those over 15 need an OPT record (RFC 6891 6.1.3). */
export const Rcode = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  DSOTYPENI: 11,
  BADVERS: 16,
  BADKEY: 17,
  BADTIME: 18,
  BADMODE: 19,
  BADNAME: 20,
  BADALG: 21,
  BADTRUNC: 22,
  BADCOOKIE: 23,
} as const

/** EDNS option codes (RFC 6891 6.1.2). */
export const Option = {
  NSID: 3,
  CLIENT_SUBNET: 8,
  EXPIRE: 9,
  COOKIE: 10,
  TCP_KEEPALIVE: 11,
  PADDING: 12,
  EXTENDED_ERROR: 15,
} as const

/** Extended error codes (RFC 8914 4). */
export const ExtendedErrorCode = {
  OTHER: 0,
  STALE_ANSWER: 3,
  NOT_READY: 14,
  BLOCKED: 15,
  FILTERED: 17,
  PROHIBITED: 18,
  STALE_NXDOMAIN_ANSWER: 19,
  NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23,
} as const

const nameOf = (table: Readonly<Record<string, number>>) =>
  new Map(Object.entries(table).map(([name, code]) => [code, name]))
const types: Readonly<Record<string, number>> = { ...Type, ...otherTypes }
const typeNames = nameOf(types)
const classNames = nameOf(Class)
const opcodeNames = nameOf(Opcode)
const rcodeNames = nameOf(Rcode)

export const printType = (type: number): string => typeNames.get(type) ?? `TYPE${type}`
export const printClass = (klass: number): string => classNames.get(klass) ?? `CLASS${klass}`
export const printOpcode = (opcode: number): string => opcodeNames.get(opcode) ?? `OPCODE${opcode}`
export const printRcode = (rcode: number): string => rcodeNames.get(rcode) ?? `RCODE${rcode}`

/** The number of a type by name or as TYPE12, in any case; undefined if there is none. */
export const parseType = (text: string): number | undefined => parseCode(text, types, 'TYPE')
/** The number of a class by name or as CLASS12, in any case; undefined if there is none. */
export const parseClass = (text: string): number | undefined => parseCode(text, Class, 'CLASS')
/** The number of a response code by name, in any case; undefined if there is none. */
export const parseRcode = (text: string): number | undefined => parseCode(text, Rcode, 'RCODE')

function parseCode(text: string, table: Readonly<Record<string, number>>, prefix: string): number | undefined {
  const upper = text.toUpperCase()
  if (Object.hasOwn(table, upper)) return table[upper]
  if (!upper.startsWith(prefix) || !/^[0-9]{1,5}$/.test(upper.slice(prefix.length))) return undefined
  const code = Number(upper.slice(prefix.length))
  return code <= 0xffff ? code : undefined
}
