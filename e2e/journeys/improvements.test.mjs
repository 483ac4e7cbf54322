// Plugging a tool in, watching it, deciding: with a company whose days are simulated forward.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, fits, launch, open, reloaded } from "../lib/browser.js";
import { tenon } from "../lib/tenon.js";

let house, browser, at;
before(async () => {
  house = await tenon();
  house.run("sample", "--import");
  at = house.url + "/p/new-business";
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
});

/** Addresses of the plugs in the ledger, by the mark they carry. */
async function ledger(page, verdict = "") {
  await page.goto(`${at}/improvements?verdict=${verdict}`);
  return page.$$eval(".ledger tbody th a", (links) => links.map((a) => new URL(a.href).pathname));
}

test("the sample company's ledger shows every kind of verdict, each said plainly", async () => {
  const { page, calm } = await open(browser, at + "/improvements");
  const marks = await page.$$eval(".ledger .mark", (all) => all.map((m) => m.textContent.trim()));
  for (const mark of ["Improved", "Made it worse", "No evidence yet", "No meaningful difference", "No verdict", "Planned"])
    assert.ok(marks.includes(mark), `${mark} is missing among ${marks}`);
  for (const [verdict, words] of [["better", /^Cases leave .+ sooner \(95% interval/], ["worse", /^Cases stay in .+ longer \(95% interval/], ["void", /^No verdict/], ["open", /^We cannot tell yet/], ["same", /^No meaningful difference/]]) {
    const [path] = await ledger(page, verdict);
    await page.goto(house.url + path);
    assert.match(await page.textContent("#v"), words, verdict);
    assert.doesNotMatch(await page.textContent("main"), /p-value|significant/i);
  }
  calm();
});

for (const scheme of ["light", "dark"]) {
  test(`pages of improvements are accessible and never scroll sideways, ${scheme}`, async () => {
    for (const width of [390, 1440]) {
      const { page, context, calm } = await open(browser, at + "/improvements", { viewport: { width, height: 900 }, colorScheme: scheme });
      const [one] = await ledger(page, "better");
      const goal = await page.$eval(".goal-list a", (a) => new URL(a.href).pathname);
      for (const path of ["/p/new-business/improvements", "/p/new-business/plug", "/p/new-business", one, goal, "/settings"]) {
        await page.goto(house.url + path);
        await fits(page);
        await accessible(page);
      }
      calm();
      await context.close();
    }
  });
}

test("a tool is planned by lot, started, watched until there is a verdict, decided on and taken out", async () => {
  // A company without a past: where something is plugged in already, two tools could not be told apart.
  house.run("sample", "--import", "--plain", "--process", "Fresh", "--cases", "5000", "--weeks", "56", "--teams", "8");
  const { page, calm } = await open(browser, house.url + "/p/fresh/plug?step=Establish+trust");
  await page.getByRole("radio", { name: /^A tool of your own/ }).check();
  await page.getByLabel("Its name here").fill("Call notes");
  await page.getByLabel("Where it is found").fill("https://notes.example.org");
  await page.getByRole("button", { name: "Look ahead" }).click();
  assert.match(await page.textContent(".outlook .said"), /With 8 teams and about \d+ cases a week you will likely know after \d+ weeks/);
  const order = await page.$$eval(".order li span", (all) => all.map((s) => s.textContent));
  await reloaded(page);
  assert.deepEqual(await page.$$eval(".order li span", (all) => all.map((s) => s.textContent)), order, "the same seed draws the same order");
  await page.getByRole("button", { name: "Plan it" }).click();
  await page.waitForURL(/improvements\/imp_/);
  const address = page.url();
  assert.match(await page.textContent(".verdict-top"), /Planned/);
  await page.getByRole("button", { name: "Start", exact: true }).click();
  assert.match(await page.textContent(".history"), /Started/);
  assert.match(await page.textContent(".verdict-top"), /No evidence yet/);

  house.run("sample", "--advance", "300d", "--process", "Fresh", "--effect", "step=Establish trust,tool=own,effect=-30%");
  await page.goto(address);
  await page.locator(".verdict .mark.is-better").waitFor({ timeout: 60_000 }).catch(() => reloaded(page));
  await page.locator(".verdict .mark.is-better").waitFor({ timeout: 60_000 });
  assert.match(await page.textContent("#v"), /^Cases leave Establish trust \d+\.\d days sooner \(95% interval \d+\.\d to \d+\.\d\)\.$/);

  await page.getByLabel("Why").fill("It saves days and costs little.");
  await page.getByRole("button", { name: "Keep it" }).click();
  assert.match(await page.textContent(".history"), /Keep it: It saves days and costs little\. \(Olive Owner\)/);
  await page.getByText("Tell the cost").click();
  await page.getByLabel("Hours to set up").fill("12");
  await page.getByRole("button", { name: "Keep", exact: true }).click();
  assert.match(await page.textContent("main"), /Setting up\s*12 h/);
  await page.getByLabel("Why").fill("We use something better now.");
  await page.getByRole("button", { name: "Unplug", exact: true }).click();
  assert.match(await page.textContent(".page-head .meta"), /Plugged in from .+ to /);
  await page.getByRole("button", { name: "Undo unplugging" }).click();
  assert.match(await page.textContent(".history"), /Unplugging taken back/);
  calm();
});

test("what is asked wrongly is said, and what was filled in stays", async () => {
  const { page } = await open(browser, at + "/plug?step=Propose&tool=own&name=Wiki");
  await page.getByLabel("Where it is found").fill("https://wiki.example.org");
  await page.getByLabel("Days after entry").fill("soon");
  await page.getByRole("button", { name: "Look ahead" }).click();
  assert.match(await page.textContent("main"), /"soon" is no number/);
  const answer = await house.ask(new URL(at).pathname + "/plug", { method: "POST", body: new URLSearchParams({ step: "Propose", tool: "own", measure: "days-in-step" }) });
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /A tool of your own needs a name/);
  const other = await house.ask(new URL(at).pathname + "/plug", { method: "POST", headers: { origin: "https://elsewhere.example" }, body: new URLSearchParams({}) });
  assert.equal(other.status, 403, "another site's page cannot plug anything in");
});

test("figures of single people are off, can be switched on, and locked away", async () => {
  const { page, calm } = await open(browser, at + "/steps");
  assert.equal(await page.locator("#handovers-h").count(), 0);
  assert.equal((await house.ask(new URL(at).pathname + "/cases?person=Somebody")).status, 403);
  await page.goto(house.url + "/settings");
  await page.locator("input[value=on]").check();
  await page.getByRole("region", { name: "Figures of single people" }).getByRole("button", { name: "Save" }).click();
  await page.goto(at + "/steps");
  assert.equal(await page.locator("#handovers-h").count(), 1);
  await page.goto(house.url + "/settings");
  await page.locator("input[value=locked]").check();
  await page.getByRole("region", { name: "Figures of single people" }).getByRole("button", { name: "Save" }).click();
  assert.equal(await page.getByRole("region", { name: "Figures of single people" }).getByRole("button", { name: "Save" }).count(), 0);
  const again = await house.ask("/settings", { method: "POST", body: new URLSearchParams({ individual: "on" }) });
  assert.equal(again.status, 409);
  await page.goto(at + "/steps");
  assert.equal(await page.locator("#handovers-h").count(), 0);
  calm();
});

test("a goal has one page to print, readable without scripts", async () => {
  const { page } = await open(browser, at + "/improvements", { javaScriptEnabled: false });
  await page.locator(".goal-list a").first().click();
  assert.match(await page.textContent("main"), /What was tried, and what came of it/);
  assert.ok((await page.locator(".tried li").count()) > 0);
});
