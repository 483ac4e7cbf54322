// Runs while no page is open: shows what is pushed, and opens where it leads. It keeps nothing and fetches nothing.
interface Woken extends Event {
  waitUntil(what: Promise<unknown>): void;
}
interface Pushed extends Woken {
  data: { json(): { title: string; link: string } } | null;
}
interface Clicked extends Woken {
  notification: Notification;
}
interface Page {
  url: string;
  focus(): Promise<unknown>;
}
const worker = self as unknown as EventTarget & {
  location: Location;
  registration: ServiceWorkerRegistration;
  clients: { matchAll(which: object): Promise<Page[]>; openWindow(url: string): Promise<unknown> };
};

/** Only a page of our own. */
function ours(link: string): string {
  const url = new URL(link, worker.location.origin);
  return url.origin === worker.location.origin ? url.href : worker.location.origin;
}

worker.addEventListener("push", (event) => {
  const pushed = event as Pushed;
  const told = pushed.data?.json();
  if (!told) return;
  const link = ours(told.link);
  // A newer one of the same conversation takes the place of the older.
  const tag = link.split("#")[0];
  pushed.waitUntil(worker.registration.showNotification(told.title, { tag, data: link, renotify: true } as NotificationOptions));
});

worker.addEventListener("notificationclick", (event) => {
  const clicked = event as Clicked;
  clicked.notification.close();
  clicked.waitUntil(open(ours(String(clicked.notification.data))));
});

async function open(link: string): Promise<unknown> {
  const pages = await worker.clients.matchAll({ type: "window" });
  const page = pages.find((p) => p.url === link);
  return page ? page.focus() : worker.clients.openWindow(link);
}

export {};
