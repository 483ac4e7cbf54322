// Looking at a process: map, steps, variants, cases, fit, and what the address keeps.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { accessible, fits, launch, open, reloaded } from "../lib/browser.js";
import { fixtures, tenon } from "../lib/tenon.js";

let house, browser, at;
before(async () => {
  house = await tenon();
  house.run("import", join(fixtures, "deals.xes"));
  at = house.url + "/p/deals";
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
});

const tabs = ["map", "steps", "variants", "cases", "fit"];

for (const scheme of ["light", "dark"]) {
  test(`every page is accessible and never scrolls sideways, ${scheme}`, async () => {
    for (const width of [390, 1100, 1440]) {
      const { page, context, calm } = await open(browser, at, { viewport: { width, height: 900 }, colorScheme: scheme });
      for (const path of [...tabs.map((t) => `/p/deals/${t}`), "/", "/import", "/p/deals/case/Deal%20001"]) {
        await page.goto(house.url + path);
        await fits(page);
        if (width !== 1100) await accessible(page);
      }
      calm();
      await page.goto(house.url + "/p/nothing");
      await accessible(page);
      await context.close();
    }
  });
}

test("a step on the strip opens its panel, and the brackets go from step to step", async () => {
  const { page, calm } = await open(browser, at);
  await page.locator(".step-name").first().click();
  const first = await page.textContent("#step-h");
  assert.equal(await page.textContent(".step.is-selected .step-name"), first);
  await page.keyboard.press("]");
  await page.waitForFunction((name) => document.querySelector("#step-h")?.textContent !== name, first);
  assert.match(await page.textContent(".panel .kicker"), /Step 2 of/);
  await page.keyboard.press("[");
  await page.waitForFunction((name) => document.querySelector("#step-h")?.textContent === name, first);
  calm();
});

test("a filter lives in the address, so a view can be shared and a condition taken away", async () => {
  const { page, calm } = await open(browser, at + "/cases");
  await page.click("summary:has-text('All cases')");
  await page.check("input[name=state][value=open]");
  await page.click(".picker[open] button");
  assert.match(page.url(), /state=open/);
  const shared = await open(browser, page.url());
  assert.match(await shared.page.textContent(".active-filters"), /open/);
  const states = await shared.page.$$eval("tbody .chip", (chips) => [...new Set(chips.map((c) => c.textContent))]);
  assert.deepEqual(states, ["Open"]);
  await shared.page.click(".active-filters a >> nth=0");
  assert.doesNotMatch(shared.page.url(), /state=/);
  calm();
});

test("a day that is none is refused with what to write instead", async () => {
  const { page } = await open(browser, at + "/map?from=yesterday");
  assert.match(await page.textContent("main"), /2026-03-01/);
  await accessible(page);
});

test("the slider redraws the map while it moves and keeps the address true", async () => {
  const { page, calm } = await open(browser, at);
  const before = await page.textContent("#detail-out");
  await page.fill("#detail", "0");
  await page.waitForFunction((was) => document.querySelector("#detail-out").textContent !== was, before);
  assert.match(page.url(), /detail=0/);
  const few = await page.locator("svg.map .move").count();
  await page.fill("#detail", "100");
  await page.waitForFunction((n) => document.querySelectorAll("svg.map .move").length > n, few);
  calm();
});

test("a move on the map leads to its cases", async () => {
  const { page } = await open(browser, at);
  const href = await page.locator("svg.map a").first().getAttribute("href");
  await page.goto(new URL(href, house.url).href);
  assert.match(page.url(), /edge_from=.*edge_to=/);
  assert.ok((await page.locator("tbody tr").count()) > 0);
});

test("a variant leads to its cases, and a case tells what happened", async () => {
  const { page, calm } = await open(browser, at + "/variants");
  const cases = Number(await page.textContent("tbody th a >> nth=0"));
  await page.click("tbody th a >> nth=0");
  assert.equal(await page.locator("tbody tr").count(), Math.min(cases, 50));
  await page.click("tbody th a >> nth=0");
  await page.locator(".timeline .entry").first().waitFor();
  assert.ok((await page.locator(".beam .is-now, .beam .is-done").count()) > 0);
  calm();
});

test("cases are found by name from anywhere", async () => {
  const { page } = await open(browser, at);
  await page.keyboard.press("/");
  await page.keyboard.type("deal 007");
  await page.keyboard.press("Enter");
  await page.waitForURL("**q=deal*");
  assert.deepEqual(await page.locator(".found li a").allTextContents(), ["Deal 007"]);
});

