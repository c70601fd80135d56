import { Orders } from "./orders.ts";

/** A try to log in. */
export interface Login {
  readonly user: string;
  /** Which of the ways: `form`, `two-step` or `code`. */
  readonly way: string;
  readonly accepted: boolean;
}

/** A file that was attached to an order. */
export interface Upload {
  readonly orderId: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** What the server knows to have happened. Of each list the last 1,000 entries are kept. */
export interface Records {
  readonly orders: Orders;
  readonly logins: Login[];
  /** Who logged out. */
  readonly logouts: string[];
  readonly uploads: Upload[];
  /** The names of the files that were fetched. */
  readonly downloads: string[];
  /** Each order of priorities that was saved. */
  readonly reorderings: (readonly string[])[];
  /** Each job of the packing line that was marked as packed. */
  readonly packed: string[];
  readonly payments: Readonly<Record<string, string>>[];
  readonly messages: Readonly<Record<string, string>>[];
  /** What was answered in dialogs. */
  readonly answers: { readonly dialog: string; readonly answer: string }[];
  /** Each change asked for at the JSON API, and the status that was answered. */
  readonly calls: { readonly method: string; readonly path: string; readonly status: number }[];
  /** The one-time codes that are still good, each for one login. */
  readonly codes: string[];
}

/** Makes the records of a back office that was just opened. */
export function createRecords(): Records {
  return {
    orders: new Orders(),
    logins: [],
    logouts: [],
    uploads: [],
    downloads: [],
    reorderings: [],
    packed: [],
    payments: [],
    messages: [],
    answers: [],
    calls: [],
    codes: ["314159", "271828", "161803", "141421", "173205"],
  };
}

/** Adds an entry to a list of the records. */
export function note<T>(list: T[], entry: T): void {
  list.push(entry);
  if (list.length > 1_000) list.shift();
}
