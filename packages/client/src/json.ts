import type { Message } from "@bufbuild/protobuf";

/**
 * The JSON of a message as every door writes it: what has no presence in the proto (`"id"`, `0`, `false`, `[]`) is always there.
 *
 * `M` is the generated message, `J` its generated JSON type, in which every field may be missing.
 */
export type Json<M, J> =
  M extends Message<string>
    ? Flatten<{ readonly [K in Implicit<M, J>]-?: Field<M, J, K> } & { readonly [K in Exclude<keyof J, Implicit<M, J>>]?: Field<M, J, K> }>
    : J;

type Flatten<T> = { [K in keyof T]: T[K] };

/** The fields that are never left out: those a message cannot be without. */
type Implicit<M, J> = { [K in keyof J]-?: K extends keyof M ? (undefined extends M[K] ? never : K) : never }[keyof J];

type Field<M, J, K extends keyof J> = K extends keyof M ? Value<NonNullable<M[K]>, NonNullable<J[K]>> : NonNullable<J[K]>;

type Value<M, J> =
  M extends Message<string>
    ? J extends string
      ? J // a timestamp or a duration
      : Json<M, J>
    : M extends readonly (infer ME)[]
      ? J extends readonly (infer JE)[]
        ? readonly Value<ME, JE>[]
        : J
      : number extends J
        ? number // a double: "NaN" and the infinities are never sent
        : J;
