/** What a part can be asked, by name. One argument, one answer, both as JSON has them. */
// biome-ignore lint/suspicious/noExplicitAny: an argument that any handler takes has no other type.
export type Handlers = Readonly<Record<string, (argument: any) => unknown>>;

/** Does what this process's parent asks, until the parent is gone. */
export function servePart(handlers: Handlers): void {
  process.on("message", async ({ id, name, argument }: { id: number; name: string; argument: unknown }) => {
    try {
      process.send?.({ id, answer: await handlers[name]?.(argument) });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.once("disconnect", () => process.exit(0));
  process.send?.("ready");
}
