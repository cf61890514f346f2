import { checkKernel } from "./kernel-check.mjs";

process.stdout.write(`${JSON.stringify(checkKernel(Number(process.argv[2])))}\n`);
