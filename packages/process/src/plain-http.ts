/**
 * Node's own HTTP without its `fetch`: `import … from "node:http"` asks for all that the module has, also `WebSocket`, and with that loads all of undici, which
 * takes as long as everything else of a small process and some 10 MiB.
 */
export const { Agent, createServer, request } = process.getBuiltinModule("node:http");
