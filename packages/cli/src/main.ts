#!/usr/bin/env node
import { runProgram } from "./program.ts";

// A reader that has left, as `clew list | head` has, is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
process.exitCode = await runProgram(process.argv.slice(2));
