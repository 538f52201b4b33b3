import type { GpuJs } from '../backends/gpu/device/gpu-js.ts';
import { type Choice, isSoftware } from './choice.ts';
import type { Wanted } from './types.ts';

type Canvas = HTMLCanvasElement | OffscreenCanvas;

/** A WebGL2 context of ours. */
export interface OpenWebGl2 {
  readonly api: 'webgl2';
  readonly gpuJs: GpuJs;
  readonly name: string;
  readonly context: WebGL2RenderingContext;
}

function newCanvas(): Canvas | null {
  if (typeof OffscreenCanvas !== 'undefined') return new OffscreenCanvas(1, 1);
  return typeof document === 'undefined' ? null : document.createElement('canvas');
}

function rendererName(context: WebGL2RenderingContext): string {
  const name = String(context.getParameter(context.RENDERER));
  // Firefox tells here, and warns of the extension; the others hide it behind this.
  if (name !== 'WebKit WebGL') return name;
  const extension = context.getExtension('WEBGL_debug_renderer_info');
  return extension === null ? name : String(context.getParameter(extension.UNMASKED_RENDERER_WEBGL));
}

/** WebGL2 here, if it can write floats: one choice or none. */
export function webgl2Choices({ adapter }: Wanted, make = newCanvas): Choice<OpenWebGl2>[] {
  if (typeof adapter !== 'string') return [];
  const canvas = make();
  const context = canvas?.getContext('webgl2', {
    alpha: false,
    depth: false,
    antialias: false,
    powerPreference: adapter === 'low-power' ? 'low-power' : 'high-performance',
  }) as WebGL2RenderingContext | null | undefined;
  if (!canvas || !context || context.getExtension('EXT_color_buffer_float') === null) return [];
  const name = rendererName(context);
  return [
    {
      api: 'webgl2',
      name,
      software: isSoftware(name),
      open: async (gpuJs) => ({ api: 'webgl2', gpuJs, name, context }),
      drop: () => context.getExtension('WEBGL_lose_context')?.loseContext(),
    },
  ];
}
