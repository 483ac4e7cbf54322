// A channel is connected, a customer says something there, and colleagues answer her once, as the company.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { looked, open, reloaded } from "../lib/browser.js";
import { company } from "../lib/desk.js";
import { mastodon } from "../lib/mastodon.js";
import { eventually } from "../lib/tenon.js";

let desk, house, browser, social, maren, kofi, queue;
before(async () => {
  social = await mastodon();
  desk = await company(social.port);
  ({ house, browser, maren, kofi, queue } = desk);
});
after(async () => {
  await desk?.stop();
  social?.close();
});

test("an owner connects a channel: what is wrong is said, whose account it is is shown, the key is not", async () => {
  const { page, calm } = await open(browser, house.url + "/desk");
  assert.match(await page.textContent("main"), /No channel is connected/);
  await looked(page);
  await page.click("text=Connect a channel");
  await looked(page);
  await page.getByRole("link", { name: "Connect Mastodon" }).click();
  await page.fill("[name=server]", social.url);
  await page.fill("[name=token]", "guessed");
  await page.click("text=Sign in and look");
  assert.match(await page.textContent("[role=alert]"), /Mastodon: signed out: .*access token is invalid/);
  assert.equal(await page.inputValue("[name=server]"), social.url, "what was filled in stays");
  await looked(page);
  await page.fill("[name=token]", "open-sesame");
  await page.click("text=Sign in and look");
  assert.match(await page.textContent("[role=status]"), /Halden Meters, @halden@127\.0\.0\.1.*It may: read, write:statuses/s);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.waitForSelector("text=is connected");
  assert.equal(await page.locator("code").count(), 0, "Mastodon sends no webhooks, so no address is offered");
  await page.click("text=How it is");
  assert.match(await page.textContent("main"), /recorded: recorded traffic/);
  await page.selectOption("[name=how]", "own");
  await page.fill("[name=text]", "– {name}, Halden");
  await page.click("[action$='/sign'] >> text=Save");
  assert.equal(await page.inputValue("[name=text]"), "– {name}, Halden");
  await page.selectOption("[name=how]", "first");
  await page.click("[action$='/sign'] >> text=Save");
  assert.deepEqual([await page.inputValue("[name=how]"), await page.inputValue("[name=text]")], ["first", ""]);
  await looked(page);
  for (const path of ["/connections", page.url().slice(house.url.length), "/audit"]) {
    assert.doesNotMatch(await (await house.ask(path)).text(), /open-sesame/, path);
  }
  assert.equal((await (await house.ask("/api/v1/connections")).json())[0].account, "@halden@127.0.0.1");
  calm();
});

test("a guest and a member see no connections, and a guest no desk", async () => {
  const as = (session, path) => fetch(house.url + path, { headers: { cookie: `tenon_session=${session}` } });
  assert.equal((await as(maren, "/connections")).status, 403);
  assert.equal((await as(maren, "/desk")).status, 200);
  assert.equal((await fetch(house.url + "/desk", { redirect: "manual" })).status, 303);
});

