// Colleagues at the step they are in: notes, questions, answers, playbooks, what each is told, and what a guest may see.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { accessible, fits, launch, open } from "../lib/browser.js";
import { fixtures, tenon } from "../lib/tenon.js";

let house, browser;
const people = { maren: "Maren Voss", olu: "Olu Adeyemi", ines: "Ines Carvalho" };
const sessions = {};
const room = "/p/deals/case/Deal%20001";
before(async () => {
  house = await tenon();
  house.run("import", join(fixtures, "deals.xes"));
  for (const [handle, name] of Object.entries(people)) {
    house.run("people", "add", `${handle}@halden.example`, "--name", name, "--role", handle === "ines" ? "manager" : "member");
    sessions[handle] = await house.signIn(`${handle}@halden.example`);
  }
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await house?.stop();
});

const as = (who, path, options = {}) => open(browser, house.url + path, { session: sessions[who], ...options });
const api = (who, path, init = {}) =>
  fetch(house.url + path, { ...init, headers: { cookie: `tenon_session=${sessions[who]}`, "content-type": "application/json", ...init.headers } });

function form(fields) {
  const all = new FormData();
  for (const [name, value] of Object.entries(fields)) all.append(name, value);
  return all;
}

async function steps() {
  const process = await (await api("maren", "/api/v1/processes/deals/steps")).json();
  return process.steps.map((s) => s.name);
}

test("one asks at a step, another answers, the first accepts as it comes, and the third finds the answer while typing", async () => {
  const [step] = await steps();
  const maren = await as("maren", `/p/deals/ask?step=${encodeURIComponent(step)}&case=Deal%20001`);
  await maren.page.fill("textarea[name=body]", "Who has tested plastic mains at night?");
  await maren.page.click("main form .btn.is-main");
  await maren.page.waitForURL(/\/q\/ask_/);
  await accessible(maren.page);
  const address = new URL(maren.page.url()).pathname;

  const olu = await as("olu", address);
  await olu.page.fill("textarea[name=body]", "Yes: **87 of 100** leaks found. Ask @maren for the report.");
  await olu.page.keyboard.press("Control+Enter");
  await olu.page.getByText("87 of 100").first().waitFor();
  // He goes on: what happens on a page he looks at counts as read.
  await olu.page.goto(house.url + "/");

  await maren.page.getByText("87 of 100").first().waitFor();
  assert.equal(await maren.page.locator(".text strong").first().textContent(), "87 of 100");
  await maren.page.click("button:has-text('Accept this answer')");
  await maren.page.locator(".answer.is-accepted").waitFor();
  await accessible(maren.page);

  const ines = await as("ines", `/p/deals/ask?step=${encodeURIComponent(step)}`);
  await ines.page.fill("textarea[name=body]", "Has anybody plastic pipes?");
  await ines.page.locator("[data-similar] a").first().waitFor();
  assert.match(await ines.page.textContent("[data-similar]"), /87 of 100 leaks found/);
  assert.match(await ines.page.textContent(".side"), /Olu Adeyemi/, "who answered is asked next");
  await accessible(ines.page);

  await olu.page.goto(house.url + "/");
  assert.match(await olu.page.textContent("main"), /Your answer was accepted/);
  await olu.page.click("a:has-text('Your answer was accepted')");
  await olu.page.goto(house.url + "/");
  assert.doesNotMatch(await olu.page.textContent("main"), /was accepted/, "what was looked at is read");
  for (const one of [maren, olu, ines]) one.calm();
});

test("a note is written, brings somebody in, is changed, taken away and brought back", async () => {
  const { page, calm } = await as("maren", room);
  await page.fill("textarea[name=body]", "The board meets on the 25th, @olu\n\n- annex B\n- price");
  await page.click("button:has-text('Save note')");
  const note = page.locator(".entry.is-note").first();
  assert.match(await note.textContent(), /@Olu Adeyemi/);
  assert.equal(await note.locator(".text li").count(), 2);
  await accessible(page);
  await note.locator("details.msg-more > summary").click();
  await note.locator("summary:has-text('Edit')").click();
  await note.locator("textarea").fill("The board meets on the 26th");
  await note.locator("button:has-text('Save')").click();
  assert.match(await page.locator(".entry.is-note").first().textContent(), /edited.*26th/s);
  await page.locator(".entry.is-note details.msg-more > summary").first().click();
  await page.locator("button:has-text('Take it away')").first().click();
  assert.match(await page.locator(".entry.is-note").first().textContent(), /Taken away/);
  await page.click("button:has-text('Bring it back')");
  assert.match(await page.locator(".entry.is-note").first().textContent(), /26th/);
  await page.locator(".entry.is-note details.msg-more > summary").first().click();
  await page.locator(".entry.is-note button:has-text('👍')").first().click();
  assert.match(await page.locator(".react.is-mine").first().textContent(), /👍 1/);

  const olu = await as("olu", "/");
  assert.match(await olu.page.textContent("main"), /Maren Voss mentioned you/);
  await olu.page.click("a:has-text('Maren Voss mentioned you')");
  await olu.page.goto(house.url + "/");
  assert.doesNotMatch(await olu.page.textContent("main"), /mentioned you/, "what was looked at is read");
  calm();
  olu.calm();
});

