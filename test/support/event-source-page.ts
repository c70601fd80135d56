import type { Page } from "playwright";

/** What a page was told, and over how many connections that brought a stream. */
export interface ReadInPage {
  readonly lines: readonly string[];
  readonly opened: number;
}

/** Reads a run's events in a page of the gateway's own origin, until `end` or until it is told to stay away. */
export function readInPage(page: Page, runId: string): Promise<ReadInPage> {
  return page.evaluate(
    (id) =>
      new Promise<ReadInPage>((resolve, reject) => {
        const lines: string[] = [];
        let opened = 0;
        const source = new EventSource(`/v1/runs/${id}/stream`);
        source.onopen = () => {
          opened += 1;
        };
        source.onmessage = ({ data }) => lines.push(data);
        const finish = () => {
          source.close();
          resolve({ lines, opened });
        };
        source.addEventListener("end", finish);
        source.onerror = () => source.readyState === EventSource.CLOSED && finish();
        setTimeout(() => reject(new Error("no end")), 60_000);
      }),
    runId,
  );
}
