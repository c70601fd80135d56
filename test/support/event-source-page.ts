import type { Page } from "playwright";

/** Reads a run's events in a page of the gateway's own origin, until `end` or until it is told to stay away. */
export function readInPage(page: Page, runId: string): Promise<string[]> {
  return page.evaluate(
    (id) =>
      new Promise<string[]>((resolve, reject) => {
        const lines: string[] = [];
        const source = new EventSource(`/v1/runs/${id}/stream`);
        source.onmessage = ({ data }) => lines.push(data);
        const finish = () => {
          source.close();
          resolve(lines);
        };
        source.addEventListener("end", finish);
        source.onerror = () => source.readyState === EventSource.CLOSED && finish();
        setTimeout(() => reject(new Error("no end")), 60_000);
      }),
    runId,
  );
}
