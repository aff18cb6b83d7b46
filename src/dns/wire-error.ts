// A message that can't be taken for what it should be: an rcode for its sender, or silence.

export class WireError extends Error {
  override name = 'WireError'
  /** FORMERR, NOTIMP or BADVERS. */
  readonly rcode: number
  /** Of the message; undefined where it deserves no reply: too short for a header, or itself a reply. */
  readonly id: number | undefined
  /** Where the message's question ends; 12, the end of the header, where it wasn't read or isn't to be told. */
  readonly questionEnd: number

  constructor(rcode: number, id: number | undefined, problem: string, questionEnd = 12) {
    super(problem)
    this.rcode = rcode
    this.id = id
    this.questionEnd = questionEnd
  }
}
