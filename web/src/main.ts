// Islands: each improves what works without it.
import htmx from "htmx.org";
import { dropzones } from "./drop";
import { keys } from "./keys";
import { mapPictures } from "./picture";
import { menus } from "./menus";
import { themeButton } from "./theme-button";

// Pages swap parts by `hx-` attributes; nothing is evaluated, the content security policy would refuse it.
(globalThis as Record<string, unknown>).htmx = htmx;

themeButton();
keys();
menus();
dropzones();
mapPictures();
