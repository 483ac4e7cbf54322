// What journeys with real servers share: the server, a company with a case of the customer, and the way from her words to one reply.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { join } from "node:path";
import { launch, looked, open } from "./browser.js";
import { eventually, freePort, root, tenon } from "./tenon.js";

/** A server that `make test-peers` started, with the address it said; `skip` says why there is none. */
export function peer(name) {
  const url = process.env[`TENON_${name.toUpperCase()}`];
  const kept = process.env.TENON_PEERS;
  const pid = join(kept ?? "", name, "pid");
  const answers = () => fetch(url).then(() => true, () => false);
  return {
    url,
    skip: url ? false : `no real ${name}: \`make test-peers\` starts one`,
    /** Only a server of one's own is stopped. */
    fixed: url && kept ? false : "a server that is not ours to stop",
    stop: async () => {
      process.kill(Number(readFileSync(pid, "utf8")));
      await eventually("it has stopped", async () => !(await answers()));
    },
    start: async () => {
      const server = spawn("sh", [`tools/${name}.sh`, join(kept, name), new URL(url).port], { cwd: root, detached: true, stdio: "ignore" });
      writeFileSync(pid, String(server.pid));
      server.unref();
      await eventually("it has started", answers);
    },
  };
}

/** A way to a server on which answers get lost: to the next `loses` requests that `is` says. What was asked arrives there all the same. With
 * `closes` the way is closed from then on, until `closed` is taken back. */
export async function lossy(url, is) {
  const { hostname, port } = new URL(url);
  const way = { loses: 0, closes: false, closed: false };
  const listener = createServer((asked, answer) => {
    if (way.closed) return asked.socket.destroy();
    const { method, headers, url: path } = asked;
    const onward = request({ hostname, port, method, headers, path }, (told) => {
      if (way.loses > 0 && is(asked)) {
        way.loses--;
        way.closed = way.closes;
        return told.resume().on("end", () => answer.destroy());
      }
      answer.writeHead(told.statusCode, told.headers);
      told.pipe(answer);
    });
    asked.pipe(onward.on("error", () => answer.destroy()));
  });
  const own = await freePort();
  await new Promise((done) => listener.listen(own, "127.0.0.1", done));
  way.url = `http://127.0.0.1:${own}`;
  way.close = () => listener.close();
  return way;
}

/** Loads a page again, also where it was just loading itself again, which breaks one of the two off. */
export async function reload(page) {
  for (let tries = 5; ; tries--) {
    try {
      return await page.reload();
    } catch (error) {
      if (!tries || !/ERR_ABORTED|interrupted/.test(error.message)) throw error;
    }
  }
}

/** A company whose case "Saari Brewing" is of the customer with that handle, with two who answer at its desk, and its way to the server. */
export async function company(way, handle) {
  const house = await tenon({ env: { TENON_ALLOW_HOSTS: new URL(way.url).host } });
  const log = join(house.data, "deals.csv");
  writeFileSync(log, `case,activity,time,contact\nSaari Brewing,Establish trust,2026-03-01T10:00:00Z,${handle}\nKestrel Water,Propose,2026-03-02T10:00:00Z,Ruth Abiola\n`);
  house.run("import", log);
  house.run("people", "add", "maren@halden.example", "--name", "Maren Voss");
  house.run("people", "add", "kofi@halden.example", "--name", "Kofi Mensah");
  const desk = {
    house,
    way,
    maren: await house.signIn("maren@halden.example"),
    kofi: await house.signIn("kofi@halden.example"),
    browser: await launch(),
    queue: async (view = "open") => (await house.ask(`/api/v1/desk?view=${view}`)).json(),
    thread: async (id) => (await house.ask(`/api/v1/desk/${id}`)).json(),
    connection: async () => (await (await house.ask("/api/v1/connections")).json())[0],
    stop: async () => {
      await desk.browser.close();
      await house.stop();
      way.close();
    },
  };
  return desk;
}

/** Connects a channel on the page: with a wrong key first, which is refused in words, then with the right one. */
export async function connect(desk, title, fields, [secret, right], account) {
  const { page, calm } = await open(desk.browser, desk.house.url + "/connections");
  await page.getByRole("link", { name: `Connect ${title}` }).click();
  for (const [name, value] of Object.entries({ ...fields, [secret]: "guessed" })) await page.fill(`[name=${name}]`, value);
  await page.click("text=Sign in and look");
  assert.match(await page.textContent("[role=alert]"), new RegExp(`${title}: signed out: `));
  await page.fill(`[name=${secret}]`, right);
  await page.click("text=Sign in and look");
  assert.ok((await page.textContent("[role=status]")).includes(account), "whose account it is");
  assert.equal(await page.inputValue("[name=process]"), "deals");
  await looked(page);
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await eventually("it was looked at", async () => (await desk.connection()).looked);
  await page.click("text=How it is");
  assert.equal(await page.textContent(".page-head .meta b"), "live");
  await looked(page);
  assert.ok(!(await (await desk.house.ask(page.url().slice(desk.house.url.length))).text()).includes(right), "the key is not shown");
  calm();
}

/** One colleague takes the thread and answers, another who tries is stopped with his text kept. What the server says to the first sending is lost. */
export async function answer(desk, thread, words) {
  const hers = await open(desk.browser, `${desk.house.url}/desk/${thread.id}`, { session: desk.maren });
  const his = await open(desk.browser, `${desk.house.url}/desk/${thread.id}`, { session: desk.kofi });
  // He writes before she takes it: a page on which nobody writes has its box locked while he looks.
  await his.page.fill("form[action$='/reply'] [name=body]", "I say it too");
  await hers.page.click("text=Take it");
  await his.page.click(".composer >> text=Send");
  assert.match(await his.page.textContent("[role=alert]"), /A colleague is replying to this customer\. Your text is kept/);
  await looked(hers.page);
  desk.way.loses = 1;
  await say(hers.page, words);
  await eventually("it is answered", async () => (await desk.queue("done")).some((t) => t.id === thread.id));
  assert.equal(desk.way.loses, 0, "the answer was lost");
  await eventually("it is known whose reply it is", async () => {
    await hers.page.reload();
    return /by Maren Voss/.test(await hers.page.textContent(".posts"));
  });
  hers.calm();
  his.calm();
  return hers.page;
}

/** Writes a reply on the page of a thread and hands it in. */
export async function say(page, words) {
  await page.fill("form[action$='/reply'] [name=body]", words);
  await page.click(".composer >> text=Send");
}

/** Asserts that a key that is over is said on the page, gives the new one, and waits until the channel is read again. */
export async function renew(desk, secret, key, said) {
  await eventually("it is signed out", async () => (await desk.connection()).state === "signed_out");
  const { page, calm } = await open(desk.browser, desk.house.url + "/connections");
  assert.match(await page.textContent("tbody"), said);
  await looked(page);
  await page.click("tbody th a");
  assert.match(await page.textContent("[role=alert]"), said);
  await page.fill(`[name=${secret}]`, key);
  await page.getByRole("button", { name: "Replace" }).click();
  await eventually("it is on", async () => (await desk.connection()).state === "on");
  calm();
}
