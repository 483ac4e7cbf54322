// One customer asks the same in two threads: a colleague makes one of them, answers where she says, and takes them apart again.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, looked, open } from "../lib/browser.js";
import { mastodon } from "../lib/mastodon.js";
import { fixtures, tenon } from "../lib/tenon.js";

let house, browser, social, maren, kofi;
before(async () => {
  social = await mastodon();
  house = await tenon({ env: { TENON_ALLOW_HOSTS: `127.0.0.1:${social.port}` } });
  house.run("import", join(fixtures, "deals.xes"));
  house.run("people", "add", "maren@halden.example", "--name", "Maren Voss");
  house.run("people", "add", "kofi@halden.example", "--name", "Kofi Mensah");
  maren = await house.signIn("maren@halden.example");
  kofi = await house.signIn("kofi@halden.example");
  browser = await launch();
  const { page } = await open(browser, house.url + "/connections");
  await page.getByRole("link", { name: "Connect Mastodon" }).click();
  await page.fill("[name=server]", social.url);
  await page.fill("[name=token]", "open-sesame");
  await page.click("text=Sign in and look");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.waitForSelector("text=is connected");
});
after(async () => {
  await browser?.close();
  await house?.stop();
  social?.close();
});

async function eventually(what, is) {
  for (let i = 0; i < 200; i++) {
    if (await is()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(`not so: ${what}`);
}

const queue = async (view = "open") => (await house.ask(`/api/v1/desk?view=${view}`)).json();
let first, second, asked, again;

test("two threads of one customer become one by a key, and the address of the other leads on", async () => {
  asked = social.say("Ines Weber", "@halden Our Deal 001 waits for you.");
  await eventually("the first is there", async () => (await queue()).length === 1);
  again = social.say("Ines Weber", "@halden Is anybody there? It is about Deal 001.");
  await eventually("the second is there", async () => (await queue()).length === 2);
  [first, second] = (await queue()).map((t) => t.id);
  const { page, calm } = await open(browser, `${house.url}/desk/${second}`, { session: maren });
  await page.keyboard.press("o");
  assert.equal(await page.evaluate(() => document.activeElement.name), "to");
  await looked(page);
  await page.click("text=Merge into that thread");
  await page.waitForURL(`**/desk/${first}`);
  assert.match(await page.textContent(".posts"), /waits for you.*anybody there.*Maren Voss merged “.*” from Mastodon into this thread/s);
  assert.equal((await queue()).length, 1);
  assert.equal(await page.locator(".targets [name=to]").count(), 2);
  assert.equal(await page.locator(`.targets [value="${second}"]`).isChecked(), true, "where she wrote last");
  await looked(page);
  await page.goto(`${house.url}/desk/${second}?view=open`);
  assert.equal(page.url(), `${house.url}/desk/${first}?view=open`);
  const one = await (await house.ask(`/api/v1/desk/${second}`)).json();
  assert.deepEqual([one.id, one.merged, one.said.map((s) => s.thread)], [first, [second], [first, second]]);
  calm();
});

test("a reply goes where she says, once, and what the customer says in the other opens both", async () => {
  const { page, calm } = await open(browser, `${house.url}/desk/${first}`, { session: maren });
  await page.check(`.targets [value="${first}"]`);
  await page.fill("form[action$='/reply'] [name=body]", "It left this morning.");
  await page.click(".composer >> text=Send");
  await eventually("it is answered", async () => (await queue("done")).length === 1);
  assert.equal(social.sent.length, 1);
  assert.equal(social.sent[0].in_reply_to_id, asked);
  assert.equal((await queue()).length, 0, "one answer is for both");
  social.say("Ines Weber", "Not yet here", { in_reply_to_id: again });
  await eventually("both are open again", async () => (await queue())[0]?.id === first);
  await page.locator(".posts", { hasText: "Not yet here" }).waitFor();
  calm();
});

test("without scripts: split again both are there with what came since, and who has it keeps others from it", async () => {
  const { page, calm } = await open(browser, `${house.url}/desk/${first}`, { session: maren, javaScriptEnabled: false });
  const his = await house.ask(`/api/v1/desk/${first}/claim`, { method: "POST" });
  assert.equal(his.status, 204);
  await page.getByRole("button", { name: "Split again" }).click();
  assert.match(await page.textContent("[role=alert]"), /A colleague has one of the two threads/);
  await open(browser, `${house.url}/desk/${first}`).then(async (owner) => {
    await owner.page.click("text=Give it back");
  });
  await page.goto(`${house.url}/desk/${first}`);
  await page.getByRole("button", { name: "Split again" }).click();
  assert.equal(page.url(), `${house.url}/desk/${second}`);
  assert.match(await page.textContent(".posts"), /anybody there.*Not yet here/s);
  assert.doesNotMatch(await page.textContent(".posts"), /It left this morning/);
  assert.deepEqual((await queue()).map((t) => t.id), [second]);
  await page.goto(`${house.url}/desk/${first}`);
  assert.match(await page.textContent(".posts"), /Maren Voss split “.*” from Mastodon from this thread/);
  calm();
});
