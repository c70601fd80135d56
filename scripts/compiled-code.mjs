// @ts-check
import { fileURLToPath } from "node:url";

/** Where Node keeps what it made of the project's code, so that its processes start in half the time. It lies with the packages, and goes with them. */
export const compiledCode = fileURLToPath(new URL("../node_modules/.cache/clew", import.meta.url));
