// Types of the host, under other names, since declarations must compile without the types of browsers and of Node.

/** The host's `AbortSignal`; where the host has no types, what this library uses of it. */
export type Signal = typeof globalThis extends { AbortSignal: { prototype: infer T } }
  ? T
  : {
      readonly aborted: boolean;
      readonly reason: unknown;
      throwIfAborted(): void;
      addEventListener(type: 'abort', listener: () => void): void;
      removeEventListener(type: 'abort', listener: () => void): void;
    };

/** The host's `URL`; where the host has no types, what this library uses of it. */
export type Url = typeof globalThis extends { URL: { prototype: infer T } } ? T : { readonly href: string };

/** The host's `HTMLElement`; where the host has no types, what this library uses of it. */
export type PageElement = typeof globalThis extends { HTMLElement: { prototype: infer T } }
  ? T
  : { replaceChildren(...nodes: never[]): void };
