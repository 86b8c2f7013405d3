// Arms what it is told to, passes a fault point three times, and tells of each passage.

import { armFaultPoint, faultPoint } from "../../../../src/core/fault-point.ts";

armFaultPoint(process.argv[2] ?? "");
for (let passage = 1; passage <= 3; passage++) {
  faultPoint("before discard");
  process.stdout.write(`${String(passage)}\n`);
}