test("keys tell themselves, go places and walk lists", async () => {
  const { page, calm } = await open(browser, at);
  await page.keyboard.press("?");
  assert.ok(await page.locator("#help").isVisible());
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await page.waitForURL("**/cases");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const focused = await page.evaluate(() => document.activeElement.textContent);
  assert.equal(focused, await page.textContent("tbody tr:nth-child(2) th a"));
  calm();
});

test("steps are renamed, and the change is undone", async () => {
  const { page, calm } = await open(browser, at + "/steps");
  const name = await page.inputValue("input[name='name.0']");
  await page.fill("input[name='name.0']", "First talk");
  await page.click("text=Save this reading");
  assert.equal(await page.textContent(".step-name >> nth=0"), "First talk");
  await page.click("text=Undo the last change");
  assert.equal(await page.textContent(".step-name >> nth=0"), name);
  calm();
});

test("the fit tab holds cases against a confirmed model, fitness beside precision", async () => {
  const { page, calm } = await open(browser, at + "/fit");
  await page.click("text=Confirm this model");
  await page.getByText("fitness:").waitFor();
  assert.ok(await page.getByText("precision:").isVisible());
  await accessible(page);
  calm();
});

test("what is seen can be saved: map as SVG and PNG, tables as CSV, the process as BPMN, the log as XES", async () => {
  const { page, calm } = await open(browser, at);
  const starts = { "Map as SVG": /^<svg/, "Map as PNG": /^.PNG/, "Steps as CSV": /,/, "Process as BPMN": /<\?xml/, "Log as XES": /<\?xml/ };
  for (const [name, begins] of Object.entries(starts)) {
    await page.click("summary:has-text('Export')");
    const [saved] = await Promise.all([page.waitForEvent("download"), page.click(`.menu >> text=${name}`)]);
    const file = readFileSync(await saved.path(), "latin1");
    assert.match(file, begins, name);
    await page.keyboard.press("Escape");
    await page.goto(at);
  }
  calm();
});

test("everything can be read and filtered without scripts", async () => {
  const { page } = await open(browser, at, { javaScriptEnabled: false });
  assert.ok(await page.locator("svg.map").isVisible());
  await page.fill("#detail", "100");
  await page.click("text=Show >> visible=true");
  assert.match(page.url(), /detail=100/);
  for (const tab of tabs) {
    await page.click(`.tabs >> text=/^${tab}/i`);
    assert.match(page.url(), new RegExp(`/${tab}`));
  }
  assert.equal(await page.locator("[data-theme-button]").isVisible(), false);
});

test("a chosen theme stays", async () => {
  const { page } = await open(browser, at, { colorScheme: "light" });
  await page.click("[data-theme-button]");
  await reloaded(page);
  assert.equal(await page.getAttribute("html", "data-theme"), "dark");
});

test("two periods stand side by side, and the address keeps both", async () => {
  const { page, calm } = await open(browser, at);
  await page.click("summary:has-text('All time')");
  await page.fill("input[name=from]", "2026-03-01");
  await page.fill("input[name=vs_to]", "2026-02-28");
  await page.click(".picker[open] button");
  assert.match(page.url(), /from=2026-03-01.*vs_to=2026-02-28/);
  const [now, then] = await page.$$eval(".compared tbody tr:first-child td.num", (cells) => cells.map((c) => Number(c.textContent)));
  assert.equal(now + then, 60);
  assert.match(await page.textContent(".figures .versus >> nth=0"), /^was /);
  await page.click(".tabs >> text=Steps");
  assert.match(page.url(), /vs_to=2026-02-28/);
  await accessible(page);
  await fits(page);
  calm();
});

test("a model is shown as it was drawn, and its activities carry the figures of the cases", async () => {
  house.run("import", join(fixtures, "shipping.bpmn"));
  const { page, calm } = await open(browser, house.url + "/processes");
  await page.click(".cards a:not([href='/p/deals'])");
  assert.ok((await page.locator("svg.drawing .node").count()) > 0);
  await accessible(page);
  calm();
});

test("fewer than twenty cases tell no median", async () => {
  const { page } = await open(browser, at + "/map?from=2026-04-20");
  const cases = Number((await page.textContent(".page-head .meta")).match(/^(\d+) cases/)[1]);
  assert.ok(cases > 0 && cases < 20);
  assert.match(await page.textContent(".fig >> nth=0"), /no median/);
});
