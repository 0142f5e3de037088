import { measure } from "./bench/gas/pipe.ts";
import { measure as requests } from "./bench/gas/requests.ts";
console.log(await measure());
if (process.env.ALL) console.log(await requests());