test("what a colleague writes comes by itself, and what I have begun to write is there on another device", async () => {
  const maren = await as("maren", room);
  const olu = await as("olu", room);
  await maren.page.fill("textarea[name=body]", "Half a thought");
  await olu.page.fill("textarea[name=body]", "Survey done");
  await olu.page.click("button:has-text('Save note')");
  await maren.page.locator(".entry.is-note:has-text('Survey done')").waitFor();
  assert.equal(await maren.page.inputValue("textarea[name=body]"), "Half a thought");
  await maren.page.waitForTimeout(1200);
  const phone = await as("maren", room, { viewport: { width: 390, height: 800 } });
  assert.equal(await phone.page.inputValue("textarea[name=body]"), "Half a thought");
  await fits(phone.page);
  for (const one of [maren, olu, phone]) one.calm();
});

test("what is meant for a customer is never kept as a note", async () => {
  const { page } = await as("olu", room);
  await page.check("input[value=reply]", { force: true });
  assert.ok(await page.locator(".as-reply").isVisible());
  assert.ok(!(await page.locator(".as-note textarea").isVisible()));
  const refused = await fetch(house.url + room + "/note", { method: "POST", headers: { cookie: `tenon_session=${sessions.olu}` }, body: form({ mode: "reply", body: "Dear customer" }) });
  assert.equal(refused.status, 409);
  assert.match(await refused.text(), /nothing was sent/);
});

test("a playbook is written, its items are done on a case, and it blocks nothing", async () => {
  const [step] = await steps();
  const ines = await as("ines", `/p/deals/playbook/${encodeURIComponent(step)}`);
  await ines.page.fill("input[name=title]", "First call");
  await ines.page.fill("textarea[name=body]", "- [ ] Budget named\n- [ ] Decider named");
  await ines.page.click("button:has-text('Save as a new version')");
  assert.match(await ines.page.textContent(".side"), /1, 2 items/);
  await accessible(ines.page);
  const { page, calm } = await as("maren", room);
  await page.click("button[role=checkbox]:has-text('Budget named')");
  assert.equal(await page.getAttribute("button[role=checkbox]:has-text('Budget named')", "aria-checked"), "true");
  assert.match(await page.textContent(".side"), /1 of 2/);
  const readOnly = await as("maren", `/p/deals/playbook/${encodeURIComponent(step)}`);
  assert.equal(await readOnly.page.locator("textarea").count(), 0);
  calm();
});

test("a guest sees the case she was asked into and nothing else", async () => {
  const maren = await as("maren", room);
  await maren.page.click("summary:has-text('Ask a guest in')");
  await maren.page.fill("input[name=email]", "gil@partner.example");
  await maren.page.fill(".side input[name=name]", "Gil Guest");
  await maren.page.click("button:has-text('Ask in')");
  const link = await maren.page.inputValue("input[readonly]");
  const guest = await open(browser, link, { session: null });
  await guest.page.click("button:has-text('Sign in')");
  await guest.page.click("a:has-text('Deal 001')");
  await guest.page.fill("textarea[name=body]", "Hello from outside");
  await guest.page.click("button:has-text('Save note')");
  assert.match(await guest.page.textContent("main"), /Hello from outside/);
  await accessible(guest.page);
  for (const [path, status] of [["/p/deals", 403], ["/p/deals/case/Deal%20002", 404], ["/processes", 403], ["/people", 403], ["/api/v1/people", 403], ["/api/v1/processes", 403], ["/api/v1/processes/deals/cases", 403]]) {
    const answer = await guest.context.request.get(house.url + path);
    assert.equal(answer.status(), status, path);
  }
  const found = await (await guest.context.request.get(house.url + "/api/v1/search?q=deal")).json();
  assert.deepEqual([found.cases.map((c) => c.case), found.people], [["Deal 001"], []]);
});

test("what was said is found by its words, with what was looked for marked", async () => {
  for (let i = 0; i < 50; i++) {
    const found = await (await api("ines", "/api/v1/search?q=plastic mai")).json();
    if (found.messages.length) break;
    await new Promise((done) => setTimeout(done, 200));
  }
  const { page, calm } = await as("ines", "/");
  await page.keyboard.press("/");
  await page.keyboard.type("plastic mai");
  await page.keyboard.press("Enter");
  await page.locator("mark").first().waitFor();
  assert.equal((await page.locator("mark").first().textContent()).toLowerCase(), "plastic");
  await accessible(page);
  calm();
});

