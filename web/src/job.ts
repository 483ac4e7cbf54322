interface Status {
  state: "reading" | "keeping" | "done" | "failed";
  bytes: number;
  of_bytes: number;
  rate: number;
  seconds_left: number | null;
}

/** Follows an import until it is over, then shows what came of it. */
export function job(): void {
  const box = document.querySelector<HTMLElement>("[data-job][data-running]");
  if (!box) return;
  const bar = box.querySelector("progress");
  const part = (name: string) => box.querySelector<HTMLElement>(`[data-job-${name}]`);
  const size = (n: number) => (n < 1e6 ? `${(n / 1e3).toFixed(0)} kB` : `${(n / 1e6).toFixed(1)} MB`);
  const look = async () => {
    const answer = await fetch(`/api/v1/jobs/${box.dataset.job}`);
    if (!answer.ok) return location.reload();
    const status = (await answer.json()) as Status;
    if (status.state === "done" || status.state === "failed") return location.reload();
    if (bar) bar.value = status.of_bytes ? (status.bytes / status.of_bytes) * 100 : 0;
    part("done")!.textContent = size(status.bytes);
    part("rate")!.textContent = `${size(status.rate)}/s`;
    part("left")!.textContent = status.seconds_left ? `, about ${Math.ceil(status.seconds_left)} s left` : "";
    setTimeout(look, 250);
  };
  setTimeout(look, 150);
}
