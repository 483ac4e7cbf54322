/** A room or a question: what comes in is shown as it comes; what is written is kept as it is written. */
export function rooms(): void {
  const room = document.querySelector<HTMLElement>("[data-room]");
  if (room) {
    const here = room.dataset.room!;
    // What is said with the customer of a case happens on threads of the desk.
    const threads = (room.dataset.threads ?? "").split(" ").filter(Boolean);
    const asked = new URLSearchParams({ conversation: here, after: room.dataset.after ?? "" });
    if (threads.length) asked.set("desk", "true");
    const source = listen(`/api/v1/live?${asked}`, () => void renew(), 150, (at) => at === here || threads.includes(at));
    presence(here, source);
  } else if (document.querySelector("[data-home]")) listen("/api/v1/live", () => offer());
  document.querySelectorAll<HTMLFormElement>("form[data-draft]").forEach(drafts);
  document.querySelector(".modes")?.addEventListener("change", (event) => {
    // Who will read it is read out before anything is written.
    const isReply = (event.target as HTMLInputElement).value === "reply";
    document.querySelector<HTMLElement>(isReply ? ".as-reply .audience" : ".as-note textarea")?.focus();
  });
  const ask = document.querySelector<HTMLFormElement>("form[data-ask]");
  if (ask) similar(ask);
}

/** The browser comes back by itself after a break, with the number of the last event it had. */
export function listen(address: string, happened: () => void, wait = 150, concerns?: (conversation: string) => boolean): EventSource {
  const source = new EventSource(address);
  let due = 0;
  source.addEventListener("happened", (event) => {
    if (concerns && !concerns((JSON.parse((event as MessageEvent<string>).data) as { conversation: string }).conversation)) return;
    // What keeps coming does not put it off.
    due ||= window.setTimeout(() => {
      due = 0;
      happened();
    }, wait);
  });
  window.addEventListener("pagehide", () => source.close());
  return source;
}

interface Present {
  name: string;
  writing: boolean;
}

/** Says that this page is open and whether something is being written, and shows who else is here. */
export function presence(room: string, source: EventSource): void {
  const place = document.querySelector<HTMLElement>("[data-here]");
  if (!place) return;
  const say = async (doing: string, where = room) => {
    const answer = await fetch(`/api/v1/conversations/${encodeURIComponent(where)}/here`, { method: "PUT", keepalive: true, headers: { "content-type": "application/json" }, body: JSON.stringify({ doing }) });
    if (answer.ok && where === room) show((await answer.json()) as Present[]);
  };
  let fade = 0;
  const show = (others: Present[]) => {
    clearTimeout(fade);
    const names = (those: Present[]) => those.map((o) => o.name).join(", ");
    const [writing, reading] = [others.filter((o) => o.writing), others.filter((o) => !o.writing)];
    const text = [writing.length ? `${names(writing)} ${writing.length > 1 ? "are" : "is"} writing` : "", reading.length ? `${names(reading)} ${reading.length > 1 ? "are" : "is"} here` : ""];
    place.textContent = text.filter(Boolean).join(" · ");
    place.hidden = !others.length;
    // Who ceases to write says nothing.
    if (writing.length) fade = window.setTimeout(() => show(others.map((o) => ({ ...o, writing: false }))), 7_500);
  };
  let wrote = 0;
  const beat = () => !document.hidden && Date.now() - wrote > 6_000 && void say("reading");
  source.addEventListener("here", (event) => show(JSON.parse((event as MessageEvent<string>).data) as Present[]));
  // Whichever form is there by then: what is new is put in its place.
  const formOf = (event: Event) => (event.target instanceof Element ? event.target.closest<HTMLFormElement>("form[data-draft]") : null);
  document.addEventListener("input", (event) => {
    const form = formOf(event);
    if (!form || !(event.target instanceof HTMLTextAreaElement) || Date.now() - wrote < 3_000) return;
    wrote = Date.now();
    // What leaves the house is written where it is answered.
    void say("writing", form.dataset.thread);
  });
  document.addEventListener("submit", (event) => {
    if (formOf(event)) wrote = 0;
  });
  setInterval(beat, 20_000);
  document.addEventListener("visibilitychange", () => void (document.hidden ? say("gone") : beat()));
  window.addEventListener("pagehide", () => void say("gone"));
  beat();
}

function offer(): void {
  document.querySelector<HTMLElement>("[data-fresh]")?.removeAttribute("hidden");
}

