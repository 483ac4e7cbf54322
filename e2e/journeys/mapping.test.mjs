// An owner says how a system of record is read: which fields are kept and what they are called, which is the team, who somebody is.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { launch, looked, open } from "../lib/browser.js";
import { eventually, freePort, tenon } from "../lib/tenon.js";

/** A table at an address: a case in each row's region, moved by whom the row says. */
const deals = ["case,stage,time,name,by,account,amount,owner,region,email"];
for (let n = 1; n <= 24; n++) {
  const [region, owner] = [["North", "South"][n % 2], ["ib@halden.example", "Maren Voss"][n % 2]];
  const about = `Account ${n},${n * 100}.50,${owner},${region},customer${n}@example.org`;
  const day = String(n).padStart(2, "0");
  deals.push(`D-${n},Lead,2026-03-${day} 09:00:00,Deal ${n},${owner},${about}`);
  deals.push(`D-${n},Won,2026-04-${day} 09:00:00,Deal ${n},${n % 3 ? owner : "import bot"},${about}`);
}

let house, browser, table, maren, connection;
before(async () => {
  const port = await freePort();
  table = createServer((_, answer) => answer.setHeader("content-type", "text/csv").end(deals.join("\n")));
  await new Promise((done) => table.listen(port, "127.0.0.1", done));
  table.url = `http://127.0.0.1:${port}/sales.csv`;
  house = await tenon({ env: { TENON_ALLOW_HOSTS: `127.0.0.1:${port}` } });
  house.run("people", "add", "maren@halden.example", "--name", "Maren Voss");
  house.run("people", "add", "ines@halden.example", "--name", "Ines Brandt");
  maren = await house.signIn("maren@halden.example");
  // Otherwise exported logs are without names of people.
  const shown = { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify({ value: "on" }) };
  assert.equal((await house.ask("/api/v1/settings/individual-figures", shown)).status, 200);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
  table?.close();
});

const row = (page, name) => page.locator("tr").filter({ has: page.locator(`input[type=hidden][value="${name}"]`) }).first();
const log = async () => (await house.ask("/api/v1/processes/sales/export/log.csv")).text();
const json = async (path, init) => {
  const answer = await house.ask(path, init && { method: "PUT", headers: { "content-type": "application/json" }, body: JSON.stringify(init) });
  return [answer.status, await answer.json()];
};

test("before anything is read, an owner leaves out what is not needed", async () => {
  const { page, calm } = await open(browser, house.url + "/connections/new?kind=csv", { javaScriptEnabled: false });
  await page.fill("[name=url]", table.url);
  await page.click("text=Sign in and look");
  await page.getByRole("button", { name: "Connect, and choose first what is kept" }).click();
  assert.match(page.url(), /\/connections\/con_[0-9a-f]+\/mapping$/);
  connection = page.url().replace("/mapping", "");
  const main = await page.textContent("main");
  assert.match(main, /Nothing was taken in yet\. This is what the source tells just now; none of it is kept/);
  assert.match(main, /customer1@example\.org/);
  const seen = await open(browser, page.url());
  await looked(seen.page);
  seen.calm();
  await row(page, "email").getByRole("checkbox").uncheck();
  await page.getByRole("button", { name: "Preview" }).click();
  assert.match(await page.textContent("[role=status]"), /1 field left out: no case is concerned yet\. Nothing is saved yet/);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  assert.match(await page.textContent("[role=status]"), /Saved as version 1/);
  await page.getByRole("button", { name: "Begin reading" }).click();
  await eventually("it is read", async () => /D-24/.test(await log()));
  assert.doesNotMatch(await log(), /customer\d+@example/);
  calm();
});

