/** The part of jsfive 0.4.2 that hdf5.ts uses. The package has no types. */
declare module 'jsfive' {
  /** A message of an object header. */
  interface Message {
    get(key: 'offset_to_message'): number;
  }

  /** An object header. */
  interface DataObjects {
    /** A code such as `<f4`, or an array for types that have none. */
    readonly dtype: string | readonly unknown[];
    readonly shape: readonly number[];
    find_msg_type(type: number): readonly Message[];
    _get_data_message_properties(
      offset: number,
    ): readonly [version: number, dims: unknown, layoutClass: number, propertyOffset: number];
  }

  export class Dataset {
    readonly _dataobjects: DataObjects;
  }

  export class Group {
    readonly attrs: Readonly<Record<string, unknown>>;
    readonly _links: Readonly<Record<string, unknown>>;
    get(name: string): Group | Dataset | null;
  }

  export class File extends Group {
    constructor(file: ArrayBuffer, name: string);
  }
}
