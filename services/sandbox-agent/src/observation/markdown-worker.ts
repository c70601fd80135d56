import { parentPort, workerData } from "node:worker_threads";
import { convertMarkup, type MarkdownSource } from "./convert-markup.ts";

/** The thread that `toMarkdown` starts: converts what it was started with, says it and ends. */
parentPort?.postMessage(convertMarkup(workerData as MarkdownSource));
