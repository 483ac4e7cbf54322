/** Keys for those who look often. `?` tells them all. */
export function keys(): void {
  let went = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.shiftKey && event.key.toLowerCase() === "m" && changeMode()) return event.preventDefault();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target)) {
      // Out of the field, to where keys mean something again.
      if (event.key === "Escape") (event.target as HTMLElement).blur();
      return;
    }
    const after = went && event.timeStamp - went < 1500 ? "g" : "";
    went = 0;
    const done = act(after + event.key);
    if (event.key === "g" && !after) went = event.timeStamp;
    if (done) event.preventDefault();
  });
}

function act(keys: string): boolean {
  switch (keys) {
    case "/":
      return focus("[role=search] input");
    case "?": {
      const help = document.querySelector<HTMLDialogElement>("#help");
      help?.showModal();
      return !!help;
    }
    case "gh":
      return follow("[data-go=h]");
    case "gp":
      return follow("[data-go=p]");
    case "gc":
      return follow("[data-go=c]");
    case "gv":
      return follow("[data-go=v]");
    case "gs":
      return follow("[data-go=s]");
    case "gd":
      return follow("[data-go=d]");
    case "gi":
      return follow("[data-go=i]");
    case "n":
      return nextUnread() || press("n");
    case "m":
      return markRead();
    case "[":
      return follow("[data-step=previous]");
    case "]":
      return follow("[data-step=next]");
    case "j":
      return walk(1);
    case "k":
      return walk(-1);
    default:
      return press(keys);
  }
}

/** Does what stands on the page under a key of its own: goes into a field, or presses a button. */
function press(key: string): boolean {
  const target = document.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
  if (!target) return false;
  if (target.matches("input:not([type=radio]), select, textarea")) target.focus();
  else target.click();
  return true;
}

/** Internal note, or reply to the customer. */
function changeMode(): boolean {
  const other = document.querySelector<HTMLInputElement>(".modes input:not(:checked)");
  other?.click();
  return !!other;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));
}

function focus(selector: string): boolean {
  const field = document.querySelector<HTMLElement>(selector);
  field?.focus();
  return !!field;
}

function follow(selector: string): boolean {
  const link = document.querySelector<HTMLAnchorElement>(selector);
  link?.click();
  return !!link;
}

/** Moves the focus through the rows of the list on the page. */
function walk(by: number): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-list] a[data-row]")];
  if (!rows.length) return false;
  const at = rows.indexOf(document.activeElement as HTMLElement);
  rows[Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by))].focus();
  return true;
}

/** Marks what the focus is in as read. */
function markRead(): boolean {
  const form = document.activeElement?.closest("li")?.querySelector<HTMLFormElement>("form[data-read]");
  form?.requestSubmit();
  return !!form;
}

/** Goes to the next message that was not read yet. */
function nextUnread(): boolean {
  const unread = [...document.querySelectorAll<HTMLElement>("[data-unread] a[data-row]")];
  if (!unread.length) return false;
  const next = unread[unread.indexOf(document.activeElement as HTMLElement) + 1] ?? unread[0];
  next.focus();
  next.scrollIntoView({ block: "center" });
  return true;
}
