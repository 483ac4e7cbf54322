// Small improvements of pages that work without them.
import { keys } from "./keys";
import { detail } from "./detail";
import { drop } from "./drop";
import { job } from "./job";
import { picture } from "./picture";
import { theme } from "./theme";

theme();
keys();
detail();
drop();
job();
picture();
