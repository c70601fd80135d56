import { Buffer } from "node:buffer";

/** Bytes of messages on the wire, read from one place to the next. */
export class Wire {
  /** Where the next value begins. */
  pos = 0;
  readonly bytes: Buffer;
  /** The same bytes, for who reads several at once. */
  readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Takes a number of 32 bits; what a longer one has beyond them is dropped. */
  uint32(): number {
    const { bytes } = this;
    let byte = bytes[this.pos++] ?? 0;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80 && shift < 70; shift += 7) {
      byte = bytes[this.pos++] ?? 0;
      if (shift < 32) value |= (byte & 0x7f) << shift;
    }
    return value >>> 0;
  }

  /** Takes a number of 53 bits that is not negative. */
  uint53(): number {
    let value = 0;
    let scale = 1;
    for (let byte = 0x80; byte >= 0x80 && scale < 2 ** 70; scale *= 0x80) {
      byte = this.bytes[this.pos++] ?? 0;
      value += (byte & 0x7f) * scale;
    }
    return value;
  }

  /** Takes eight bytes. */
  double(): number {
    const value = this.bytes.readDoubleLE(this.pos);
    this.pos += 8;
    return value;
  }

  /** Takes a text, a character for each of its bytes. */
  latin1(): string {
    const length = this.uint32();
    this.pos += length;
    return this.bytes.toString("latin1", this.pos - length, this.pos);
  }

  /** Passes over a value of this type. @throws RangeError for one that is no type. */
  skip(wireType: number): void {
    if (wireType === 0) this.uint53();
    else if (wireType === 1) this.pos += 8;
    else if (wireType === 2) {
      const length = this.uint32();
      this.pos += length;
    } else if (wireType === 5) this.pos += 4;
    else throw new RangeError("A field of no type that there is.");
  }
}
