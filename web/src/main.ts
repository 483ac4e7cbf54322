// Islands: each improves what works without it.
import { detail } from "./detail";
import { dropzones } from "./drop";
import { job } from "./job";
import { keys } from "./keys";
import { mapPictures } from "./picture";
import { menus } from "./menus";
import { passkeys } from "./passkeys";
import { printing } from "./printing";
import { push } from "./push";
import { rooms } from "./room";
import { syncing } from "./syncing";
import { themeButton } from "./theme-button";
import { zone } from "./zone";

themeButton();
keys();
menus();
dropzones();
detail();
job();
mapPictures();
printing();
zone();
rooms();
syncing();
passkeys();
push();
