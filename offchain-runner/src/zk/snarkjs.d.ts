declare module "snarkjs" {
  /** A path, or bytes in memory. */
  type File = string | { type: "mem"; data?: Uint8Array };
  type Point = string[];
  interface Groth16Proof {
    pi_a: Point;
    pi_b: Point[];
    pi_c: Point;
    protocol: string;
    curve: string;
  }
  type Input = Record<string, string | string[]>;

  /** Elements and points as the library keeps them, one behind the other. */
  type Elements = Uint8Array;
  interface Field {
    readonly one: Elements;
    batchApplyKey(elements: Elements, first: Elements, inc: Elements): Promise<Elements>;
    batchFromMontgomery(elements: Elements): Promise<Elements>;
    ifft(elements: Elements): Promise<Elements>;
  }
  interface Group {
    readonly F: { readonly n8: number };
    readonly oneAffine: Elements;
    readonly zeroAffine: Elements;
    /** Multiplies by first, first · inc, first · inc², … */
    batchApplyKey(points: Elements, first: Elements, inc: Elements): Promise<Elements>;
    lagrangeEvaluations(points: Elements): Promise<Elements>;
  }
  interface Curve {
    readonly Fr: Field;
    readonly G1: Group;
    readonly G2: Group;
    readonly tm: { readonly instance: WebAssembly.Instance; readonly memory: WebAssembly.Memory };
  }

  const curves: { getCurveFromName(name: string, options?: { singleThread: boolean }): Promise<Curve> };
  const powersOfTau: {
    newAccumulator(curve: Curve, power: number, file: File): Promise<unknown>;
    beacon(from: File, to: File, name: string, beacon: string, iterationsExp: number): Promise<unknown>;
    preparePhase2(from: File, to: File): Promise<unknown>;
    verify(file: File): Promise<boolean>;
  };
  const zKey: {
    newZKey(r1cs: File, powers: File, key: File): Promise<Uint8Array | -1>;
    contribute(from: File, to: File, name: string, entropy: string): Promise<Uint8Array>;
    verifyFromR1cs(r1cs: File, powers: File, key: File): Promise<boolean>;
    exportVerificationKey(key: File): Promise<Record<string, unknown>>;
  };
  const wtns: { calculate(input: Input, wasm: File, witness: File): Promise<void> };
  const groth16: {
    prove(key: File, witness: File): Promise<{ proof: Groth16Proof; publicSignals: string[] }>;
    verify(key: unknown, publicSignals: readonly string[], proof: Groth16Proof): Promise<boolean>;
  };

  export type { Curve, File, Groth16Proof, Group, Input };
  export { curves, groth16, powersOfTau, wtns, zKey };
}

declare module "circom2" {
  export const bindings: Record<string, unknown>;
  export class CircomRunner {
    constructor(options: {
      args: string[];
      env: Record<string, string>;
      preopens: Record<string, string>;
      bindings: Record<string, unknown>;
    });
    execute(wasm: Uint8Array): Promise<unknown>;
  }
}
