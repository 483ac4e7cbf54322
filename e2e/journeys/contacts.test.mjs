// Two people of one company write: a colleague finds them, sees who knows them, and says that two contacts are one, and that they are not.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, looked, open } from "../lib/browser.js";
import { connect } from "../lib/desk.js";
import { mastodon } from "../lib/mastodon.js";
import { eventually, tenon } from "../lib/tenon.js";

const log = `case,activity,time,contact,company
Deal 001,Enquiry,2026-03-01T10:00:00Z,Aino Saari,Saari Brewing
Deal 002,Enquiry,2026-03-02T10:00:00Z,Pekka Saari,Saari Brewing
Deal 003,Enquiry,2026-03-03T10:00:00Z,Ruth Abiola,Kestrel Water
`;

let house, browser, social, maren;
before(async () => {
  social = await mastodon();
  house = await tenon({ env: { TENON_ALLOW_HOSTS: `127.0.0.1:${social.port}` } });
  writeFileSync(join(house.data, "deals.csv"), log);
  house.run("import", join(house.data, "deals.csv"));
  house.run("people", "add", "maren@halden.example", "--name", "Maren Voss");
  maren = await house.signIn("maren@halden.example");
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
  social?.close();
});

const json = async (path) => (await house.ask(path)).json();

test("nobody is there yet, and the page says so", async () => {
  const { page, calm } = await open(browser, house.url + "/contacts", { session: maren });
  assert.match(await page.textContent("main"), /Nobody yet/);
  await looked(page);
  calm();
  await connect({ house, browser }, "mastodon", { server: social.url, token: "open-sesame" });
});

test("who writes is found by name and by company, and her company shows who of us knows them", async () => {
  social.say("Aino Saari", "@halden Our Deal 001 waits.");
  social.say("Pekka Saari", "@halden And Deal 002?");
  social.say("Aino S", "@halden It is me again, about Deal 001.");
  social.say("Ruth Abiola", "@halden Deal 003, please.");
  await eventually("all are there", async () => (await json("/api/v1/contacts")).length === 4);
  const found = await json("/api/v1/contacts?q=brewing");
  assert.deepEqual(found.map((c) => c.name), ["Aino S", "Aino Saari", "Pekka Saari"]);
  const [first] = (await json("/api/v1/desk")).filter((t) => t.who === "Aino Saari");
  const { page, calm } = await open(browser, `${house.url}/desk/${first.id}`, { session: maren });
  await page.fill("form[action$='/reply'] [name=body]", "It left this morning.");
  await page.click(".composer >> text=Send");
  await eventually("it is answered", async () => social.sent.length === 1);
  await page.goto(`${house.url}/desk/${first.id}`);
  await looked(page);
  await page.locator(".side >> a:has-text('Saari Brewing')").click();
  assert.match(await page.textContent("main"), /3 contacts, 2 cases, 1 reply from us/);
  assert.match(await page.textContent(".side"), /Maren Voss.*1 reply/s);
  assert.match(await page.textContent("main"), /Waits for an answer.*And Deal 002\?/s);
  await looked(page);
  assert.equal((await json("/api/v1/accounts/saari%20brewing")).all_contacts, 3);
  await page.goto(`${house.url}/p/deals/case/Deal%20003`);
  await page.locator("a:has-text('Kestrel Water')").click();
  assert.match(page.url(), /\/accounts\/Kestrel%20Water$/);
  await page.goto(`${house.url}/search?q=pekka`);
  await page.locator("main >> a:has-text('Pekka Saari')").click();
  assert.match(page.url(), /\/contacts\//);
  assert.match(await page.textContent(".side"), /Company.*Saari Brewing.*Aino Saari/s);
  await looked(page);
  calm();
});

test("without scripts: two contacts are made one by choosing, and are two again", async () => {
  const [again] = await json("/api/v1/contacts?q=Aino%20S");
  const { page, calm } = await open(browser, `${house.url}/contacts/${again.id}`, { session: maren, javaScriptEnabled: false });
  await page.click("text=She is another contact, too");
  await page.fill("aside [name=q]", "aino_saari");
  await page.click("text=Look for her");
  assert.match(await page.textContent("h1"), /Who else is Aino S\?/);
  assert.equal(await page.locator("tbody tr").count(), 1);
  const choosing = await open(browser, page.url(), { session: maren });
  await looked(choosing.page);
  choosing.calm();
  await page.click("text=It is her");
  assert.match(await page.textContent("h1"), /Aino Saari/);
  assert.match(await page.textContent("main"), /2 conversations/);
  assert.match(await page.textContent(".side"), /With Aino S, merged by Maren Voss/);
  const merged = await open(browser, page.url(), { session: maren });
  await looked(merged.page);
  merged.calm();
  assert.equal((await json("/api/v1/contacts")).length, 3);
  await page.click("button:has-text('Undo')");
  assert.match(page.url(), new RegExp(again.id));
  assert.match(await page.textContent("main"), /1 conversation/);
  assert.equal((await json("/api/v1/contacts")).length, 4);
  calm();
});
