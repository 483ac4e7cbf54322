// One customer asks the same in two threads: a colleague makes one of them, answers where she says, and takes them apart again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { looked, open } from "../lib/browser.js";
import { company, connect } from "../lib/desk.js";
import { dovecot, mailServer, missing, password } from "../lib/mailhouse.js";
import { mastodon } from "../lib/mastodon.js";
import { eventually } from "../lib/tenon.js";

if (missing) console.error(`\n*** ${missing} ***\n`);
let desk, house, browser, social, box, smtp, maren, queue;
before(async () => {
  social = await mastodon();
  [box, smtp] = missing ? [] : [await dovecot(), await mailServer()];
  desk = await company(...[social, box, smtp].filter(Boolean).map((server) => server.port));
  ({ house, browser, maren, queue } = desk);
  await connect(desk, "mastodon", { server: social.url, token: "open-sesame" });
});
after(async () => {
  await desk?.stop();
  await box?.stop();
  smtp?.close();
  social?.close();
});

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

test("threads of two channels become one, a draft and a reply go where she says, and split both have their own", { skip: missing }, async () => {
  const ours = "support@halden.example";
  await connect(desk, "mail", { address: ours, sender: "Halden Support", imap: `imap://support@127.0.0.1:${box.port}/INBOX`, smtp: `smtp://127.0.0.1:${smtp.port}`, password });
  const lines = ["From: Greta Lund <greta@lund.example>", `To: ${ours}`, "Subject: A pump that is late", `Date: ${new Date().toUTCString()}`, "Message-ID: <one@lund>", "", "We still wait for the pump of Deal 002.", ""];
  await box.deliver(lines.join("\r\n"));
  const said = social.say("Greta Lund", "@halden Has anybody seen our pump? Deal 002, since Monday.");
  const find = async (words) => (await queue()).find((t) => words.test(t.words))?.id;
  await eventually("both are there", async () => (await find(/We still wait/)) && (await find(/seen our pump/)));
  const [mail, post] = [await find(/We still wait/), await find(/seen our pump/)];
  const { page, calm } = await open(browser, `${house.url}/desk/${mail}`, { session: maren });
  // One person, two addresses.
  const writer = () => page.getAttribute(".side a[href^='/contacts/']", "href");
  const greta = await writer();
  await page.goto(`${house.url}/desk/${post}`);
  await page.goto(house.url + (await writer()));
  await page.click("text=She is another contact, too");
  await page.fill("aside [name=q]", "greta@lund");
  await page.click("text=Look for her");
  await page.click("button:has-text('It is her')");
  await page.waitForURL(house.url + greta);

  await page.goto(`${house.url}/desk/${post}`);
  await page.selectOption("[data-key=o]", mail);
  await page.click("text=Merge into that thread");
  await page.waitForURL(`**/desk/${mail}`);
  const targets = await page.locator(".targets label").allTextContents();
  assert.equal(targets.length, 2);
  assert.match(targets.join(), /As support@halden\.example on E-mail, directly.*We still wait.*As @halden.* on Mastodon, in public.*seen our pump/s);
  assert.equal(await page.isChecked(`.targets [value="${post}"]`), true, "where she wrote last");
  assert.match(await page.textContent(".audience"), /once, where you say/);
  await page.locator(".composer").scrollIntoViewIfNeeded();
  await looked(page);

  // The reply goes to the one that is chosen, and to no other.
  await page.check(`.targets [value="${mail}"]`);
  await page.fill("form[action$='/reply'] textarea", "Dear Greta,\n\nit left this morning.");
  await page.click(".composer >> text=Send");
  await eventually("it went", async () => smtp.got.length === 1);
  assert.match(smtp.got[0], /In-Reply-To: <one@lund>/);
  await eventually("one answer is for both", async () => (await queue("done")).some((t) => t.id === mail));
  const before = social.sent.length;

  // What is begun to be written to one of them, and what is noted of both.
  social.say("Greta Lund", "And the second one?", { in_reply_to_id: said });
  await eventually("she waits again", async () => (await queue()).some((t) => t.id === mail));
  await page.goto(`${house.url}/desk/${mail}`);
  const kept = page.waitForResponse((answer) => answer.url().endsWith("/api/v1/drafts"));
  await page.check(`.targets [value="${post}"]`);
  await page.locator("form[action$='/reply'] textarea").pressSequentially("It follows");
  await kept;
  await page.fill("form[action$='/note'] textarea", "She has two pumps.");
  await page.click("text=Save note");
  assert.equal(await page.inputValue("form[action$='/reply'] textarea"), "It follows");
  assert.equal(await page.isChecked(`.targets [value="${post}"]`), true, "the draft is for that one");
  await page.getByRole("button", { name: "Split again" }).click();
  await page.waitForURL(`**/desk/${post}`);
  assert.equal(await page.locator(".targets").count(), 0);
  assert.equal(await page.inputValue("form[action$='/reply'] textarea"), "It follows");
  assert.match(await page.textContent(".posts"), /Maren Voss took this thread out of “A pump that is late” from E-mail; 1 note of that time is there/);
  assert.doesNotMatch(await page.textContent(".colleagues"), /two pumps/);
  await looked(page);
  await page.click(".composer >> text=Send");
  await eventually("it went where she began to write it", async () => social.sent.length === before + 1);
  await page.goto(`${house.url}/desk/${mail}`);
  assert.match(await page.textContent(".colleagues"), /two pumps/);
  assert.equal(await page.inputValue("form[action$='/reply'] textarea"), "");
  calm();
});
