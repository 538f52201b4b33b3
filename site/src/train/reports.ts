import type { Progress } from '../digits/load.ts';
import type { Configuration } from './configuration.ts';

// What the training worker tells the page besides the events of `fit`, over a channel of its own.

/** A test digit that the network gets wrong. */
export interface Mistake {
  readonly label: number;
  readonly predicted: number;
  /** The probability that the network gives to its answer. */
  readonly confidence: number;
}

/** The values of a tensor. */
export interface Values {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

export type Report =
  /** Digits are being loaded. */
  | ({ readonly kind: 'loading' } & Progress)
  /** Training begins, on so many shards. */
  | {
      readonly kind: 'prepared';
      readonly shards: number;
      readonly threads: number;
      readonly backend: string;
      readonly plan: string;
    }
  /** After an epoch, on the test digits. */
  | {
      readonly kind: 'evaluated';
      /** Rows are true classes, columns predicted ones. */
      readonly confusion: readonly (readonly number[])[];
      /** The mistakes that the network is most sure of. */
      readonly mistakes: readonly Mistake[];
      /** Their pixels, 784 each. */
      readonly images: Uint8Array;
    }
  | {
      readonly kind: 'first layer';
      /** The kernel: [784, units] or [rows, columns, 1, filters]. */
      readonly weights: Values;
      /** What the layer gives for a test digit: [1, units] or [1, rows, columns, filters]. */
      readonly outputs: Values;
      readonly digit: {
        /** 784 pixels. */
        readonly image: Uint8Array;
        readonly label: number;
        /** The probability that the network gives to each class. */
        readonly probabilities: Float32Array;
      };
    }
  /** The plan of a training step, and the mean time of each kernel. */
  | {
      readonly kind: 'kernel times';
      readonly plan: string;
      readonly kernels: readonly {
        readonly name: string;
        readonly shape: readonly number[];
        readonly milliseconds: number;
      }[];
    }
  /** What `diagnostics` has found. */
  | { readonly kind: 'warning'; readonly text: string };

/** What the page asks for over the channel. */
export type Question =
  /** To begin with the digits that are loaded. */
  | { readonly kind: 'begin' }
  /** The first layer as it is now, and its output for a test digit. */
  | { readonly kind: 'first layer'; readonly place: number }
  /** To measure the kernels of the next training steps. */
  | { readonly kind: 'kernel times' };

/** The message of `trainInWorker`. */
export interface TrainingMessage {
  readonly configuration: Configuration;
  /** The folder of the digits. */
  readonly digits: string;
  /** The folder of the browser's file system for checkpoints; null for a training without. */
  readonly checkpoints: string | null;
  /** Whether to go on from a checkpoint that is there. */
  readonly resume: boolean;
}
