// Any sender that can send `Authorization: Bearer TOKEN`: RFC 6750.

import type { InboundProvider } from "../provider.ts";
import { bearerToken } from "../schemes.ts";
import { generic } from "./generic.ts";

export const bearer: InboundProvider = { ...generic, name: "bearer", schemes: [bearerToken] };
