import { createServer } from "node:net";

/** A port on the loopback interface that is free now; `wanted` where that one is. */
export async function freePort(wanted = 0): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (cause: NodeJS.ErrnoException) =>
      wanted !== 0 && cause.code === "EADDRINUSE" ? resolve(freePort()) : reject(cause),
    );
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
