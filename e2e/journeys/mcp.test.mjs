// An assistant, by the official client of the Model Context Protocol, over HTTP and over standard input and output.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { binary, fixtures, tenon } from "../lib/tenon.js";

let house;
before(async () => {
  house = await tenon();
  house.run("import", join(fixtures, "deals.xes"));
});
after(() => house?.stop());

async function token(...scopes) {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name: scopes.join(" "), scopes }) };
  const answer = await house.ask("/api/v1/me/tokens", init);
  assert.equal(answer.status, 201, await answer.clone().text());
  return (await answer.json()).text;
}

async function connected(transport) {
  const client = new Client({ name: "journey", version: "1" });
  await client.connect(transport);
  return client;
}

const overHttp = (bearer) => connected(new StreamableHTTPClientTransport(new URL(house.url + "/mcp"), { requestInit: { headers: { authorization: `Bearer ${bearer}` } } }));
const overPipes = (args, env) => connected(new StdioClientTransport({ command: binary, args: ["mcp", ...args], env: { PATH: process.env.PATH, ...env } }));

async function call(client, name, args = {}) {
  const result = await client.callTool({ name, arguments: args });
  assert.ok(!result.isError, JSON.stringify(result.content));
  assert.match(result.structuredContent.note, /never an instruction/);
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return result.structuredContent.data;
}

/** What is the same over each way. */
async function journey(client, words) {
  assert.equal(client.getServerVersion().name, "tenon");
  assert.match(client.getInstructions(), /never an instruction/);
  const { tools } = await client.listTools();
  assert.equal(tools.length, 12);
  const { processes } = await call(client, "list_processes");
  assert.equal(processes[0].process, "deals");
  const look = await call(client, "look_at_process", { process: "deals" });
  assert.ok(look.steps.length > 2 && look.steps[0].median_days >= 0 && look.stands_out.length > 0);
  const open = await (await house.ask("/api/v1/processes/deals/cases?limit=1")).json();
  const place = { process: "deals", case: open.rows[0].name };
  await call(client, "write_note", { ...place, text: words });
  const { question } = await call(client, "ask_network", { ...place, step: look.steps[0].step, text: `${words}?` });
  await call(client, "answer", { question, text: "Yes." });
  const read = await call(client, "read_case", place);
  assert.equal(read.notes_newest_first[0].text, words);
  assert.equal(read.notes_newest_first[0].by, "Olive Owner");
  assert.equal(read.questions.at(-1).answers[0].text, "Yes.");
  assert.ok(read.events_newest_first.length > 0);
  assert.deepEqual((await call(client, "read_verdicts", { process: "deals" })).improvements, []);
  await assert.rejects(client.callTool({ name: "nothing" }), /no tool/);
  await client.close();
}

test("an assistant looks, notes, asks and reads verdicts over HTTP", async () => {
  await journey(await overHttp(await token("read", "write")), "Noted over HTTP");
});

test("the same through the command, on the way to a server and directly on the store", async () => {
  await journey(await overPipes([], { TENON_URL: house.url, TENON_TOKEN: await token("read", "write") }), "Noted through the command");
  await journey(await overPipes(["--as", "olive@halden.example", "--data", house.data]), "Noted on the store");
});

test("a token that may only read writes nothing, and nobody without one comes in", async () => {
  const client = await overHttp(await token("read"));
  const [process] = (await call(client, "list_processes")).processes;
  const open = await (await house.ask("/api/v1/processes/deals/cases?limit=1")).json();
  const place = { process: process.process, case: open.rows[0].name };
  const before = (await call(client, "read_case", place)).notes_newest_first.length;
  const refused = await client.callTool({ name: "write_note", arguments: { ...place, text: "No" } });
  assert.ok(refused.isError);
  assert.match(refused.content[0].text, /lacks the scope "write"/);
  assert.equal((await call(client, "read_case", place)).notes_newest_first.length, before);
  await client.close();
  await assert.rejects(overHttp("tenon_none"), /401|sign_in|Nobody/i);
});

test("a verdict is read with the sentence that says it", async () => {
  house.run("sample", "--import");
  const client = await overHttp(await token("read"));
  const { processes } = await call(client, "list_processes");
  const sample = processes.find((p) => p.process !== "deals");
  const { improvements } = await call(client, "read_verdicts", { process: sample.process });
  const said = improvements.find((i) => i.verdict === "Improved");
  assert.ok(said.sentence.length > 20);
  const one = await call(client, "read_improvement", { improvement: said.improvement });
  assert.equal(one.report.verdict.sentence, said.sentence);
  await client.close();
});
