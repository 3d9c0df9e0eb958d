// How an identity is called: by its name, as unknown, or as not to be told.

import { t } from "./words.js";

export const identityName = (identity) => (identity.problem ? t("not_told") : (identity.name ?? t("stranger")));
