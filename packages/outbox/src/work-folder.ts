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

/** Names the places in a sandbox's work folder that one run has during its stay: the first, unless it is given which. */
export function placesOf(folder: string, stay = 1): WorkFolder {
  const agent = join(folder, "agent");
  const place = numbered(stay);
  return {
    agent,
    ...agentPlacesOf(agent, stay),
    wardenOutbox: join(folder, `${place("warden")}.outbox`),
    egress: join(folder, `${place("egress")}.json`),
    cassette: join(folder, `${place("cassette")}.jsonl`),
  };
}

/** Names those of them that lie in the agent's own work folder, each right inside: what works there cannot put a link in the place of that folder. */
export function agentPlacesOf(agent: string, stay = 1): Pick<WorkFolder, "agentOutbox" | "files" | "inputs"> {
  const place = numbered(stay);
  return { agentOutbox: join(agent, `${place("agent")}.outbox`), files: join(agent, place("files")), inputs: join(agent, place("inputs")) };
}

function numbered(stay: number): (name: string) => string {
  return (name) => (stay === 1 ? name : `${name}-${stay}`);
}

/** Names the socket of the relay to models, which lies beside the agent's. */
export function modelSocketBeside(agentSocket: string): string {
  return join(dirname(agentSocket), "model");
}