test("what a customer says is on the desk, on her case, and one of two colleagues answers it once", async () => {
  const asked = social.say("Ines Weber", "@halden Our Deal 001 waits for you. <script>alert(1)</script><b>Please!</b>");
  await eventually("it is on the desk", async () => (await queue()).length === 1);
  const [one] = await queue();
  assert.equal(one.case, "Deal 001");
  const hers = await open(browser, house.url + "/desk", { session: maren });
  const his = await open(browser, `${house.url}/desk/${one.id}`, { session: kofi });
  // He writes already when she takes it: his words stay in his box.
  await his.page.fill("form[action$='/reply'] [name=body]", "I say it too");
  await hers.page.click("text=Take the next one");
  assert.match(await hers.page.textContent(".thread"), /Please!/);
  assert.equal(await hers.page.locator(".thread script").count(), 0);
  await looked(hers.page);
  await his.page.locator("[data-part=holder]", { hasText: "Maren Voss is replying" }).waitFor();
  assert.equal(await his.page.inputValue("form[action$='/reply'] [name=body]"), "I say it too");
  await his.page.click(".composer >> text=Send");
  assert.match(await his.page.textContent("[role=alert]"), /A colleague is replying to this customer\. Your text is kept/);
  assert.match(await his.page.textContent(".thread"), /Maren Voss is replying/);
  assert.equal(await his.page.locator("form[action$='/reply']").count(), 0, "his box is locked");
  await looked(his.page);
  await his.page.goto(`${house.url}/desk/${one.id}?said=Send%20your%20password`);
  assert.doesNotMatch(await his.page.textContent("main"), /password/, "an address brings no text onto the page");
  await his.page.fill("form[action$='/note'] [name=body]", "She means the second offer.");
  await his.page.click("text=Save note");
  await reloaded(hers.page);
  assert.match(await hers.page.textContent(".colleagues"), /Kofi Mensah.*the second offer/s);
  social.loses = 1;
  await hers.page.fill("form[action$='/reply'] [name=body]", "It left this morning.");
  assert.match(await hers.page.textContent(".signed"), /Signed: – Maren 421 characters left/);
  await hers.page.click(".composer >> text=Send");
  await eventually("it is answered", async () => (await queue("done")).length === 1);
  assert.equal(social.sent.length, 1, "sent once, although the answer was lost");
  assert.equal(social.sent[0].in_reply_to_id, asked);
  assert.match(social.sent[0].status, /^@ines_weber@elsewhere\.example It left this morning\. – Maren$/);
  await reloaded(hers.page);
  assert.match(await hers.page.textContent(".posts"), /Halden Meters by Maren Voss/);
  social.say("Ines Weber", "Thank you", { in_reply_to_id: social.sent[0].id });
  await eventually("what she says then is in the same thread", async () => (await queue())[0]?.id === one.id);
  hers.calm();
  his.calm();
});

test("the customer is answered from her case: the thread is in its timeline, and stays one thread", async () => {
  const asked = social.say("Petra Lang", "@halden Is Deal 002 still on time?");
  const find = async (view = "open") => (await queue(view)).find((t) => t.case === "Deal 002");
  await eventually("it is on the desk", async () => !!(await find()));
  const { id } = await find();
  const room = `${house.url}/p/deals/case/Deal%20002`;
  const hers = await open(browser, room, { session: maren });
  const entry = hers.page.locator(".is-ext", { hasText: "still on time?" });
  assert.match(await entry.textContent(), /Public conversation on Mastodon waits for us, 0 min/);
  await hers.page.keyboard.press("Control+Shift+M");
  assert.match(await hers.page.evaluate(() => document.activeElement.textContent), /^Leaves the house, as @halden/, "who reads it is read out first");
  assert.match(await hers.page.textContent(".as-reply"), /Leaves the house, as @halden@127\.0\.0\.1 on Mastodon, in public\.\s*Answers “.*Is Deal 002 still on time\?”/);
  await looked(hers.page);
  // Somebody else has it meanwhile: nothing is sent twice, and her words are kept.
  await hers.page.fill(".as-reply textarea", "It leaves on Friday.");
  const his = (act) => fetch(`${house.url}/desk/${id}/${act}`, { method: "POST", redirect: "manual", headers: { cookie: `tenon_session=${kofi}`, origin: house.url, "content-type": "application/x-www-form-urlencoded" }, body: "" });
  assert.equal((await his("claim")).status, 303);
  await hers.page.click(".as-reply >> text=Send");
  assert.match(await hers.page.textContent("[role=alert]"), /A colleague is replying to this customer\. Your text is kept/);
  assert.match(await hers.page.textContent(".as-reply"), /Kofi Mensah is replying/);
  assert.equal((await his("release")).status, 303);
  await hers.page.goto(room);
  assert.ok(await hers.page.isChecked("[value=reply]"), "a draft to the customer is what is open");
  assert.equal(await hers.page.inputValue(".as-reply textarea"), "It leaves on Friday.");
  const before = social.sent.length;
  await hers.page.click(".as-reply >> text=Send");
  await eventually("it is answered", async () => !!(await find("done")));
  assert.equal(social.sent.length, before + 1);
  assert.equal(social.sent.at(-1).in_reply_to_id, asked);
  await hers.page.locator(".is-ext", { hasText: "by Maren Voss" }).waitFor();
  social.say("Petra Lang", "Friday is fine", { in_reply_to_id: social.sent.at(-1).id });
  await hers.page.locator(".is-ext", { hasText: "Friday is fine" }).waitFor();
  assert.equal((await find()).id, id, "one thread");
  // Two customers of one case: what is written to one of them stays with her, and is gone when it is out.
  social.say("Otto Brand", "@halden What of Deal 002 for us?");
  await hers.page.goto(room);
  await eventually("both can be answered", async () => {
    await reloaded(hers.page);
    return (await hers.page.locator(".targets input").count()) === 2;
  });
  await hers.page.getByText("Reply to customer").click();
  await hers.page.locator(".targets label", { hasText: "Friday is fine" }).click();
  await hers.page.fill(".as-reply textarea", "Good, Petra.");
  await hers.page.waitForTimeout(1500);
  await hers.page.goto(room);
  assert.equal(await hers.page.inputValue(".as-reply textarea"), "Good, Petra.");
  assert.match(await hers.page.locator(".targets label", { has: hers.page.locator(":checked") }).textContent(), /Friday is fine/);
  await hers.page.click(".as-reply >> text=Send");
  await eventually("she has it", async () => social.sent.length === before + 2);
  assert.match(social.sent.at(-1).status, /^@petra_lang/);
  await hers.page.goto(room);
  assert.equal(await hers.page.inputValue(".as-reply textarea"), "", "it is no draft to the other one");
  const otto = (await queue()).find((t) => t.case === "Deal 002");
  await fetch(`${house.url}/desk/${otto.id}/close`, { method: "POST", redirect: "manual", headers: { cookie: `tenon_session=${kofi}`, origin: house.url, "content-type": "application/x-www-form-urlencoded" }, body: "" });
  // Without scripts, and not by an address of another case.
  const plain = await open(browser, room, { session: maren, javaScriptEnabled: false });
  await plain.page.getByText("Reply to customer").click();
  await plain.page.locator(".targets label", { hasText: "Friday is fine" }).click();
  await plain.page.fill(".as-reply textarea", "See you then.");
  await plain.page.click(".as-reply >> text=Send");
  await eventually("it is out", async () => social.sent.length === before + 3);
  const other = await fetch(`${house.url}/p/deals/case/Deal%20003/reply`, { method: "POST", headers: { cookie: `tenon_session=${maren}`, origin: house.url, "content-type": "application/x-www-form-urlencoded" }, body: `thread=${id}&client=x1&body=Hello` });
  assert.equal(other.status, 404);
  hers.calm();
});

