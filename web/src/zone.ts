/** Proposes the zone this browser is in, where none was said. */
export function zone(): void {
  const field = document.querySelector<HTMLInputElement>("[data-zone]");
  if (field && !field.value) field.value = Intl.DateTimeFormat().resolvedOptions().timeZone;
}
