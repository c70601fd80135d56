import { Fault } from "@clew/fault/fault";
import { reasons } from "@clew/fault/reasons";
import { untilSignal } from "@clew/process/until-signal";
import { answerRequest } from "./answer-request.ts";
import { requestSchema } from "./request.ts";

const [given = "{}"] = process.argv.slice(2);
// What a page says must not steer a terminal.
const say = (stream: NodeJS.WriteStream, line: string) => void stream.write(`${line.replace(/\p{Cc}/gu, " ")}\n`);
const stop = new AbortController();
void untilSignal().then(() => stop.abort());
const isJson = /"json":true/.test(given);

try {
  const request = requestSchema.safeParse(JSON.parse(given));
  if (!request.success)
    throw new Fault("INVALID_REQUEST", { message: request.error.issues.map(({ message }) => `What is asked for ${message}.`).join(" ") });
  const { output, json } = request.data;
  const onReady = () => say(process.stderr, "Recording. Close the window, press Ctrl+Shift+S in it or Ctrl-C here when you are done.");
  const { steps, parameters, warnings } = await answerRequest(request.data, {
    signal: stop.signal,
    onReady,
  });
  if (json) say(process.stdout, JSON.stringify({ output, steps, parameters, warnings }));
  else {
    say(process.stdout, `Wrote ${output}: ${steps} ${steps === 1 ? "step" : "steps"}.`);
    for (const { name, secret, default: value } of parameters)
      say(process.stdout, secret ? `    --credential ${name}=@VARIABLE` : `    --param ${name}=${JSON.stringify(value)}`);
    for (const warning of warnings) say(process.stderr, `  ${warning}`);
  }
  process.exitCode = 0;
} catch (thrown) {
  const { code, reason, message, violations } = Fault.from(thrown);
  if (isJson) say(process.stderr, JSON.stringify({ error: { code, reason, message, details: { violations } } }));
  else {
    say(process.stderr, `clew: ${message} (${reason})`);
    for (const violation of violations) say(process.stderr, `  ${violation.field}: ${violation.message}`);
    if (reason !== "INVALID_REQUEST") say(process.stderr, `  ${reasons[reason].wayOut}`);
  }
  process.exitCode = code === "INVALID_ARGUMENT" ? 2 : 1;
}
process.exit();
