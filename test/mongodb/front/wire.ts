/**
 * MongoDB's wire protocol, as far as drivers use it: OP_MSG, and the OP_QUERY of a first hello.
 *
 * https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
 *
 * @module
 */
import { BSON } from "mongodb";

/** Any document. */
export type Document = Record<string, unknown>;

/** A command that a driver sent. */
export interface Message {
  readonly requestId: number;
  readonly body: Document;
  /** A first hello, which is answered in the protocol of its day. */
  readonly isLegacy: boolean;
  /** Whether the driver waits for no answer, as it does with the write concern 0. */
  readonly isUnanswered: boolean;
}

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const HEADER = 16;
const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;

/** Numbers stay what they are on the wire: a long must not become a double on its way through. */
const EXACT = { promoteValues: false, promoteLongs: false, promoteBuffers: false } as const;

/** Cuts a stream of bytes into messages. */
export function messageReader(onMessage: (message: Message) => void): (chunk: Buffer) => void {
  let bytes: Buffer = Buffer.alloc(0);
  return (chunk) => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    while (bytes.length >= HEADER && bytes.length >= bytes.readInt32LE(0)) {
      const length = bytes.readInt32LE(0);
      onMessage(messageFrom(bytes.subarray(0, length)));
      bytes = bytes.subarray(length);
    }
  };
}

function messageFrom(bytes: Buffer): Message {
  const [requestId, operation] = [bytes.readInt32LE(4), bytes.readInt32LE(12)];
  if (operation === OP_QUERY) {
    // Flags, the name of a collection and a zero, two numbers, the document.
    const document = bytes.subarray(bytes.indexOf(0, HEADER + 4) + 1 + 8);
    return { requestId, body: BSON.deserialize(document, EXACT), isLegacy: true, isUnanswered: false };
  }
  if (operation !== OP_MSG) throw new Error(`Cannot read a message of kind ${operation}`);
  const flags = bytes.readUInt32LE(HEADER);
  const end = bytes.length - (flags & CHECKSUM_PRESENT ? 4 : 0);
  return { requestId, body: bodyOf(bytes, end), isLegacy: false, isUnanswered: (flags & MORE_TO_COME) !== 0 };
}

/** The body, with the documents that stand beside it in it. */
function bodyOf(bytes: Buffer, end: number): Document {
  const body: Document = {};
  for (let at = HEADER + 4; at < end; ) {
    const isSequence = bytes[at] === 1;
    const length = bytes.readInt32LE(at + 1);
    const section = bytes.subarray(at + 1, at + 1 + length);
    Object.assign(body, isSequence ? sequenceOf(section) : BSON.deserialize(section, EXACT));
    at += 1 + length;
  }
  return body;
}

function sequenceOf(section: Buffer): Document {
  const nameEnd = section.indexOf(0, 4);
  const documents: Document[] = [];
  for (let at = nameEnd + 1; at < section.length; at += section.readInt32LE(at))
    documents.push(BSON.deserialize(section.subarray(at, at + section.readInt32LE(at)), EXACT));
  return { [section.toString("utf8", 4, nameEnd)]: documents };
}

/** An answer as it goes to the driver. */
export function answerTo({ requestId, isLegacy }: Message, answer: Document): Buffer {
  const document = Buffer.from(BSON.serialize(answer));
  const head = Buffer.alloc(isLegacy ? 20 : 5);
  // Of an old answer: it is the first of one document. A new one: no flags, and a section of the first kind.
  if (isLegacy) head.writeInt32LE(1, 16);
  const header = Buffer.alloc(HEADER);
  header.writeInt32LE(HEADER + head.length + document.length, 0);
  header.writeInt32LE(requestId, 8);
  header.writeInt32LE(isLegacy ? OP_REPLY : OP_MSG, 12);
  return Buffer.concat([header, head, document]);
}
