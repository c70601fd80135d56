import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { Fault } from "@clew/fault/fault";

const version = 1;
const ivBytes = 12;
const tagBytes = 16;
const headBytes = 1 + ivBytes + tagBytes;

/** Encrypts a text for its owner. */
export function sealText(key: Buffer, owner: readonly string[], text: string): Buffer {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", key, iv, { authTagLength: tagBytes });
  cipher.setAAD(ownerBytes(owner));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([Buffer.of(version), iv, cipher.getAuthTag(), sealed]);
}

/** Decrypts what `sealText` made; a file that was put in the place of another owner's does not open. @throws Fault STATE_UNREADABLE. */
export function unsealText(key: Buffer, owner: readonly string[], bytes: Buffer): string {
  try {
    if (bytes[0] !== version) throw new Error("Another version.");
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(1, 1 + ivBytes), { authTagLength: tagBytes });
    decipher.setAAD(ownerBytes(owner)).setAuthTag(bytes.subarray(1 + ivBytes, headBytes));
    return Buffer.concat([decipher.update(bytes.subarray(headBytes)), decipher.final()]).toString("utf8");
  } catch (cause) {
    throw new Fault("STATE_UNREADABLE", { cause });
  }
}

/** Names an owner without a doubt where one part ends. */
export function ownerBytes(owner: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(owner));
}
