// Bringing files in: by page, by command line, with scripts and without.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { accessible, fits, launch, open } from "../lib/browser.js";
import { fixtures, tenon } from "../lib/tenon.js";

let house, browser;
before(async () => {
  house = await tenon();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
});

const deals = join(fixtures, "deals.xes");

test("an empty house asks for a file, and the file leads to its process", async () => {
  const { page, calm } = await open(browser, house.url);
  assert.match(await page.textContent("h1"), /See the process you already run/);
  await accessible(page);
  await page.setInputFiles("input[type=file]", deals);
  await page.waitForURL("**/p/deals");
  assert.match(await page.textContent(".page-head .meta"), /^60 cases, .* read from deals\.xes/);
  calm();
});

test("the same file again adds nothing and says so", async () => {
  const { page, calm } = await open(browser, house.url + "/import");
  await page.setInputFiles("input[type=file]", deals);
  await page.getByText("This file was imported before").waitFor();
  await page.goto(house.url + "/processes");
  assert.equal(await page.locator(".cards li").count(), 1);
  assert.match(await page.textContent(".cards li"), /60 cases/);
  calm();
});

test("a broken file says where and what to do, and nothing of it is kept", async () => {
  const { page, calm } = await open(browser, house.url + "/import");
  await page.setInputFiles("input[type=file]", join(fixtures, "broken.xes"));
  const told = page.getByRole("alert");
  await told.waitFor();
  const text = await told.textContent();
  assert.match(text, /broken\.xes/);
  assert.match(text, /byte \d+/);
  assert.match(text, /Nothing of this file was kept/);
  await accessible(page);
  await page.goto(house.url + "/processes");
  assert.equal(await page.locator(".cards li").count(), 1);
  calm();
});

test("a file can be dropped on the page", async () => {
  const { page, calm } = await open(browser, house.url + "/import");
  const data = await page.evaluateHandle(() => {
    const held = new DataTransfer();
    held.items.add(new File(["nothing that can be read"], "notes.txt"));
    return held;
  });
  await page.dispatchEvent(".drop", "drop", { dataTransfer: data });
  await page.getByRole("alert").waitFor();
  calm();
});

test("without scripts the file is sent by its button and the page looks again by itself", async () => {
  const { page } = await open(browser, house.url + "/import", { javaScriptEnabled: false });
  await page.setInputFiles("input[type=file]", join(fixtures, "shipping.bpmn"));
  await page.click(".drop button");
  await page.waitForSelector("text=/Look at|Map/", { timeout: 15000 });
});

test("what the command line imports is on the page", async () => {
  assert.match(house.run("import", deals, "--process", "From the terminal"), /60 cases/);
  const { page, calm } = await open(browser, house.url + "/p/from-the-terminal");
  assert.equal(await page.textContent("h1"), "From the terminal");
  await fits(page);
  calm();
});

test("a page of another site cannot import", async () => {
  const answer = await house.ask("/import", { method: "POST", headers: { origin: "http://elsewhere.example" } });
  assert.equal(answer.status, 403);
});
