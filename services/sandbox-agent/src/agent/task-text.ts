/** What a task is told with. */
export interface TaskFacts {
  readonly directive: string;
  /** Names of secrets; never what they are. */
  readonly credentials: readonly string[];
  /** Names of files that may be uploaded. */
  readonly files: readonly string[];
  readonly params: Readonly<Record<string, unknown>> | undefined;
  /** What the agent of the run before noted, marked as no instruction; empty where there was none. */
  readonly memory?: string;
}

/** Writes what an agent is to do. */
export function describeTask({ directive, credentials, files, params, memory = "" }: TaskFacts): string {
  return [
    `The task: ${directive}`,
    params !== undefined && Object.keys(params).length > 0 && `Values for it: ${JSON.stringify(params)}`,
    credentials.length > 0 && `Secrets there are, by name: ${credentials.join(", ")}`,
    files.length > 0 && `Files there are: ${files.join(", ")}`,
    memory !== "" && `What was noted in the run before this one, whose browser this one goes on with: ${memory}`,
  ]
    .filter((part) => part !== false)
    .join("\n");
}
