// A company that had Jive: a place of it is plugged in at a step, and what was answered there is found by whoever asks.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, looked, open, reloaded } from "../lib/browser.js";
import { jive } from "../lib/jive.js";
import { eventually, tenon } from "../lib/tenon.js";

const step = "Establish trust";
const all = [];
let house, browser, town, olu, guest, connection, valve;
before(async () => {
  town = await jive();
  house = await tenon({ env: { TENON_ALLOW_HOSTS: `127.0.0.1:${town.port}` } });
  house.run("sample", "--import", "--plain", "--process", "Fresh", "--cases", "200", "--weeks", "20", "--teams", "4");
  house.run("people", "add", "olu@halden.example", "--name", "Olu Ade");
  house.run("people", "add", "gus@elsewhere.example", "--name", "Gus Guest", "--role", "guest");
  [olu, guest] = [await house.signIn("olu@halden.example"), await house.signIn("gus@elsewhere.example")];
  valve = town.ask(301838, 7, "Which valve holds in plastic mains?", [
    [8, "<p>The <b>blue</b> one.</p><p>We tried 100.</p><script>alert(1)</script><img src=x onerror=alert(1)>&lt;img src=y onerror=alert(2)&gt;"],
    [9, "Ask Olu"],
  ]);
  town.find = (subject) => all.find((d) => d.subject === subject);
  valve.answer = valve.messages[0];
  valve.helpful = [valve.messages[1]];
  town.ask(301838, 9, "Which valve is red?", [[8, "Nobody marked this"]]);
  for (let n = 0; n < 130; n++) {
    const one = town.ask(301838, 9, `How long does meter ${n} run?`, [[7, `${n} years`]]);
    one.helpful = n % 10 ? [] : [one.messages[0]];
    all.push(one);
  }
  const secret = town.ask(301839, 7, "Which valve will we buy?", [[7, "Tell nobody"]]);
  secret.answer = secret.messages[0];
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
  town?.close();
});

const similar = async (text, at = step) => {
  const asked = new URLSearchParams({ step: at, text });
  return (await house.ask(`/api/v1/processes/fresh/questions/similar?${asked}`)).json();
};
const of = async (text) => (await similar(text)).map((s) => s.title).filter((t) => t.includes(text));

test("it is connected on the guided page, tried out, and a place of it is plugged in at a step", async () => {
  const { page, calm } = await open(browser, house.url + "/connections");
  assert.match(await page.textContent("main"), /Networks.*None yet/s);
  await page.click("a:has-text('Connect Jive')");
  assert.match(await page.textContent("main"), /recorded.*never against a running Jive/s);
  await page.fill("[name=url]", town.url);
  await page.fill("[name=user]", "rika");
  await page.fill("[name=password]", "wrong");
  await page.click("text=Sign in and look");
  assert.match(await page.textContent("[role=alert]"), /The password is over/);
  await looked(page);
  await page.fill("[name=password]", town.password);
  await page.click("text=Sign in and look");
  assert.match(await page.textContent("[role=status]"), /this is Rika Brandt, rika\.|this is Rika Brandt, user7\./);
  await page.fill("[name=name]", "Our old Jive");
  await looked(page);
  await page.fill("[name=password]", town.password);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await page.waitForURL(/\/connections\/con_\w+\/places$/);
  connection = new URL(page.url()).pathname.split("/")[2];
  assert.match(await page.textContent("table"), /Board only.*secret/s);
  await looked(page);
  await page.fill("[name=words]", "nowhere");
  await page.click("text=Find");
  assert.match(await page.textContent("main"), /No place with these words/);
  await page.fill("[name=words]", "meters");
  await page.click("text=Find");
  await page.check("label:has-text('Meters & mains')");
  await page.selectOption("[name=at]", { label: step });
  await page.getByRole("button", { name: "Plug in", exact: true }).click();
  await page.waitForURL(new RegExp(`/connections/${connection}$`));
  await eventually("it is read", async () => (await of("valve")).length === 1);
  await eventually("it is read whole", async () => {
    await reloaded(page);
    return /15 answers to 14 questions; read whole/.test(await page.textContent("main"));
  });
  await looked(page);
  calm();
});