test("nothing that is written runs in who reads it", async () => {
  const hostile = ["<script>window.hit=1</script>", "<img src=x onerror=window.hit=1>", "[a](javascript:window.hit=1)", "<svg/onload=window.hit=1>", "![x](x\" onerror=\"window.hit=1)", "<a href='javascript:window.hit=1'>a</a>", "`<iframe srcdoc='<script>parent.hit=1</script>'>`", "<style>@import 'http://evil.example'</style>", "[x](data:text/html,<script>window.hit=1</script>)", "<math><mtext></form><form><mglyph><style></math><img src onerror=window.hit=1>"];
  for (const body of hostile) {
    const answer = await api("maren", "/api/v1/processes/deals/cases/Deal%20003/messages", { method: "POST", body: JSON.stringify({ body }) });
    assert.equal(answer.status, 201);
  }
  const [step] = await steps();
  await api("maren", "/api/v1/processes/deals/questions", { method: "POST", body: JSON.stringify({ step, case: "Deal 003", body: hostile[1] }) });
  await api("ines", `/api/v1/processes/deals/playbooks/${encodeURIComponent(step)}`, { method: "PUT", body: JSON.stringify({ title: hostile[0], body: `- ${hostile[1]}` }) });
  for (const path of ["/p/deals/case/Deal%20003", "/", `/p/deals/playbook/${encodeURIComponent(step)}`, "/search?q=%3Cscript%3Ewindow", `/p/deals/ask?step=${encodeURIComponent(step)}`]) {
    const { page } = await as("maren", path);
    for (const link of await page.locator("main .text a").all()) assert.match(await link.getAttribute("href"), /^(https?:|mailto:|\/)/);
    assert.equal(await page.evaluate(() => globalThis.hit), undefined, path);
    assert.equal(await page.locator("main .text :is(script, img, iframe, svg, style, form)").count(), 0, path);
  }
});

for (const scheme of ["light", "dark"])
  test(`pages of work are accessible and never scroll sideways, ${scheme}`, async () => {
    for (const width of [390, 1440]) {
      const { page, calm } = await as("maren", "/", { viewport: { width, height: 900 }, colorScheme: scheme });
      const [step] = await steps();
      for (const path of ["/", room, `/p/deals/ask?step=${encodeURIComponent(step)}`, "/search?q=board", "/processes"]) {
        await page.goto(house.url + path);
        await fits(page);
        await accessible(page);
      }
      calm();
    }
  });

// A case in which nobody else has a page open.
const other = "/p/deals/case/Deal%20002";

test("who is in a room is seen there, and who writes", async () => {
  const maren = await as("maren", other);
  const olu = await as("olu", other);
  const here = maren.page.locator("[data-here]");
  await here.getByText("Olu Adeyemi is here").waitFor();
  await accessible(maren.page);
  await olu.page.locator("textarea[name=body]").pressSequentially("The board");
  await here.getByText("Olu Adeyemi is writing").waitFor();
  await olu.page.goto(house.url + "/");
  await here.waitFor({ state: "hidden" });
  for (const one of [maren, olu]) {
    one.calm();
    await one.context.close();
  }
});

test("what happens comes into the stream of who follows, and one can have quiet from a case", async () => {
  const ines = await as("ines", "/p/deals");
  await ines.page.click(".page-head button:has-text('Follow')");
  await ines.page.locator(".page-head button[aria-pressed=true]:has-text('Following')").waitFor();
  await accessible(ines.page);
  const [step] = await steps();
  const kept = await fetch(`${house.url}/p/deals/playbook/${encodeURIComponent(step)}`, {
    method: "POST", redirect: "manual", headers: { cookie: `tenon_session=${sessions.ines}` },
    body: new URLSearchParams({ title: "Before we call", body: "- Read what we sold them\n- Ask who decides" }),
  });
  assert.equal(kept.status, 303);
  await ines.page.goto(`${house.url}/?show=updates`);
  assert.match(await ines.page.textContent(".stream"), new RegExp(`wrote the playbook of ${step}`));
  await accessible(ines.page);

  const olu = await as("olu", other);
  await olu.page.fill("textarea[name=body]", "The pump is here");
  await olu.page.click("button:has-text('Save note')");
  const maren = await as("maren", "/people/olu");
  await maren.page.click("button:has-text('Follow')");
  await maren.page.locator("button[aria-pressed=true]").waitFor();
  await accessible(maren.page);
  await maren.page.goto(`${house.url}/?show=posts`);
  const post = maren.page.locator(".stream li", { hasText: "The pump is here" });
  assert.match(await post.textContent(), /new/);
  await maren.page.click("button:has-text('Mark all as read')");
  assert.doesNotMatch(await maren.page.textContent(".stream"), /new/);
  await post.locator("details.msg-more > summary").click();
  await accessible(maren.page);
  await maren.page.setViewportSize({ width: 390, height: 800 });
  await fits(maren.page);
  await post.locator("button:has-text('Quiet for a day')").click();
  assert.equal(await post.count(), 0);
  for (const one of [ines, olu, maren]) one.calm();
});
