// A room of Matrix in which colleagues talk is the conversation of a case: an owner ties it, and words go both ways, once; none comes to the desk.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, looked, open, reloaded } from "../lib/browser.js";
import { fixtures, tenon } from "../lib/tenon.js";

let house, browser, server, maren;
const [inside, outside, us] = ["!inside:halden.example", "!outside:halden.example", "@shop:halden.example"];
const rooms = { [inside]: [], [outside]: [] };
const put = new Map();
let said = 0;

/** Somebody says something in a room. */
function say(room, sender, body, more = {}) {
  const event = { event_id: `$e${++said}`, type: "m.room.message", sender, origin_server_ts: Date.now(), content: { msgtype: "m.text", body, ...more }, said };
  rooms[room].push(event);
  return event.event_id;
}

function told(method, path, query, body) {
  if (path === "account/whoami") return { user_id: us };
  if (path === "joined_rooms") return { joined_rooms: Object.keys(rooms) };
  if (path === "sync") {
    const since = Number(query.get("since") ?? 0);
    const join = Object.entries(rooms).map(([room, events]) => [room, { timeline: { events: events.filter((e) => e.said > since) } }]);
    return { next_batch: String(said), rooms: { join: Object.fromEntries(join) } };
  }
  const [, room, what] = /^rooms\/([^/]+)\/(.+)$/.exec(path) ?? [];
  if (what === "state/m.room.name") return { name: room === inside ? "Deals, inside" : "Customers" };
  if (what === "messages") return { chunk: [...rooms[room]].reverse() };
  if (method !== "PUT") return undefined;
  if (!put.has(what)) put.set(what, say(room, us, body.body, body));
  return { event_id: put.get(what) };
}

before(async () => {
  server = createServer(async (asked, answer) => {
    let body = "";
    for await (const part of asked) body += part;
    const url = new URL(asked.url, "http://x");
    if (url.searchParams.get("timeout") === "30000") await new Promise((done) => setTimeout(done, 500));
    const found = told(asked.method, decodeURIComponent(url.pathname.replace("/_matrix/client/v3/", "")), url.searchParams, body && JSON.parse(body));
    answer.writeHead(found ? 200 : 404, { "content-type": "application/json" });
    answer.end(JSON.stringify(found ?? { errcode: "M_NOT_FOUND", error: "not found" }));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const host = `127.0.0.1:${server.address().port}`;
  house = await tenon({ env: { TENON_ALLOW_HOSTS: host } });
  server.url = `http://${host}`;
  house.run("import", join(fixtures, "deals.xes"));
  house.run("people", "add", "maren@halden.example", "--name", "Maren Voss");
  maren = await house.signIn("maren@halden.example");
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
  server?.close();
});

async function eventually(what, is) {
  for (let i = 0; i < 200; i++) {
    if (await is()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(`not so: ${what}`);
}

const queue = async () => (await house.ask("/api/v1/desk")).json();
const room = () => `${house.url}/p/deals/case/Deal%20001`;

test("an owner ties a room to a case, and says who is who there", async () => {
  const { page, calm } = await open(browser, `${house.url}/connections/new?kind=matrix`);
  await page.fill("[name=server]", server.url);
  await page.fill("[name=token]", "open-sesame");
  await page.click("text=Sign in and look");
  assert.match(await page.textContent("[role=status]"), /It needs: an account of its own.*Not confirmed by the service/s);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.click("text=How it is");
  assert.match(await page.textContent("dl"), /It needs.*not confirmed by the service/s);
  await page.click("text=Choose a room");
  await page.selectOption("select[name=room]", { label: "Deals, inside" });
  await page.fill("[name=case]", "Deal 001");
  await looked(page);
  await page.click("text=Make it internal");
  await page.fill("[name=handle]", "@maren:halden.example");
  await page.selectOption("[name=person]", { label: "Maren Voss" });
  await page.click("[action$='/who'] >> text=Save");
  assert.match(await page.textContent("[aria-labelledby=inside]"), /Deals, inside\s*Deal 001\s*well.*@maren:halden\.example\s*Maren Voss/s);
  await looked(page);
  calm();
});

test("what is said there stands on the case, and what is written on the case is told there once", async () => {
  say(inside, "@maren:halden.example", "Who has the <b>offer</b>?");
  say(inside, "@ada:far.example", "I do, *somewhere*");
  say(outside, "@ines:far.example", "Hello, I am a customer");
  await eventually("the customer is on the desk", async () => (await queue()).length === 1);
  const { page, calm } = await open(browser, room(), { session: maren });
  await eventually("both are there", async () => {
    await reloaded(page);
    return /@ada:far\.example in Matrix.*I do, \*somewhere\*/s.test(await page.textContent(".timeline"));
  });
  assert.match(await page.textContent(".timeline"), /Maren Voss.*Who has the <b>offer<\/b>\?/s);
  await page.fill(".as-note textarea", "Then send it, please.");
  await page.click("text=Save note");
  await eventually("it is told there", async () => rooms[inside].length === 3);
  assert.equal(rooms[inside][2].content.body, "Maren Voss: Then send it, please.");
  await new Promise((done) => setTimeout(done, 3000));
  assert.equal(rooms[inside].length, 3, "once");
  await reloaded(page);
  assert.equal(await page.locator(".timeline article", { hasText: "Then send it" }).count(), 1, "and not told back");
  assert.equal((await queue()).length, 1);
  await looked(page);
  calm();
});
