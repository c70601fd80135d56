/** The fields of one server-sent event, in the order they are written. */
export interface SseFields {
  /** A line no reader sees. */
  readonly comment?: string;
  /** Milliseconds a reader waits before it reconnects. */
  readonly retryMs?: number;
  /** The position a reader sends back as `Last-Event-ID`. */
  readonly id?: string;
  /** The event's name; `message` when absent. */
  readonly event?: string;
  /** What it says; may have many lines. */
  readonly data?: string;
}

/**
 * Writes one server-sent event with its closing blank line.
 *
 * @throws RangeError where `id` or `event` holds CR, LF or NUL: such a value would forge fields, or be ignored.
 */
export function encodeSse({ comment, retryMs, id, event, data }: SseFields): string {
  let text = "";
  if (comment !== undefined) for (const line of comment.split(lineBreak)) text += `: ${line}\n`;
  if (retryMs !== undefined) text += `retry: ${wholeMilliseconds(retryMs)}\n`;
  if (id !== undefined) text += `id: ${oneLine("id", id)}\n`;
  if (event !== undefined) text += `event: ${oneLine("event", event)}\n`;
  if (data !== undefined) for (const line of data.split(lineBreak)) text += `data: ${line}\n`;
  return `${text}\n`;
}

const lineBreak = /\r\n|\r|\n/;

function oneLine(field: string, value: string): string {
  if (/[\r\n\0]/.test(value)) throw new RangeError(`An SSE ${field} must not hold CR, LF or NUL.`);
  return value;
}

function wholeMilliseconds(ms: number): number {
  if (!(ms >= 0 && Number.isFinite(ms))) throw new RangeError("An SSE retry must be a number of milliseconds.");
  return Math.round(ms);
}
