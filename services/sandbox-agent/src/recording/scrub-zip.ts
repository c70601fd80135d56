import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { type Entry, openPromise, type ZipFile as ZipReader } from "yauzl";
import { ZipFile } from "yazl";
import type { Scrub } from "./scrub.ts";

/** Files that are read whole are no larger than this; what is larger is left out. */
const wholeBytes = 64 * 1024 * 1024;

/** Which files of an archive to take, and under which name; nothing leaves a file out. */
export type NameEntry = (name: string) => string | undefined;

/** One archive to take files from. */
export interface ZipSource {
  readonly path: string;
  readonly nameOf: NameEntry;
}

/** Writes one archive of the files of others, one after the other, without the secrets in them. Of two files with one name the first is kept. */
export async function scrubZips(sources: readonly ZipSource[], target: string, scrub: Scrub): Promise<void> {
  const zip = new ZipFile();
  const written = pipeline(zip.outputStream, createWriteStream(target, { mode: 0o600 }));
  written.catch(() => {});
  const names = new Set<string>();
  for (const { path, nameOf } of sources) {
    const source = await openPromise(path);
    try {
      for await (const entry of source.eachEntry()) {
        const name = nameOf(entry.fileName);
        if (name === undefined || names.has(name)) continue;
        names.add(name);
        await add(zip, name, entry, source, scrub);
      }
    } finally {
      source.close();
    }
  }
  zip.end();
  await written;
}

async function add(zip: ZipFile, name: string, entry: Entry, source: ZipReader, scrub: Scrub): Promise<void> {
  const isLines = /\.(trace|network|stacks)$/.test(name);
  if (!isLines && entry.uncompressedSize > wholeBytes) return;
  const content = await source.openReadStreamPromise(entry);
  const scrubbed = isLines ? Readable.from(scrubLines(content, scrub)) : await scrubWhole(content, scrub);
  if (scrubbed === undefined) return;
  // Pictures are as small as they get.
  zip.addReadStream(scrubbed, name, { compress: !/\.(jpe?g|png|webp|woff2?)$/.test(name) });
  if (!scrubbed.readableEnded) await finished(scrubbed, { writable: false });
}

async function* scrubLines(content: Readable, scrub: Scrub): AsyncGenerator<string> {
  for await (const line of createInterface({ input: content, crlfDelay: Number.POSITIVE_INFINITY })) yield `${scrub.line(line)}\n`;
}

async function scrubWhole(content: Readable, scrub: Scrub): Promise<Readable | undefined> {
  const bytes = scrub.bytes(Buffer.concat(await Array.fromAsync(content as AsyncIterable<Buffer>)));
  return bytes && Readable.from([bytes]);
}