/** Puts what is new in place, unless somebody is in the middle of something there. Shown is read, so a hidden page waits. */
async function renew(): Promise<void> {
  if (document.hidden) return document.addEventListener("visibilitychange", () => void renew(), { once: true });
  const old = document.querySelector<HTMLElement>("[data-live]");
  if (!old) return;
  if (old.querySelector("details[open]") || old.contains(document.activeElement)) return offer();
  const answer = await fetch(location.href);
  if (!answer.ok) return offer();
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of ["[data-live]", "aside.side", "[data-part=reply]"]) {
    const [was, is] = [document.querySelector(part), page.querySelector(part)];
    if (!was || !is || was.contains(document.activeElement) || isTouched(was)) continue;
    was.replaceWith(document.adoptNode(is));
    is.querySelectorAll<HTMLFormElement>("form[data-draft]").forEach(drafts);
  }
}

/** Whether something was written or chosen there. */
export function isTouched(part: Element): boolean {
  return (
    [...part.querySelectorAll("textarea")].some((t) => t.value !== t.defaultValue) ||
    [...part.querySelectorAll<HTMLInputElement>("input[type=radio]")].some((r) => r.checked !== r.defaultChecked)
  );
}

export function drafts(form: HTMLFormElement): void {
  form.addEventListener("input", () => left(form));
  const field = form.querySelector("textarea");
  if (!field) return;
  // Whom of several it is for.
  const chosen = () => form.querySelector<HTMLInputElement>("[data-target]:checked, [data-target][type=hidden]");
  let place = form.dataset.draft;
  const put = (body: string, about: string | null) => fetch("/api/v1/drafts", { method: "PUT", keepalive: true, headers: { "content-type": "application/json" }, body: JSON.stringify({ place, body, about }) });
  let due = 0;
  const keep = async () => {
    clearTimeout(due);
    due = 0;
    const target = chosen();
    const thread = target?.dataset.thread;
    if (thread && place !== `/desk/${thread}`) {
      // It is for somebody else now: there it is kept, and nowhere else.
      await put("", null);
      place = `/desk/${thread}`;
      form.dataset.thread = thread;
    }
    return put(field.value, target?.value ?? null);
  };
  form.addEventListener("input", () => {
    clearTimeout(due);
    due = window.setTimeout(keep, 800);
  });
  // Another form of the page, sent before what is written here was kept, waits for it.
  document.addEventListener("submit", (event) => {
    if (event.target === form || !due || !form.isConnected) return;
    event.preventDefault();
    const [other, by] = [event.target as HTMLFormElement, event.submitter];
    void keep().finally(() => other.requestSubmit(by));
  });
  window.addEventListener("pagehide", () => due && void keep());
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener("submit", () => {
    clearTimeout(due);
    due = 0;
  });
}

interface Similar {
  conversation: string;
  title: string;
  answer: string;
  href: string;
  told: string;
  elsewhere: { service: string; url: string | null } | null;
}

/** Looks for answers while the question is being written. */
function similar(form: HTMLFormElement): void {
  const list = document.querySelector("[data-similar]");
  const text = form.querySelector("textarea");
  const step = form.querySelector("select");
  if (!list || !text || !step) return;
  let due = 0;
  const look = async () => {
    const asked = new URLSearchParams({ step: step.value, text: text.value });
    const answer = await fetch(`${form.dataset.ask}?${asked}`);
    if (!answer.ok) return;
    const found = (await answer.json()) as Similar[];
    list.replaceChildren(...found.map(entry));
    document.querySelector("[data-none]")?.toggleAttribute("hidden", found.length > 0);
  };
  const later = () => {
    clearTimeout(due);
    due = window.setTimeout(look, 300);
  };
  text.addEventListener("input", later);
  step.addEventListener("change", later);
}

function entry(one: Similar): HTMLElement {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = one.href;
  link.append(Object.assign(document.createElement("b"), { textContent: one.title }));
  const small = (text: string, name = "") => Object.assign(document.createElement("small"), { textContent: text, className: name });
  item.append(link, small(one.answer), small(one.told, "why"));
  const { service, url } = one.elsewhere ?? {};
  if (url) {
    const there = Object.assign(document.createElement("a"), { className: "link", href: url, rel: "noopener noreferrer", textContent: `In ${service}` });
    there.append(Object.assign(document.createElement("span"), { className: "vh", textContent: `: ${one.title}` }));
    item.append(" ", there);
  }
  return item;
}

/** How much more fits beside the signature, wherever the reply goes. */
function left(form: HTMLFormElement): void {
  const told = form.querySelector("[data-left]");
  const box = form.querySelector("textarea");
  if (!told || !box) return;
  const chosen = form.querySelector<HTMLElement>("[data-longest]:checked");
  const more = Number(chosen?.dataset.longest ?? box.maxLength) - [...box.value.trim()].length;
  told.textContent = more < 0 ? `${-more} characters too many` : `${more} characters left`;
  told.classList.toggle("is-over", more < 0);
  const signed = chosen?.dataset.signed;
  if (chosen) form.querySelector("[data-signed]")!.textContent = signed ? `Signed: ${signed}` : "Not signed";
}
