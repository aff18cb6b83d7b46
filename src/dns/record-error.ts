/** A record, as text or as octets, that can't be read; the message is a sentence for people. */
export class RecordError extends Error {
  override name = 'RecordError'
}
