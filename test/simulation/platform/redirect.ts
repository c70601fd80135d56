import { registerHooks } from "node:module";

const simulated: Readonly<Record<string, string>> = {
  "node:fs": "fs.ts",
  "node:fs/promises": "fs-promises.ts",
  "node:timers/promises": "timers-promises.ts",
  "node:crypto": "crypto.ts",
  "node:sqlite": "sqlite.ts",
};
const product = ["packages/", "services/"].map((folder) => new URL(`../../../${folder}`, import.meta.url).href);

/** Gives Clew's own modules, in this thread, the simulated platform for Node's; what they use and the simulated machine lacks does not load. */
export function redirectPlatform(): void {
  registerHooks({
    resolve(specifier, context, next) {
      const file = simulated[specifier];
      const from = context.parentURL ?? "";
      if (file === undefined || !product.some((folder) => from.startsWith(folder))) return next(specifier, context);
      return { url: new URL(file, import.meta.url).href, shortCircuit: true };
    },
  });
}
