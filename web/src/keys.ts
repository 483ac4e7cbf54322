/** Keyboard: `/` search, `?` help, `g` then p, c, i; j and k in lists; [ and ] for steps. */
export function keys(): void {
  let waitsForPlace = false;
  document.addEventListener("keydown", (event) => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, dialog")) return;
    if (waitsForPlace) {
      waitsForPlace = false;
      const places: Record<string, string> = { p: ".nav a[href^='/p/']", c: ".nav a[href$='/cases']", h: ".nav a[href='/']", i: ".nav a[href='/import']" };
      const link = places[event.key] && document.querySelector<HTMLAnchorElement>(places[event.key]);
      if (link) link.click();
      return;
    }
    switch (event.key) {
      case "/": {
        const search = document.querySelector<HTMLInputElement>(".search input, .inline input");
        if (!search) return;
        event.preventDefault();
        search.focus();
        break;
      }
      case "g":
        waitsForPlace = true;
        break;
      case "[":
      case "]":
        document.querySelector<HTMLAnchorElement>(`[data-key="${event.key}"]`)?.click();
        break;
      case "j":
      case "k": {
        const links = [...document.querySelectorAll<HTMLAnchorElement>("[data-list] tbody th a")];
        const at = links.indexOf(document.activeElement as HTMLAnchorElement);
        links[Math.max(0, Math.min(links.length - 1, at + (event.key === "j" ? 1 : -1)))]?.focus();
        break;
      }
      case "?":
        help();
        break;
    }
  });
}

function help(): void {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", "Keyboard");
  const rows = [["/", "Search"], ["g then h, p, c, i", "Processes, process, cases, import"], ["j, k", "Down and up in a list"], ["[ and ]", "Previous and next step"], ["?", "This help"]];
  const list = document.createElement("dl");
  list.className = "plain";
  for (const [key, what] of rows) {
    const row = document.createElement("div");
    const dt = document.createElement("dt");
    const dd = document.createElement("dd");
    dt.textContent = what;
    dd.textContent = key;
    row.append(dt, dd);
    list.append(row);
  }
  const close = document.createElement("button");
  close.className = "btn";
  close.textContent = "Close";
  close.addEventListener("click", () => dialog.close());
  dialog.append(list, close);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
