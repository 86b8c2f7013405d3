// The built-in types of resources, by name.

import type { ResourceTypeName } from "../../plan.ts";
import { git } from "./git.ts";
import { mock } from "./mock.ts";
import type { ResourceType } from "./resource-type.ts";
import { time } from "./time.ts";

export const resourceTypes: Readonly<Record<ResourceTypeName, ResourceType>> = { git, time, mock };
