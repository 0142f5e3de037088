import { coverTasks } from "./cover.ts";
import { disputeTasks } from "./dispute.ts";
import { escrowTasks } from "./escrow.ts";
import { governanceTasks } from "./governance.ts";
import { hubTasks } from "./hub.ts";
import { inferenceTasks } from "./inference.ts";
import { networkTasks } from "./network.ts";
import { operatorTasks } from "./operator.ts";
import { protocolTasks } from "./protocol.ts";

export const tasks = [
  ...hubTasks,
  ...operatorTasks,
  ...escrowTasks,
  ...inferenceTasks,
  ...coverTasks,
  ...disputeTasks,
  ...networkTasks,
  ...protocolTasks,
  ...governanceTasks,
];