test("whoever asks at the step finds it while typing, sees who asked and answered there and when, and nothing of its markup", async () => {
  const at = `${house.url}/p/fresh/ask?step=${encodeURIComponent(step)}`;
  const { page, calm } = await open(browser, at);
  await page.fill("[name=body]", "Does any valve hold in plastic?");
  await page.waitForSelector("[data-similar] >> text=Which valve holds in plastic mains?");
  const told = await page.textContent("[data-similar]");
  assert.match(told, /The blue one\. We tried 100\./);
  assert.match(told, /Olu Ade in Jive, 7 May 2014, marked as the answer; Rika Brandt asked/);
  assert.doesNotMatch(told, /alert\(1\)|Nobody marked|Tell nobody/);
  const link = page.locator("[data-similar] a:has-text('In Jive: Which valve')");
  assert.equal(await link.getAttribute("href"), `${town.url}/messages/${valve.messages[0].id}`);
  assert.match(await page.textContent(".knows"), /Olu Ade.*1 answer marked in Jive, from before/s);
  await looked(page);
  await page.click("[data-similar] a:has-text('Which valve')");
  await page.waitForURL(/\/known\/kno_/);
  assert.match(await page.textContent("main"), /Rika Brandt asked in Jive.*Marked as the answer.*Olu Ade.*7 May 2014/s);
  assert.match(await page.textContent("main"), /<img src=y onerror=alert\(2\)>/, "what was text stays text");
  assert.equal(await page.locator("main img, main script").count(), 0);
  await looked(page);
  const here = page.url();
  calm();
  const without = await open(browser, at + "&body=valve", { session: olu, javaScriptEnabled: false });
  assert.match(await without.page.textContent(".similar"), /Which valve holds/);
  const kept = await open(browser, here, { session: guest });
  assert.equal(await kept.page.locator("text=blue").count(), 0, "a guest sees none of it");
});

test("what is edited, unmarked and deleted there is followed, and trouble is told in words", async () => {
  const { page, calm } = await open(browser, `${house.url}/connections/${connection}`);
  const again = () => page.getByRole("button", { name: "Read again now" }).click();
  valve.messages[0].html = "The green one, by now";
  const meters = await similar("meter");
  assert.equal(meters.length, 5);
  town.find("How long does meter 10 run?").helpful = [];
  town.find("How long does meter 20 run?").gone = true;
  town.storm = 1;
  await again();
  await eventually("the edited one is here", async () => (await similar("valve"))[0].answer === "The green one, by now");
  await eventually("the others are gone", async () => {
    await reloaded(page);
    return /13 answers to 12 questions; read whole/.test(await page.textContent("main"));
  });
  town.password = "another";
  await again();
  const state = async () => (await (await house.ask("/api/v1/connections")).json())[0];
  await eventually("it is signed out", async () => (await state()).state === "signed_out");
  await reloaded(page);
  assert.match(await page.textContent("[role=alert]"), /signed out: 401 The password is over/);
  assert.equal((await of("valve")).length, 1, "what is known stays");
  await looked(page);
  await page.goto(house.url + "/connections");
  assert.match(await page.textContent("main"), /Our old Jive.*signed out/s);
  await page.goBack();
  await page.fill("form[action$='/key'] [name=password]", "another");
  await page.getByRole("button", { name: "Replace" }).click();
  await eventually("it is on", async () => (await state()).state === "on");
  calm();
});

test("unplugging says how many answers go, and takes them out, without scripts too", async () => {
  const at = `${house.url}/connections/${connection}`;
  const { page, calm } = await open(browser, at);
  await page.click("a:has-text('Unplug')");
  assert.match(await page.textContent("main"), /13 answers to 12 questions will be removed from here/);
  await looked(page);
  const without = await open(browser, page.url(), { javaScriptEnabled: false });
  await without.page.getByRole("button", { name: "Unplug, and remove 13 answers" }).click();
  assert.match(await without.page.textContent("main"), /None is plugged in: nothing is read/);
  assert.deepEqual(await of("valve"), []);
  await page.goto(at);
  await looked(page);
  calm();
});
