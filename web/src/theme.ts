// Runs before the first paint, so that a chosen theme never flashes the other one.
// What only scripts can do is hidden until this class says they run.
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be switched off: then the system's theme stays.
}
