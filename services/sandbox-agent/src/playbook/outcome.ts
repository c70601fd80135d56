import type { Redact } from "@clew/playbook/redact";
import { Artifact_Kind, Outcome } from "@clew/proto/grpc/clew/run/v1/run";
import type { JsonValue } from "../actions/action.ts";
import type { RunFiles } from "../recording/run-files.ts";
import type { PlaybookEnd } from "./run-playbook.ts";
import { cutBytes, summarize, textBytes } from "./shorten.ts";
import type { Findings } from "./step-context.ts";
import { textOf } from "./store-value.ts";

const dataBytes = 16 * 1024;
const textsBytes = 24 * 1024;
const memoryBytes = 4 * 1024;

/**
 * Composes the outcome of what was found. It is masked once more, by all the secrets that are known by now; what does not fit an event is kept whole in the
 * artifact `outcome.json`.
 */
export async function composeOutcome(end: PlaybookEnd, findings: Findings, files: RunFiles, redact: Redact): Promise<Outcome> {
  const whole = redact({ data: Object.fromEntries(findings.stored), extractedTexts: findings.texts });
  const data = shortenData(whole.data);
  const texts = shortenTexts(whole.extractedTexts);
  const isTruncated = data.truncated || texts.truncated;
  const artifact = isTruncated
    ? await files.writeLast({ name: "outcome.json", kind: Artifact_Kind.DATA, contentType: "application/json" }, JSON.stringify(whole))
    : undefined;
  return Outcome.fromPartial({
    summary: summarize(redact(end.summary)),
    sessionMemory: cutBytes(redact(end.memory ?? ""), memoryBytes),
    ...(findings.stored.size > 0 && { data: data.value }),
    extractedTexts: texts.value,
    truncated: isTruncated,
    ...(artifact && { dataArtifact: artifact }),
    ...(end.kind === "failed" && { error: end.error }),
  });
}

function shortenData(whole: Readonly<Record<string, JsonValue>>): { value: Record<string, JsonValue>; truncated: boolean } {
  const size = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
  if (size(whole) <= dataBytes) return { value: whole, truncated: false };
  // JSON writes a byte as at most six.
  const share = Math.floor(dataBytes / Object.keys(whole).length / 6) - 20;
  const shorten = (value: JsonValue) => (size(value) <= share ? value : cutBytes(textOf(value), Math.max(0, share)));
  return { value: Object.fromEntries(Object.entries(whole).map(([name, value]) => [name, shorten(value)])), truncated: true };
}

function shortenTexts(whole: readonly string[]): { value: string[]; truncated: boolean } {
  const total = whole.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const share = total <= textsBytes ? textBytes : Math.min(textBytes, Math.floor(textsBytes / whole.length));
  const value = whole.map((text) => cutBytes(text, share));
  return { value, truncated: value.some((text, index) => text !== whole[index]) };
}
