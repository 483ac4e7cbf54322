/** Writing a post: how long each channel finds it, and how it looks there, while it is written. The server counts the same way. */
export function share(): void {
  const form = document.querySelector<HTMLFormElement>("form[data-share]");
  const post = form?.querySelector<HTMLTextAreaElement>("[data-post]");
  if (!form || !post) return;
  const channels = [...form.querySelectorAll<HTMLElement>("[data-channel]")];
  const renew = () => channels.forEach((channel) => look(channel, post.value.trim()));
  form.addEventListener("input", renew);
  form.addEventListener("change", renew);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  renew();
}

function look(channel: HTMLElement, post: string): void {
  const find = <T extends HTMLElement>(name: string) => channel.querySelector<T>(name)!;
  const text = find<HTMLTextAreaElement>("[data-own]").value.trim() || post;
  const longest = Number(channel.dataset.longest);
  const long = length(text, channel.dataset.channel!);
  const told = find("[data-length]");
  told.textContent = `${long} of ${longest} characters${long > longest ? ": too long" : ""}`;
  told.classList.toggle("is-over", long > longest);
  find("[data-words]").textContent = text;
  find("[data-preview]").toggleAttribute("hidden", !find<HTMLInputElement>("input").checked);
}

const LINK = 23;

function length(text: string, counts: string): number {
  const pieces = text.match(/\S+|\s+/g) ?? [];
  return pieces.reduce((sum, piece) => sum + ofPiece(piece, counts), 0);
}

function ofPiece(piece: string, counts: string): number {
  const isLink = /^https?:\/\/./.test(piece);
  if (counts !== "characters" && isLink) return LINK;
  const name = counts === "mastodon" ? (/^(@[^@]*)@/.exec(piece)?.[1] ?? piece) : piece;
  const weight = counts === "x" ? ofX : () => 1;
  return [...name].reduce((sum, c) => sum + weight(c.codePointAt(0)!), 0);
}

function ofX(c: number): number {
  return c <= 4351 || (c >= 8192 && c <= 8205) || (c >= 8208 && c <= 8223) || (c >= 8242 && c <= 8247) ? 1 : 2;
}
