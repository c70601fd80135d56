import type { Server } from "node:http";
import type { Socket } from "node:net";

/** The connections of a server, whatever it speaks on them. */
export interface Connections {
  /** Cuts every one. */
  destroyAll(): void;
}

/** Keeps track of a server's connections, so that those who do not end by themselves can be cut. */
export function trackConnections(server: Server): Connections {
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  return {
    destroyAll() {
      for (const socket of open) socket.destroy();
    },
  };
}
