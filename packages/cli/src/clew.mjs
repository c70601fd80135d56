#!/usr/bin/env node
// @ts-check
// Plain JavaScript that any Node reads: the command itself is TypeScript, which the project's own Node runs.
if (process.features.typescript) await import("./main.ts");
else {
  process.stderr.write(
    `clew: Node ${process.versions.node} does not run TypeScript. Write \`npx clew\`, which takes the project's own Node.\n`,
  );
  process.exitCode = 2;
}
