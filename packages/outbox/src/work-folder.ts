import { dirname, join } from "node:path";

/** Where the things of one sandbox lie on the host. What is the warden's the sandbox itself never sees. */
export interface WorkFolder {
  /** All that the sandbox itself may touch; the agent's own work folder. */
  readonly agent: string;
  readonly agentOutbox: string;
  /** The files the work leaves, in one flat folder. */
  readonly files: string;
  /** The files the run was given. */
  readonly inputs: string;
  readonly wardenOutbox: string;
  /** What the sandbox exchanged with whom, once it has ended. */
  readonly egress: string;
  /** What models were asked and answered, where that is recorded. */
  readonly cassette: string;
}

/** Names the places in a sandbox's work folder. */
export function placesOf(folder: string): WorkFolder {
  const agent = join(folder, "agent");
  return {
    agent,
    agentOutbox: join(agent, "agent.outbox"),
    files: join(agent, "files"),
    inputs: join(agent, "inputs"),
    wardenOutbox: join(folder, "warden.outbox"),
    egress: join(folder, "egress.json"),
    cassette: join(folder, "cassette.jsonl"),
  };
}

/** Names the socket of the relay to models, which lies beside the agent's. */
export function modelSocketBeside(agentSocket: string): string {
  return join(dirname(agentSocket), "model");
}
