// Files that are asked about before they are read: tables and object-centric logs; and real files, when they are there.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { accessible, fits, launch, open } from "../lib/browser.js";
import { fixtures, root, shared, tenon } from "../lib/tenon.js";

let house, browser, folder;
before(async () => {
  house = await tenon();
  browser = await launch();
  folder = mkdtempSync(join(tmpdir(), "tenon-files-"));
});
after(async () => {
  await browser?.close();
  await house?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

function file(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Sends a file and waits for what is asked about it. */
async function send(path, options) {
  const opened = await open(browser, house.url + "/import", options);
  await opened.page.setInputFiles("input[type=file]", path);
  if (options?.javaScriptEnabled === false) await opened.page.click(".drop button");
  await opened.page.waitForURL(/\/import\/[0-9a-f]{32}/);
  return opened;
}

/** Imports what is asked about and follows it to the process. */
async function importIt(page) {
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.waitForURL(/\/(jobs|p)\//);
  const look = page.getByRole("link", { name: /^Look at/ });
  await look.or(page.locator(".strip")).first().waitFor();
  if (await look.isVisible()) await look.click();
  await page.waitForURL(/\/p\//);
}

const two = "ticket;step;at;who\nT1;open;03.04.2024 10:00;Ann\nT1;closed;05.04.2024 10:00;Bob\nT2;open;04.04.2024 09:00;Ann\nT2;closed;07.04.2024 09:00;Ann\n";

test("a table is confirmed, its dates said to be month first, and the answer is remembered for its header", async () => {
  const { page, calm } = await send(file("tickets.csv", two));
  assert.equal(await page.locator("select[name=csv_case]").inputValue(), "ticket");
  assert.match(await page.textContent(".notice"), /can be read in two ways/);
  await accessible(page);
  await fits(page);
  await page.selectOption("select[name=csv_date_format]", "mdy");
  await page.getByRole("button", { name: "Look again" }).click();
  assert.equal(await page.locator("select[name=csv_date_format]").inputValue(), "mdy");
  await importIt(page);
  assert.match(await page.textContent(".page-head .meta"), /^2 cases/);
  const cases = await (await house.ask("/api/v1/processes/tickets/export/log.csv")).text();
  assert.match(cases, /2024-03-04T10:00/, "the third of April was read as the fourth of March");

  const again = await send(file("tickets2.csv", two.replaceAll("T1", "T3").replaceAll("T2", "T4")));
  assert.match(await again.page.textContent(".page-head .meta"), /confirmed for an earlier file/);
  assert.equal(await again.page.locator("select[name=csv_date_format]").inputValue(), "mdy");
  const told = house.run("import", file("tickets3.csv", two.replaceAll("T1", "T5")), "--process", "By hand");
  assert.match(told, /as they were confirmed/);
  calm();
});

test("a wrong choice of columns says what to choose, and the file stays", async () => {
  const { page } = await send(file("other.csv", two.replace("ticket", "deal")));
  await page.goto(page.url() + "?csv_case=nothing");
  assert.match(await page.textContent("main"), /no column "nothing"/);
  await page.goBack();
  await importIt(page);
  assert.match(await page.textContent(".page-head .meta"), /^2 cases/);
});

test("without scripts a table is confirmed as well", async () => {
  const { page } = await send(file("plain.csv", two.replace("ticket", "order")), { javaScriptEnabled: false });
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.locator("h1", { hasText: "plain" }).waitFor();
  await page.locator("main a[href='/p/plain'], .tabs").first().waitFor();
});

test("an object-centric log asks which objects are the cases, and says what that view drops", async () => {
  const { page, calm } = await send(join(root, "crates/mining/tests/fixtures/orders.ocel2.json"));
  await accessible(page);
  const types = page.locator("tbody tr");
  assert.ok((await types.count()) >= 2);
  await types.last().getByRole("radio").check();
  await importIt(page);
  assert.equal(await page.locator("h1").count(), 1);
  calm();
});

test("a file that is no longer there says so", async () => {
  for (const id of ["0".repeat(32), "..%2f..%2fetc%2fpasswd", "x"]) {
    const answer = await house.ask(`/import/${id}`);
    assert.equal(answer.status, 404);
  }
});

const real = [
  ["logs/receipt.xes.gz", /^1,434 cases/],
  ["logs/helpdesk.xes.gz", /^4,580 cases/],
  ["logs/bpic2012.xes.gz", /^13,087 cases/],
  ["logs/receipt.csv", /^1,434 cases/],
  ["ocel/recruiting-red.jsonocel", / cases/],
  ["ocel/ocel20_example.sqlite", / cases/],
  ["models/receipt.bpmn", /./],
  ["models/miwg-C.1.0.bpmn", /./],
];
for (const [name, meta] of real) {
  test(`the real file ${name} becomes a process`, { skip: !shared && "the shared data is absent" }, async () => {
    const { page, calm } = await open(browser, house.url + "/import");
    await page.setInputFiles("input[type=file]", join(shared, "data", name));
    await page.waitForURL(/\/(import\/[0-9a-f]{32}|jobs\/|p\/)/);
    if (/\/import\//.test(page.url())) await importIt(page);
    const look = page.getByRole("link", { name: /^Look at/ });
    await look.or(page.locator(".tabs")).first().waitFor({ timeout: 20000 });
    if (await look.isVisible()) await look.click();
    await page.waitForURL(/\/p\//);
    assert.match(await page.textContent(".page-head .meta"), meta);
    await page.locator("svg.map, .drawing svg, svg").first().waitFor();
    calm();
  });
}
