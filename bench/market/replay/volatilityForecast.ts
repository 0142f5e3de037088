import { fileURLToPath } from "node:url";
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { Forecast } from "./replay.ts";

const MODEL: string = fileURLToPath(new URL("../../../models/eth-volatility-1h/model.onnx", import.meta.url));

/** The shipped model, run by onnxruntime as the node does. */
export async function volatilityForecast(): Promise<Forecast> {
  const session = await InferenceSession.create(MODEL, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  return async (input) => {
    const { volatility } = await session.run({ candles: new Tensor("float32", input, [1, 24, 4]) });
    return Number(volatility?.data[0]);
  };
}
