import { base64url } from "./base64url";

/** Push in this browser: switched on by a form that the browser itself fills, and found again among those that are on. */
export function push(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-push]");
  const failed = form?.querySelector<HTMLElement>("[data-failed]");
  if (!form || !failed || !("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) return;
  document.querySelector("[data-push-none]")?.setAttribute("hidden", "");
  void recognise(form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    failed.hidden = true;
    try {
      await switchOn(form);
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
}

/** Offers the form, unless this browser is on already. */
async function recognise(form: HTMLFormElement): Promise<void> {
  const worker = await navigator.serviceWorker.getRegistration("/");
  const here = await worker?.pushManager.getSubscription();
  const item = here && document.querySelector<HTMLElement>(`[data-push-device="${await id(here.endpoint)}"]`);
  form.hidden = !!item;
  item?.querySelector("[data-push-here]")?.removeAttribute("hidden");
  item?.querySelector("form")?.addEventListener("submit", () => void here?.unsubscribe());
}

async function switchOn(form: HTMLFormElement): Promise<void> {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("refused");
  await navigator.serviceWorker.register("/push-worker.js");
  const worker = await navigator.serviceWorker.ready;
  // One that was made with another key, or for who was signed in before, is not taken over.
  await (await worker.pushManager.getSubscription())?.unsubscribe();
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: form.dataset.push });
  const fill = (name: string, value: string) => ((form.elements.namedItem(name) as HTMLInputElement).value = value);
  fill("address", made.endpoint);
  fill("public", base64url(made.getKey("p256dh")));
  fill("auth", base64url(made.getKey("auth")));
}

/** As the server calls it. */
async function id(address: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(address)));
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `push_${hex.slice(0, 32)}`;
}
