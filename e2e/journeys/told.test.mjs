// What an import leaves behind on the pages, and questions asked by attributes and working hours.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { accessible, fits, launch, open } from "../lib/browser.js";
import { fixtures, tenon } from "../lib/tenon.js";

let house, browser, folder, first, second;
before(async () => {
  house = await tenon();
  folder = mkdtempSync(join(tmpdir(), "tenon-told-"));
  const rows = ["case,activity,time,who,segment"];
  for (let i = 1; i <= 30; i++) {
    const day = String((i % 25) + 1).padStart(2, "0");
    rows.push(`${i},open,2026-01-${day}T10:00:00Z,Ann,${i % 3 ? "Water" : "Housing"}`, `${i},sell,2026-02-${day}T10:00:00Z,Bob,${i % 3 ? "Water" : "Housing"}`);
  }
  writeFileSync(join(folder, "a.csv"), [...rows, "99,open,someday,Ann,Water"].join("\n"));
  writeFileSync(join(folder, "b.csv"), [rows[0], "31,open,2026-03-01T10:00:00Z,Ann,Water", "31,offer,2026-03-02T10:00:00Z,Bob,Water"].join("\n"));
  first = house.run("import", join(folder, "a.csv"), "--process", "Sales");
  second = house.run("import", join(folder, "b.csv"), "--process", "Sales");
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

test("the command line says what changed and where skipped rows are", async () => {
  const path = first.match(/1 row, .*(\/api\/v1\/imports\/\S+\/skipped\.csv)/)[1];
  assert.match(await (await house.ask(path)).text(), /someday/);
  assert.match(second, /1 case and 2 events added, 31 cases in all/);
  assert.match(second, /this is version 2\. New: offer\./);
  const third = house.run("import", join(fixtures, "shipping.bpmn"), "--process", "Sales");
  assert.match(third, /Sales: model pinned, version 3\./);
});

test("the Steps tab tells weeks, hand-overs and imports, and skipped rows are saved from it", async () => {
  house.run("settings", "individual-figures", "on");
  const { page, calm } = await open(browser, house.url + "/p/sales/steps");
  assert.match(await page.textContent(".page-head .meta"), /read from b\.csv/);
  assert.match(await page.textContent("svg.chart.is-wide title"), /^Cases a week/);
  await page.click("text=The figures as a table");
  assert.equal(await page.locator(".as-table thead th").count(), 3);
  const handover = page.locator("section:has(#handovers-h) tbody tr").first();
  assert.match(await handover.textContent(), /Ann.*Bob.*31/);
  const imports = page.locator("#imports tbody tr");
  assert.equal(await imports.count(), 3);
  assert.match(await imports.first().textContent(), /shipping\.bpmn.*the model/);
  const [saved] = await Promise.all([page.waitForEvent("download"), imports.last().getByRole("link", { name: "1 row" }).click()]);
  assert.equal(saved.suggestedFilename(), "skipped.csv");
  await accessible(page);
  await fits(page);
  await page.goto(house.url + "/p/sales/fit");
  assert.match(await page.textContent("svg.chart.is-wide title"), /^Share of the moves/);
  await accessible(page);
  calm();
});

test("cases are chosen by an attribute and time by working hours, without scripts", async () => {
  const { page } = await open(browser, house.url + "/p/sales", { javaScriptEnabled: false });
  await page.click("summary:has-text('More')");
  await page.click("summary:has-text('segment')");
  await page.check("input[name='attr.segment'][value=Housing]");
  await page.click(".picker[open] >> text=Show");
  assert.match(page.url(), /attr\.segment=Housing/);
  assert.match(await page.textContent(".page-head .meta"), /^10 cases/);
  await page.click("summary:has-text('segment') >> nth=0");
  await page.fill("input[name=working]", "Europe/Berlin");
  await page.click("text=Count working hours only");
  assert.match(page.url(), /attr\.segment=Housing.*working=Europe/);
  assert.match(await page.textContent(".strip .legend"), /a day is 24 working hours/);
  await page.click("summary:has-text('2 more')");
  await page.click("text=Count all hours");
  assert.doesNotMatch(page.url(), /working=/);
});

test("conditions that no case fits say so and are taken away", async () => {
  const { page, calm } = await open(browser, house.url + "/p/sales/map?from=2030-01-01");
  assert.match(await page.textContent(".notice"), /No case fits these conditions/);
  await accessible(page);
  await page.getByRole("link", { name: "show all cases" }).click();
  await page.locator("svg.map .node").first().waitFor();
  await page.goto(house.url + "/p/sales/map?panel=Nowhere");
  assert.match(await page.textContent("main"), /There is no step "Nowhere".*Choose one of: open/s);
  calm();
});

test("a closed case says which steps it skipped or never reached", async () => {
  house.run("import", join(fixtures, "deals.xes"));
  const { page } = await open(browser, house.url);
  const closed = await (await house.ask("/api/v1/processes/deals/cases?state=closed")).json();
  let told = "";
  for (const { name } of closed.rows.slice(0, 12)) {
    await page.goto(`${house.url}/p/deals/case/${encodeURIComponent(name)}`);
    told += await page.textContent(".beam");
  }
  assert.match(told, /not reached|skipped/);
  assert.doesNotMatch(told, /not yet/);
});

test("a process that is only a model is exported as its author drew it, and has no fit to tell", async () => {
  house.run("import", join(fixtures, "shipping.bpmn"), "--process", "Drawn");
  const svg = await (await house.ask("/p/drawn/map.svg")).text();
  assert.match(svg, /as its author drew it/);
  const { page } = await open(browser, house.url + "/p/drawn/fit");
  assert.doesNotMatch(await page.textContent("main"), /100%/);
});
