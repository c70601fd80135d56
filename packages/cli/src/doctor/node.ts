import type { Finding } from "./check.ts";

const serviceMajor = 26;
const clientMajor = 20;

/** Looks at the Node this command runs on. */
export function checkNode(version: string): Finding {
  const major = Number.parseInt(version, 10);
  if (major >= serviceMajor) return { name: "node", level: "ok", message: version };
  if (major < clientMajor)
    return {
      name: "node",
      level: "bad",
      message: `${version} is too old`,
      fix: `use Node ${clientMajor} or newer; npm start brings its own ${serviceMajor}`,
    };
  return {
    name: "node",
    level: "note",
    message: `${version} runs the client, not the services`,
    fix: "start the services with npm start, which brings its own Node",
  };
}
