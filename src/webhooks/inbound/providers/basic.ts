// Any sender that can log in with a name and a password: RFC 7617. The secret is `user:password`.

import type { InboundProvider } from "../provider.ts";
import { basicToken } from "../schemes.ts";
import { generic } from "./generic.ts";

export const basic: InboundProvider = { ...generic, name: "basic", schemes: [basicToken] };
