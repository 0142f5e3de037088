import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { AlarmsConfig } from "../config.ts";
import type { Alarm, AlarmId, AlarmSeverity } from "./alarm.ts";
import type { AlarmFacts, LocalFacts } from "./alarmFacts.ts";
import { alarmsOf, LOCAL_ALARMS, localAlarms } from "./alarmRules.ts";

/** Looks at the facts every so often; says each change once, and shows what is on. */
export class AlarmBoard {
  readonly #local: () => Promise<LocalFacts>;
  readonly #read: () => Promise<AlarmFacts>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #config: AlarmsConfig;
  #alarms: readonly Alarm[] = [];
  #isBlind = false;

  constructor(
    dependencies: {
      local: () => Promise<LocalFacts>;
      read: () => Promise<AlarmFacts>;
      clock: Clock;
      logger: Logger;
    },
    config: AlarmsConfig,
  ) {
    this.#local = dependencies.local;
    this.#read = dependencies.read;
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
    this.#config = config;
  }

  /** What is on, the worst first. */
  get alarms(): readonly Alarm[] {
    return this.#alarms;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look().catch((error: unknown) => {
        // While the chain cannot be asked, what rests on it stays on.
        if (!signal.aborted && !this.#isBlind) this.#logger.warn({ err: error }, "alarms cannot be judged");
        this.#isBlind = true;
      });
      await this.#clock.sleep(this.#config.intervalSec * 1000, signal).catch(() => undefined);
    }
  }

  async look(): Promise<void> {
    // First, since reading the rest waits for endpoints.
    const local = localAlarms(await this.#local(), this.#config);
    this.#publish([...this.#alarms.filter(({ id }) => !LOCAL_ALARMS.has(id)), ...local]);
    const found = alarmsOf(await this.#read(), this.#config);
    this.#isBlind = false;
    this.#publish(found);
  }

  #publish(found: readonly Alarm[]): void {
    const before = severities(this.#alarms);
    const now = severities(found);
    for (const { id, severity, text } of found) {
      if (before.get(id) === severity) continue;
      if (severity === "critical") this.#logger.error({ alarm: id, severity, text }, "alarm");
      else this.#logger.warn({ alarm: id, severity, text }, "alarm");
    }
    for (const id of before.keys()) if (!now.has(id)) this.#logger.info({ alarm: id }, "alarm is over");
    this.#alarms = found.toSorted((a, b) => a.severity.localeCompare(b.severity) || a.id.localeCompare(b.id));
  }
}

function severities(alarms: readonly Alarm[]): Map<AlarmId, AlarmSeverity> {
  return new Map(alarms.map(({ id, severity }) => [id, severity]));
}
