// A real Tryton is connected on the page, its pipeline becomes a process, and a deal that moves there moves here.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, looked, open } from "../lib/browser.js";
import { reload } from "../lib/peers.js";
import { eventually, tenon } from "../lib/tenon.js";

const server = process.env.TENON_TRYTON;
const password = process.env.TRYTON_PASSWORD ?? "tenon-test-only";
const skip = server ? false : "no Tryton: `make test-peers` starts one";

let house, browser;
before(async () => {
  if (skip) return;
  house = await tenon({ env: { TENON_ALLOW_HOSTS: new URL(server).host } });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
});

/** Tryton's own calls, as its client makes them. */
async function client() {
  const call = async (method, params, session) => {
    const headers = { "content-type": "application/json", ...(session && { authorization: `Session ${session}` }) };
    const answer = await fetch(`${server}/crm/rpc/`, { method: "POST", headers, body: JSON.stringify({ id: 1, method, params }) });
    const said = await answer.json();
    assert.ok(!said.error, `${method}: ${JSON.stringify(said.error)}`);
    return said.result;
  };
  const [user, token] = await call("common.db.login", ["rep", { password }]);
  const session = Buffer.from(`rep:${user}:${token}`).toString("base64");
  const context = await call("model.res.user.get_preferences", [true, {}], session);
  return (model, method, ...params) => call(`model.${model}.${method}`, [...params, context], session);
}

test("Tryton is connected on the page and its pipeline becomes a process", { skip }, async () => {
  const { page, calm } = await open(browser, house.url + "/connections");
  await page.getByRole("link", { name: "Connect Tryton" }).click();
  await page.fill("[name=url]", server);
  await page.fill("[name=database]", "crm");
  await page.fill("[name=user]", "rep");
  await page.fill("[name=password]", "guessed");
  await page.click("text=Sign in and look");
  assert.match(await page.textContent("[role=alert]"), /Tryton: signed out/);
  await page.fill("[name=password]", password);
  await page.click("text=Sign in and look");
  assert.match(await page.textContent("[role=status]"), /Rika Brandt/);
  assert.match(await page.textContent("fieldset"), /Lead, Opportunity/);
  await looked(page);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await eventually("the history is read", async () => (await (await house.ask("/api/v1/connections")).json())[0].looked);
  await reload(page);
  assert.match(await page.textContent("main"), /live.*Stages.*Lead, Opportunity/s);
  await looked(page);
  await page.click("dl a");
  await eventually("the process is there", async () => {
    await reload(page);
    return /Lead/.test((await page.textContent("main")) ?? "");
  });
  assert.match(await page.textContent(".beam"), /Lead.*Opportunity/s);
  calm();
});

test("a deal that moves in Tryton moves here, once", { skip }, async () => {
  const call = await client();
  const [process] = await (await house.ask("/api/v1/processes")).json();
  const moved = async () => {
    const found = await (await house.ask(`/api/v1/processes/${process.slug}/export/log.csv`)).text();
    return found.split("\n").filter((line) => line.includes("Opportunity")).length;
  };
  const was = await moved();
  const [id] = await call("sale.opportunity", "search", [["state", "=", "lead"]], 0, 1, null);
  await call("sale.opportunity", "opportunity", [id]);
  await eventually("it moved here", async () => (await moved()) > was);
  const before = await moved();
  await new Promise((done) => setTimeout(done, 3000));
  assert.equal(await moved(), before);
});

test("once an owner wants it, the deal of a case that is worked on gets one link", { skip }, async () => {
  const call = await client();
  const [process] = await (await house.ask("/api/v1/processes")).json();
  const [quiet, deal] = await call("sale.opportunity", "search", [], 0, 2, [["id", "ASC"]]);
  const links = (id) => call("ir.attachment", "search_read", [["resource", "=", `sale.opportunity,${id}`]], 0, null, null, ["type", "link"]);
  const { page, calm } = await open(browser, house.url + "/connections");
  await page.click("main a[href^='/connections/con_']");
  assert.match(await page.textContent("main"), /off: nothing is written/);
  await page.getByRole("button", { name: "Switch on" }).click();
  assert.match(await page.textContent("main"), /on since .* UTC/);
  await looked(page);
  const where = page.url();
  const before = await links(deal);
  await page.goto(`${house.url}/p/${process.slug}/case/${deal}`);
  await page.fill("form[action$='/note'] [name=body]", "I know them from the last fair.");
  await page.click("text=Save note");
  await eventually("the link is there", async () => (await links(deal)).length > before.length);
  const made = (await links(deal)).filter((l) => !before.some((b) => b.id === l.id));
  assert.deepEqual(made.map((l) => [l.type, l.link]), [["link", `${house.url}/p/${process.slug}/case/${deal}`]]);
  await eventually("the page says so", async () => {
    await page.goto(where);
    return /Written\s*1/.test(await page.textContent("main"));
  });
  assert.ok(!(await links(quiet)).some((l) => l.link?.startsWith(house.url)));
  calm();
});
