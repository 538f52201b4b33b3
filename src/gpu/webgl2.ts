import type { GpuJs } from '../backends/gpu/device/gpu-js.ts';
import { type Candidate, isSoftware } from './adapters.ts';
import type { GpuRequest } from './types.ts';

type Canvas = HTMLCanvasElement | OffscreenCanvas;

/** A WebGL2 context that ndgrad has created. */
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
  // Firefox returns the name here and warns about the extension; other browsers need the extension.
  if (name !== 'WebKit WebGL') return name;
  const extension = context.getExtension('WEBGL_debug_renderer_info');
  return extension === null ? name : String(context.getParameter(extension.UNMASKED_RENDERER_WEBGL));
}

/** WebGL2, if it can render to float textures: one candidate or none. */
export function webgl2Candidates({ adapter }: GpuRequest, make = newCanvas): Candidate<OpenWebGl2>[] {
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
      release: () => context.getExtension('WEBGL_lose_context')?.loseContext(),
    },
  ];
}