test("fields get names and roles, people are assigned, and a preview says what that changes", async () => {
  const { page, calm } = await open(browser, connection);
  await page.getByRole("link", { name: "Stages, fields and people" }).click();
  await looked(page);
  assert.match(await page.textContent("section:has(#stages)"), /Lead.*Lead.*Won.*ends a case: won.*Outcome: won/s);
  assert.match(await row(page, "email").textContent(), /none is kept/);
  assert.match(await row(page, "ib@halden.example").textContent(), /nobody here\s*12 cases/);
  assert.match(await row(page, "Maren Voss").textContent(), /Maren Voss, by the name/);
  await row(page, "account").getByRole("textbox").fill("amount");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  assert.match(await page.textContent("[role=alert]"), /"amount" is what the amount is called\. Say that the field is that, or write another name\. Nothing was saved/);
  assert.equal(await page.inputValue("[aria-invalid=true]"), "amount", "what was written stays");
  await looked(page);
  await row(page, "account").getByRole("textbox").fill("Customer <b>");
  await row(page, "region").getByRole("combobox").selectOption("team");
  await row(page, "amount").getByRole("combobox").selectOption("amount");
  await row(page, "ib@halden.example").getByRole("combobox").selectOption("Ines Brandt");
  await page.getByRole("button", { name: "Preview" }).click();
  const told = await page.textContent("[role=status]");
  assert.match(told, /2 fields renamed, 1 read in another way, 1 person assigned otherwise: 24 cases are read anew\. Nothing is saved yet/);
  assert.match(told, /“region” is the team: figures and filters go by it/);
  const preview = await page.textContent(".preview");
  assert.match(preview, /Customer <b>.*Account 24.*owner.*Ines Brandt.*team.*North/s);
  assert.match(await log(), /ib@halden/);
  assert.doesNotMatch(await log(), /Ines Brandt/, "nothing is saved");
  await looked(page);
  await page.getByRole("button", { name: "Save", exact: true }).click();
  assert.match(await page.textContent("[role=status]"), /Saved as version 2/);
  const now = await log();
  assert.match(now, /Customer <b>/);
  assert.match(now, /Ines Brandt/);
  assert.doesNotMatch(now, /ib@halden/);
  await page.goto(house.url + "/p/sales/case/D-24");
  assert.match(await page.textContent("main"), /Customer <b>.*Account 24/s);
  await page.goto(house.url + "/audit");
  assert.match(await page.textContent("main"), /renamed/);
  calm();
});

test("a field that is told for the first time stands out, and one button goes back to how it is told", async () => {
  deals[0] += ",campaign";
  deals.push("D-25,Lead,2026-04-28 09:00:00,Deal 25,ib@halden.example,Account 25,1.50,ib@halden.example,North,customer25@example.org,Fair");
  for (let n = 1; n < deals.length - 1; n++) deals[n] += ",";
  const { page, calm } = await open(browser, connection);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Go on" }).click();
  await eventually("it is read", async () => /D-25.*Fair/.test(await log()));
  assert.match(await log(), /D-25[^\n]*Ines Brandt/);
  await page.goto(house.url + "/p/sales/steps");
  await page.getByRole("link", { name: "How sales is read" }).click();
  assert.match(await row(page, "campaign").textContent(), /new/);
  await looked(page);
  await page.getByRole("button", { name: "Back to how it is told" }).click();
  assert.match(await page.textContent("[role=status]"), /Saved as version 3/);
  await eventually("what was left out is read again", async () => /customer1@example\.org/.test(await log()));
  const now = await log();
  assert.match(now, /ib@halden/);
  assert.doesNotMatch(now, /Customer <b>|Ines Brandt/);
  assert.equal(now.split("\n").filter((line) => /^"?D-/.test(line)).length, 49, "each event once");
  calm();
});

test("programs say the same, told by place what is wrong; only owners do", async () => {
  const path = connection.replace(house.url, "/api/v1") + "/mapping";
  const [, before] = await json(path);
  assert.equal(before.version, 3);
  assert.deepEqual(before.stages.map((s) => [s.name, s.ends, s.step]), [["Lead", null, "Lead"], ["Won", "won", null]]);
  const ib = before.people.find((p) => p.told === "ib@halden.example");
  assert.deepEqual([ib.cases, ib.matched], [13, null]);
  const [status, wrong] = await json(path, { fields: [{ field: "owner" }, { field: "region", name: "owner" }] });
  assert.deepEqual([status, wrong.code, wrong.place.field], [422, "bad_mapping", "fields[1].name"]);
  const ines = (await json("/api/v1/people"))[1].find((p) => p.name === "Ines Brandt");
  const wanted = { version: 3, fields: [{ field: "email", keep: false }], people: [{ told: "ib@halden.example", person: ines.id }] };
  const tried = await json(path + "?preview=true", wanted);
  assert.equal(tried[1].saved, false, JSON.stringify(tried));
  assert.match(await log(), /customer1@example/);
  const [, saved] = await json(path, wanted);
  assert.deepEqual([saved.saved, saved.version, saved.left_out], [true, 4, ["email"]]);
  assert.doesNotMatch(await log(), /customer1@example|ib@halden/);
  assert.equal((await json(path, wanted))[0], 409, "somebody looked at an older one");
  const [none, cannot] = await json(path.replace("mapping", "writing"), { on: true });
  assert.deepEqual([none, cannot.code], [409, "cannot_write"]);
  for (const url of [connection + "/mapping", house.url + path]) {
    const answer = await fetch(url, { headers: { cookie: `tenon_session=${maren}` } });
    assert.equal(answer.status, 403, url);
  }
});
