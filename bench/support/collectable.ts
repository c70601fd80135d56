import { once } from "node:events";
import type { LineSink, ServiceProcess } from "../../scripts/service-process.ts";
import { residentBytes } from "./cores.ts";
import { complain } from "./gateway.ts";

/** What a service's memory is measured with: its garbage can be collected from outside, so that what is left is what it holds. */
export class Collectable {
  readonly env = { NODE_OPTIONS: "--inspect=127.0.0.1:0" };
  #inspector = "";

  readonly onLine: LineSink = (name, line) => {
    const [, url] = /^Debugger listening on (ws:\S+)/.exec(line) ?? [];
    if (url !== undefined) this.#inspector = url;
    else if (!/^(?:Debugger (?:attached|ending)|For help, see)/.test(line)) complain(name, line);
  };

  /** Bytes of memory that the service holds: as it stands, and once its garbage is gone. */
  async residentBytes({ pid }: ServiceProcess): Promise<{ readonly standing: number; readonly held: number }> {
    const standing = residentBytes(pid);
    const socket = new WebSocket(this.#inspector);
    await once(socket, "open");
    socket.send(JSON.stringify({ id: 1, method: "HeapProfiler.collectGarbage" }));
    await once(socket, "message");
    socket.close();
    return { standing, held: residentBytes(pid) };
  }
}
