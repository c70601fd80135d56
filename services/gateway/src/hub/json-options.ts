import type { JsonWriteOptions } from "@bufbuild/protobuf";

/** How every door writes JSON: implicit fields too, when they are false, 0 or empty. */
export const jsonOptions: Partial<JsonWriteOptions> = { alwaysEmitImplicit: true };
