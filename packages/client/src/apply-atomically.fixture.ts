import { DatabaseSync } from "node:sqlite";
import { applyAtomically } from "./apply-atomically.ts";
import { createClew } from "./clew.ts";

// A program that applies a run's events to an SQLite database, and is killed where it is told to: `node … <url> <run> <file> [<sequence> <where>]`.
const [, , url = "", runId = "", file = "", sequence = "0", where = ""] = process.argv;
const die = (place: string, at: number) => {
  if (where === place && Number(sequence) === at) process.kill(process.pid, "SIGKILL");
};

using database = new DatabaseSync(file);
database.exec("create table if not exists cursor (token text); create table if not exists applied (sequence integer, summary text)");
const stored = () => database.prepare("select token from cursor").get()?.["token"];

await applyAtomically(createClew({ url }).run(runId), {
  async load() {
    const token = stored();
    return typeof token === "string" ? token : undefined;
  },
  async commit({ event, token, previous }) {
    die("before", event.sequence);
    database.exec("begin immediate");
    try {
      if (stored() !== previous) throw new Error("Another program applies this run's events.");
      database.prepare("insert into applied values (?, ?)").run(event.sequence, event.summary);
      die("between", event.sequence);
      database.exec("delete from cursor");
      database.prepare("insert into cursor values (?)").run(token);
      die("inside", event.sequence);
      database.exec("commit");
    } catch (error) {
      database.exec("rollback");
      throw error;
    }
    die("after", event.sequence);
  },
});
