// All inspections of all stations, to be searched.

import { byId } from "./dom.js";
import { openShell } from "./shell.js";
import { Results } from "./results.js";
import { t } from "./words.js";

const PAGE = 100;

openShell([[t("inspections"), "/results"]]);
const results = new Results(byId("results"), byId("search"), { filter: "all" });
results.onCount = (found) => (byId("more").hidden = found < PAGE);
byId("more").addEventListener("click", () => results.more());
results.reload();