test("without scripts: a draft is kept, a thread is held, let in, snoozed and closed, and the case says so", async () => {
  social.say("Spam Seller", "buy https://a.example https://b.example https://c.example");
  await eventually("it is held", async () => (await queue("held")).length === 1);
  const { page, calm } = await open(browser, house.url + "/desk?view=held", { session: maren, javaScriptEnabled: false });
  await page.click(".q");
  assert.match(await page.textContent(".thread"), /Held: mostly links/);
  await page.click("text=Let it in");
  await page.click("text=Snooze");
  assert.equal((await queue()).length, 1, "it sleeps");
  await page.click("text=Nothing to answer");
  const [spam] = await queue("done");
  assert.equal(spam.who, "Spam Seller");
  await page.goto(house.url + "/p/deals/case/Deal%20001");
  await page.locator(".side >> text=Our Deal 001 waits").click();
  assert.match(await page.textContent(".side"), /Matched case/);
  await page.locator(".side >> a:has-text('Ines Weber')").click();
  assert.match(page.url(), /\/contacts\//);
  assert.match(await page.textContent("main"), /1 conversation, 1 reply from us/);
  const looking = await open(browser, page.url(), { session: maren });
  await looked(looking.page);
  looking.calm();
  calm();
});

test("a key that is over is said, and replaced without losing anything", async () => {
  social.isOpen = false;
  const { page, calm } = await open(browser, house.url + "/connections");
  await eventually("it is signed out", async () => (await (await house.ask("/api/v1/connections")).json())[0].state === "signed_out");
  await reloaded(page);
  assert.match(await page.textContent("main"), /signed out/);
  await page.click("a:has-text('halden')");
  social.isOpen = true;
  social.say("Ines Weber", "Still there?");
  await page.fill("[name=token]", "open-sesame");
  await page.getByRole("button", { name: "Replace" }).click();
  await eventually("it is read again", async () => (await queue()).some((t) => /Still there/.test(t.words)));
  calm();
});
