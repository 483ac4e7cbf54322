import { drafts, isTouched, listen, presence } from "./room";

/** The desk: what customers say and what colleagues do is shown as it happens, and nobody's words are taken away. */
export function desk(): void {
  const root = document.querySelector<HTMLElement>("[data-desk]");
  if (!root) return;
  const thread = root.dataset.desk ?? "";
  const asked = new URLSearchParams({ desk: "true", after: root.dataset.after ?? "" });
  if (thread) asked.set("conversation", thread);
  const source = listen(`/api/v1/live?${asked}`, () => void renew(), 400);
  if (thread) presence(thread, source);
}

let isBusy = false;
let isStale = false;

/** Fetches the page and puts each part in place that changed. One at a time: what happens meanwhile is fetched after. */
async function renew(): Promise<void> {
  if (document.hidden) return document.addEventListener("visibilitychange", () => void renew(), { once: true });
  if (isBusy) {
    isStale = true;
    return;
  }
  isBusy = true;
  try {
    const answer = await fetch(location.href);
    if (answer.ok) put(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } finally {
    isBusy = false;
  }
  if (isStale) {
    isStale = false;
    void renew();
  }
}

function put(page: Document): void {
  for (const old of document.querySelectorAll<HTMLElement>("[data-part]")) {
    const fresh = page.querySelector<HTMLElement>(`[data-part="${old.dataset.part}"]`);
    if (!fresh || fresh.innerHTML === old.innerHTML || isInUse(old)) continue;
    const href = old.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
    const scrolled = old.querySelector("ol")?.scrollTop ?? 0;
    old.replaceWith(document.adoptNode(fresh));
    fresh.querySelectorAll<HTMLFormElement>("form[data-draft]").forEach(drafts);
    const list = fresh.querySelector("ol");
    if (list) list.scrollTop = scrolled;
    // Whoever walks through the queue by keys stays where she was.
    if (href) [...fresh.querySelectorAll<HTMLElement>("a")].find((a) => a.getAttribute("href") === href)?.focus();
  }
}

/** Whether somebody writes there, or has opened something. */
function isInUse(part: HTMLElement): boolean {
  const active = document.activeElement;
  const isIn = part.contains(active) && active instanceof HTMLElement && !active.matches("a");
  return isTouched(part) || isIn || !!part.querySelector("details[open]");
}
