import type { Clock } from "../clock.ts";
import { JsonPost } from "./jsonPost.ts";
import { ENDPOINT_STATES, type EndpointHealth, RpcEndpoint, type RpcEndpointOptions } from "./rpcEndpoint.ts";

/** An endpoint that stands further ahead in the configuration is gone back to after so long without a failure. */
const RETURN_AFTER_MS = 60_000;

/**
 * All reads go to one endpoint, the current one, so that what is read together comes from one chain. `epoch` says which
 * one by number: what was read under two epochs may contradict itself.
 */
export class EndpointPool {
  readonly endpoints: readonly RpcEndpoint[];
  readonly #post = new JsonPost();
  readonly #onSwitch: (from: RpcEndpoint, to: RpcEndpoint) => void;
  #current: RpcEndpoint;
  #epoch = 0;

  constructor(
    urls: readonly string[],
    clock: Clock,
    options: RpcEndpointOptions,
    onSwitch: (from: RpcEndpoint, to: RpcEndpoint) => void,
  ) {
    this.endpoints = urls.map((url) => new RpcEndpoint(url, this.#post, clock, options));
    this.#current = this.endpoints[0] as RpcEndpoint;
    this.#onSwitch = onSwitch;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The endpoint to ask now: the present one while none is better, or longer up and preferred. */
  pick(): RpcEndpoint {
    const best = this.bestBut();
    if (best === undefined || best === this.#current) return this.#current;
    const [ofBest, ofCurrent] = [rank(best), rank(this.#current)];
    const isPreferred = this.endpoints.indexOf(best) < this.endpoints.indexOf(this.#current);
    const isBack = isPreferred && ofBest === 0 && best.upForMs >= RETURN_AFTER_MS;
    if (ofBest < ofCurrent || isBack) {
      const from = this.#current;
      this.#current = best;
      this.#epoch += 1;
      this.#onSwitch(from, best);
    }
    return this.#current;
  }

  /** The best endpoint that is not among `excluded`. */
  bestBut(...excluded: readonly RpcEndpoint[]): RpcEndpoint | undefined {
    const left = this.endpoints.filter((endpoint) => !excluded.includes(endpoint));
    return left.toSorted((a, b) => rank(a) - rank(b))[0];
  }

  /** Endpoints beside the current one that are in order. */
  others(): RpcEndpoint[] {
    return this.endpoints.filter((endpoint) => endpoint !== this.#current && endpoint.state === "up");
  }

  isCurrent(endpoint: RpcEndpoint): boolean {
    return endpoint === this.#current;
  }

  /** Compares the heads of all endpoints at one moment, and leaves those that fell behind. */
  async probe(signal: AbortSignal): Promise<void> {
    const heads = await Promise.all(
      this.endpoints.map((endpoint) => (endpoint.waitMs > 0 ? undefined : endpoint.probe(signal))),
    );
    const best = Math.max(...heads.filter((head) => head !== undefined));
    for (const [index, endpoint] of this.endpoints.entries())
      if (heads[index] !== undefined) endpoint.compareHead(best);
    this.pick();
  }

  health(): EndpointHealth[] {
    return this.endpoints.map((endpoint) => endpoint.health(this.isCurrent(endpoint)));
  }

  close(): void {
    this.#post.close();
  }
}

function rank({ state }: RpcEndpoint): number {
  return ENDPOINT_STATES.indexOf(state);
}
