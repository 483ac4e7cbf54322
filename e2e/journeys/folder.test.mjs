// A folder of files becomes a process: its columns are guessed, an owner sees what they are, and a file that comes later is read.
import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch, looked, open } from "../lib/browser.js";
import { tenon } from "../lib/tenon.js";

let house, browser, folder;
before(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "tenon-deals-")));
  const rows = ["Deal ID;Phase;Since;Region"];
  for (let n = 1; n <= 12; n++) {
    const day = String(n).padStart(2, "0");
    rows.push(`D-${n};Lead;2026-03-${day} 09:00;North`, `D-${n};Offer;2026-04-${day} 09:00;North`);
  }
  writeFileSync(join(folder, "march.csv"), rows.join("\n"));
  house = await tenon({ env: { TENON_CSV_FOLDERS: folder } });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test("a folder is connected by the columns that are guessed", async () => {
  const { page, calm } = await open(browser, house.url + "/connections/new?kind=folder", { javaScriptEnabled: false });
  await page.fill("[name=folder]", "/etc");
  await page.click("text=Sign in and look");
  assert.match(await page.textContent("[role=alert]"), /TENON_CSV_FOLDERS/);
  await page.fill("[name=folder]", folder);
  await page.click("text=Sign in and look");
  const chosen = async (name) => page.locator(`[name=${name}]`).inputValue();
  assert.deepEqual([await chosen("case_column"), await chosen("stage_column"), await chosen("time_column")], ["Deal ID", "Phase", "Since"]);
  await page.selectOption("[name=every]", "minute");
  if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, "folder.png"), fullPage: true });
  await page.fill("[name=name]", "Deals");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  assert.match(page.url(), /\/connections\/con_[0-9a-f]+$/);
  const seen = await open(browser, page.url());
  await looked(seen.page);
  for (let i = 0; i < 300; i++) {
    const log = await (await house.ask("/api/v1/processes/deals/export/log.csv")).text();
    if (/D-12/.test(log)) break;
    assert.ok(i < 299, "it is read");
    await new Promise((done) => setTimeout(done, 100));
  }
  await page.goto(house.url + "/p/deals/steps");
  assert.match(await page.textContent("main"), /Lead/);
  assert.match(await page.textContent("main"), /Offer/);
  seen.calm();
});
