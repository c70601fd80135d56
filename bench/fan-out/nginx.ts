import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Core, pin } from "../support/cores.ts";
import { listen } from "../support/listen.ts";

const nchanModule = "/usr/lib/nginx/modules/ngx_nchan_module.so";

/** A running nginx with nchan: one worker. Dispose it: it is gone. */
export interface Nginx extends AsyncDisposable {
  readonly port: number;
  /** The worker. */
  readonly pid: number;
}

/** Whether nginx has nchan here (Debian: libnginx-mod-nchan). */
export function hasNchan(): boolean {
  return existsSync(nchanModule);
}

/** Starts nginx in a folder: `POST /publish/<channel>`, and `GET /subscribe/<channel>` for server-sent events from now on. */
export async function startNginx(folder: string, core: Core): Promise<Nginx> {
  await mkdir(folder, { recursive: true });
  const probe = createServer();
  const port = await listen(probe);
  probe.close();
  await writeFile(join(folder, "nginx.conf"), configOf(port));
  const child = spawn("nginx", ["-p", folder, "-c", "nginx.conf", "-e", "stderr"], { stdio: ["ignore", "ignore", "inherit"] });
  await once(child, "spawn");
  // The master listens before its worker is there.
  const workerOf = () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "latin1").trim().split(" ")[0]);
  for (let tries = 0; !(await answers(port)) || workerOf() === 0; tries++) {
    if (child.exitCode !== null || tries > 100) throw new Error("nginx did not start.");
    await sleep(50);
  }
  const pid = workerOf();
  await pin(pid, core);
  return {
    port,
    pid,
    async [Symbol.asyncDispose]() {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

function configOf(port: number): string {
  const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path temp;`).join(" ");
  return `
load_module ${nchanModule};
daemon off;
worker_processes 1;
pid nginx.pid;
events { worker_connections 8192; }
http {
  access_log off;
  ${temp}
  nchan_shared_memory_size 512M;
  server {
    listen 127.0.0.1:${port};
    keepalive_requests 1000000;
    location ~ ^/publish/(\\w+)$ { nchan_publisher; nchan_channel_id $1; nchan_message_buffer_length 20000; nchan_message_timeout 5m; }
    location ~ ^/subscribe/(\\w+)$ { nchan_subscriber eventsource; nchan_channel_id $1; nchan_subscriber_first_message newest; }
  }
}
`;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: "127.0.0.1", port });
  const isOpen = await Promise.race([once(socket, "connect").then(() => true), once(socket, "close").then(() => false)]).catch(() => false);
  socket.destroy();
  return isOpen;
}
