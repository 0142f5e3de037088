import { hubTasks } from "./hub.ts";
import { protocolTasks } from "./protocol.ts";

export const tasks = [...hubTasks, ...protocolTasks];
