// The desk while it is worked at: what is said is there at once, keys do what they say, and it is run as the company wants.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { looked, open, reloaded } from "../lib/browser.js";
import { company, connect } from "../lib/desk.js";
import { mastodon } from "../lib/mastodon.js";
import { eventually } from "../lib/tenon.js";

let desk, house, browser, social, maren, queue;
before(async () => {
  social = await mastodon();
  desk = await company(social.port);
  ({ house, browser, maren, queue } = desk);
  await connect(desk, "mastodon", { server: social.url, token: "open-sesame" });
  await eventually("it listens", () => social.streams.size === 1);
});
after(async () => {
  await desk?.stop();
  social?.close();
});

test("what a customer says is on the desk by the stream, and on an open page without a word from anybody", async () => {
  const { page, calm } = await open(browser, house.url + "/desk");
  assert.match(await page.textContent("[data-part=queue]"), /Nobody waits/);
  const times = [];
  for (let n = 0; n < 20; n++) {
    const began = Date.now();
    social.say(`Customer ${n}`, `@halden Question number ${n} about invoices?`);
    await eventually("it is on the desk", async () => (await queue()).length === n + 1);
    times.push(Date.now() - began);
  }
  times.sort((a, b) => a - b);
  console.log(`on the desk after ${times[10]} ms (median), ${times.at(-1)} ms (worst of ${times.length})`);
  await page.locator("[data-part=queue] .q", { hasText: "Customer 19" }).waitFor();
  assert.match(await page.textContent("[data-part=told]"), /20 customers wait/);
  await looked(page);
  calm();
});

test("a thread is taken, answered and left by keys alone, and a colleague sees who is there", async () => {
  const hers = await open(browser, house.url + "/desk", { session: maren });
  await hers.page.keyboard.press("t");
  await hers.page.waitForURL(/\/desk\/thr_/);
  const thread = new URL(hers.page.url()).pathname;
  const his = await open(browser, house.url + thread);
  assert.match(await his.page.textContent("[data-part=holder]"), /Maren Voss is replying/);
  await his.page.locator("[data-here]", { hasText: "Maren Voss" }).waitFor();
  await hers.page.keyboard.press("r");
  assert.equal(await hers.page.evaluate(() => document.activeElement?.getAttribute("name")), "body");
  await hers.page.keyboard.type("We look into it today.");
  await his.page.locator("[data-here]", { hasText: "Maren Voss is writing" }).waitFor();
  await hers.page.keyboard.press("Escape");
  await hers.page.keyboard.press("n");
  await hers.page.keyboard.type("Asked the depot.");
  await hers.page.keyboard.press("Tab");
  await hers.page.keyboard.press("Enter");
  await his.page.locator("[data-part=notes]", { hasText: "Asked the depot." }).waitFor();
  await hers.page.keyboard.press("r");
  assert.equal(await hers.page.inputValue("form[action$='/reply'] textarea"), "We look into it today.", "the draft is kept");
  await hers.page.keyboard.press("Control+Enter");
  await eventually("it is answered", () => social.sent.length === 1);
  // What another does shows without loading the page anew, and his own words stay.
  await his.page.locator("[data-part=posts]", { hasText: "We look into it today." }).waitFor();
  await hers.page.waitForLoadState();
  await hers.page.keyboard.press("u");
  await hers.page.waitForURL(/\/desk$/);
  await hers.page.keyboard.press("?");
  await hers.page.locator("#help[open]").waitFor();
  hers.calm();
  his.calm();
});

test("topics, answers to use again, opening hours and whose replies are read first are set on a page of their own", async () => {
  const hers = await open(browser, house.url + "/desk/settings", { session: maren });
  await hers.page.fill("[name=topics]", "Invoices, flow meter");
  await hers.page.click("form[action$='/topics'] button");
  assert.equal(await hers.page.inputValue("[name=topics]"), "invoices, flow meter");
  assert.equal(await hers.page.locator("form[action$='/promise']").count(), 0, "a member promises nothing");
  await hers.page.click("text=Add an answer");
  await hers.page.locator("form[action$='/canned'] [name=title]").last().fill("Invoices");
  await hers.page.locator("form[action$='/canned'] [name=body]").last().fill("Invoices go out on the first.");
  await hers.page.locator("form[action$='/canned'] button", { hasText: "Keep" }).click();
  await looked(hers.page);
  await hers.page.goto(house.url + "/desk");
  await hers.page.locator(".chip.is-topic", { hasText: "invoices" }).first().waitFor();
  await hers.page.locator("[data-part=queue] .q").first().click();
  await hers.page.locator("#knows-h").waitFor();
  assert.match(await hers.page.textContent(".knows"), /Registered for invoices/);
  await hers.page.click("summary:has-text('Invoices')");
  await hers.page.click("text=Put it into the box");
  assert.equal(await hers.page.inputValue("form[action$='/reply'] textarea"), "Invoices go out on the first.");
  hers.calm();

  const his = await open(browser, house.url + "/desk/settings");
  await his.page.check("[name=hours]");
  await his.page.fill("[name=zone]", "Mars/Base");
  await his.page.click("form[action$='/promise'] button");
  assert.match(await his.page.textContent("[role=alert]"), /"Mars\/Base" is not known/);
  await his.page.check("[name=hours]");
  await his.page.fill("[name=zone]", "Europe/Brussels");
  await his.page.fill("[name=minutes]", "120");
  await his.page.fill("[name=holidays]", "2026-12-25\n2027-01-01");
  await his.page.click("form[action$='/promise'] button");
  assert.equal(await his.page.isChecked("[name=hours]"), true);
  assert.equal(await his.page.inputValue("[name=holidays]"), "2026-12-25\n2027-01-01");
  await his.page.check("label:has-text('Maren Voss') input");
  await his.page.click("form[action$='/reviewed'] button");
  assert.equal(await his.page.isChecked("label:has-text('Maren Voss') input"), true);
  await looked(his.page);
  await reloaded(hers.page);
  await hers.page.getByRole("button", { name: "Hand in" }).waitFor();
  his.calm();
});

test("how long a channel keeps what was said is on its page", async () => {
  const { page, calm } = await open(browser, house.url + "/connections");
  await page.click("main a[href^='/connections/con_']");
  await page.fill("[name=said]", "3");
  await page.click("form[action$='/keep'] button");
  assert.match(await page.textContent("main"), /Write 7 to/);
  await page.goBack();
  await page.fill("[name=said]", "365");
  await page.fill("[name=raw]", "30");
  await page.click("form[action$='/keep'] button");
  assert.equal(await page.inputValue("[name=said]"), "365");
  await looked(page);
  calm();
});
