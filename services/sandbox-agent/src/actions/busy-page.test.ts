import { afterAll, beforeAll, expect, test } from "vitest";
import { startSite } from "../browser/site.fixture.ts";
import { ActionRoom } from "./action-room.fixture.ts";

let room: ActionRoom;
beforeAll(async () => {
  room = await ActionRoom.open();
});
afterAll(() => room[Symbol.asyncDispose]());

const list = (id: string) => `<li><button onclick="fetch('/cancel?id=${id}', { method: 'POST' })">Cancel</button></li>`;

/** A list of one order, which becomes another when it is filtered; what says so meanwhile, around the list and in it. */
const page = (attributes: string, sign: string) => `<input id="filter" onclick="
  const all = document.querySelector('ul'); ${attributes === "" ? "" : `all.setAttribute(...'${attributes}'.split('='));`} all.insertAdjacentHTML('beforeend', \`${sign}\`);
  setTimeout(() => { all.replaceWith(Object.assign(document.createElement('ul'), { innerHTML: document.querySelector('template').innerHTML })) }, 600)">
  <ul>${list("old")}</ul><template>${list("new")}</template>`;

test.each([
  ["aria-busy", "aria-busy=true", ""],
  ["data-loading", "data-loading=true", ""],
  ["a progress bar", "", "<li role='progressbar'>…</li>"],
  ["a spinner", "", "<li class='spinner'>…</li>"],
])("acts on a list that is about to be another when it has come: %s", async (_, attributes, sign) => {
  await using site = await startSite({ "/": page(attributes, sign), "/cancel": "" });
  await using desk = await room.desk();
  await desk.act({ action: "goto", params: { url: site.url } });
  await desk.act({ action: "click", selector: "#filter" });
  await desk.act({ action: "click", selector: { role: "button", name: "Cancel" } });
  await expect.poll(() => site.asked.filter((asked) => asked.startsWith("POST"))).toEqual(["POST /cancel?id=new"]);
});

test("acts all the same on what says for ever that it is busy, and does not mind signs elsewhere", async () => {
  await using desk = await room.desk(`<ul aria-busy="true"><li><button>Stay</button></li></ul>
    <div><p class="spinner">…</p></div><form><p class="spinner" style="display:none">…</p><button type="button">Go</button></form>`);
  for (const name of ["Go", "Stay"])
    await expect(desk.act({ action: "click", selector: { role: "button", name } })).resolves.toEqual({ did: `Clicked button '${name}'` });
});
